# Cross-compiles for 64-bit Windows with Debian's mingw-w64 and runs the programs
# under Wine. Only the posix variant of the compiler has std::thread.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(_target x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${_target}-gcc-posix)
set(CMAKE_CXX_COMPILER ${_target}-g++-posix)
set(CMAKE_RC_COMPILER ${_target}-windres)

# Of the machine that compiles, only programs may be found.
set(CMAKE_FIND_ROOT_PATH /usr/${_target})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Windows 10 1809, the first release with pseudoconsoles: mingw-w64 declares them
# only from that NTDDI_VERSION on.
add_compile_definitions(_WIN32_WINNT=0x0A00 WINVER=0x0A00
  NTDDI_VERSION=0x0A000006)

# CAF 0.17.6 uses uint64_t without including it, and g++ 13 and later insist.
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include cstdint>")

# The runtime libraries are linked statically, as Windows does not have them.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)

set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/under-wine)

# Header-only libraries are taken from the machine that compiles.
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}/windows-cross)
