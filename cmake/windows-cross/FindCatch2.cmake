include(${CMAKE_CURRENT_LIST_DIR}/host_headers.cmake)
# Catch2 2 is header-only; 3 is a library, built by cmake/build-for-windows.
if(CATCH2_ROOT)
  find_package(Catch2 3 CONFIG REQUIRED PATHS ${CATCH2_ROOT} NO_DEFAULT_PATH
    NO_CMAKE_FIND_ROOT_PATH)
else()
  host_headers(Catch2::Catch2 catch2)
  # Debian installs Catch.cmake there.
  list(APPEND CMAKE_MODULE_PATH /usr/lib/cmake/Catch2)
  set(Catch2_FOUND TRUE)
endif()
