# Installs the official MCP client, as locked next to this file, into the build
# tree BUILD and lets it drive BIN/procession-mcp of the source tree SOURCE.
set(dir ${BUILD}/mcp)
file(MAKE_DIRECTORY ${dir})
file(GLOB files ${CMAKE_CURRENT_LIST_DIR}/*.mjs ${CMAKE_CURRENT_LIST_DIR}/*.json)
file(COPY ${files} DESTINATION ${dir})

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT WORKING_DIRECTORY ${dir}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Only missing packages come from the registry.
file(SHA256 ${dir}/package-lock.json wanted)
set(mark ${dir}/node_modules/.wanted)
set(installed "")
if(EXISTS ${mark})
  file(READ ${mark} installed)
endif()
if(NOT installed STREQUAL wanted)
  run(npm ci --ignore-scripts --no-audit --no-fund --prefer-offline)
  file(WRITE ${mark} ${wanted})
endif()

set(ENV{PROCESSION_SOURCE} ${SOURCE})
set(ENV{PROCESSION_BIN} ${BIN})
file(GLOB tests ${dir}/*.test.mjs)
run(node --test ${tests})
