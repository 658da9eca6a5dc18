# Installs the build tree BUILD into a fresh prefix; configures, builds and runs
# the project next to this file against it.
set(prefix ${BUILD}/consumer/prefix)
set(out ${BUILD}/consumer/build)
file(REMOVE_RECURSE ${BUILD}/consumer)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix} --config ${CONFIG})
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${out} -G Ninja
  -D CMAKE_PREFIX_PATH=${prefix} -D CAF_ROOT=${CAF_ROOT}
  "-DCMAKE_CXX_FLAGS=${FLAGS}")
run(${CMAKE_COMMAND} --build ${out})
run(${out}/consumer)

# The same by pkg-config, as for make and meson.
execute_process(COMMAND ${CMAKE_COMMAND} -E env
  PKG_CONFIG_PATH=${prefix}/${LIBDIR}/pkgconfig
  pkg-config --cflags --libs procession
  OUTPUT_VARIABLE flags_of_package OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags_of_package UNIX_COMMAND "${flags_of_package}")
if(CAF_ROOT)
  list(PREPEND flags_of_package -I${CAF_ROOT}/include -L${CAF_ROOT}/lib
    -Wl,-rpath,${CAF_ROOT}/lib)
endif()
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
run(${COMPILER} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/main.cpp
  -o ${out}/by_pkg_config ${flags} ${flags_of_package})
run(${out}/by_pkg_config)
