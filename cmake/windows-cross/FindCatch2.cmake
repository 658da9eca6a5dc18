include(${CMAKE_CURRENT_LIST_DIR}/host_headers.cmake)
host_headers(Catch2::Catch2 catch2)
# Where Debian has Catch.cmake.
list(APPEND CMAKE_MODULE_PATH /usr/lib/cmake/Catch2)
set(Catch2_FOUND TRUE)
