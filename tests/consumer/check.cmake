# Installs the build tree BUILD into a fresh prefix; configures, builds and runs
# the project next to this file against it.
set(prefix ${BUILD}/consumer/prefix)
set(out ${BUILD}/consumer/build)
file(REMOVE_RECURSE ${BUILD}/consumer)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(SANITIZE)
  # A program has to be linked like the library it links.
  set(flags -D CMAKE_CXX_FLAGS=-fsanitize=${SANITIZE})
endif()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix} --config ${CONFIG})
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${out} -G Ninja
  -D CMAKE_PREFIX_PATH=${prefix} -D CAF_ROOT=${CAF_ROOT} ${flags})
run(${CMAKE_COMMAND} --build ${out})
run(${out}/consumer)
