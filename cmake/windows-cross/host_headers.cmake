# host_headers(TARGET NAME... [LINK LIBRARY...] [DEFINE MACRO...]): adds an interface
# target for a header-only library in /usr/include/NAME... of the machine that
# compiles. It uses symbolic links: /usr/include itself on the include path would
# bring in the machine's own C library.
function(host_headers target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK;DEFINE")
  set(directory ${PROJECT_BINARY_DIR}/host-headers)
  file(MAKE_DIRECTORY ${directory})
  foreach(name IN LISTS arg_UNPARSED_ARGUMENTS)
    if(NOT EXISTS /usr/include/${name})
      message(FATAL_ERROR "/usr/include/${name} is missing")
    endif()
    file(CREATE_LINK /usr/include/${name} ${directory}/${name} SYMBOLIC)
  endforeach()
  if(NOT TARGET ${target})
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} SYSTEM INTERFACE ${directory})
    target_link_libraries(${target} INTERFACE ${arg_LINK})
    target_compile_definitions(${target} INTERFACE ${arg_DEFINE})
  endif()
endfunction()
