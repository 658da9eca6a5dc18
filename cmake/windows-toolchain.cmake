# Cross-compiles for 64-bit Windows with Debian's mingw-w64 and runs what it
# made under Wine. The posix variant of the compiler is the one with
# std::thread.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(_target x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${_target}-gcc-posix)
set(CMAKE_CXX_COMPILER ${_target}-g++-posix)
set(CMAKE_RC_COMPILER ${_target}-windres)

# Nothing of the system that compiles may be found but what runs there.
set(CMAKE_FIND_ROOT_PATH /usr/${_target})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Windows 10 1809, the first one with pseudoconsoles: mingw-w64 declares them
# for NTDDI_VERSION of that release only.
add_compile_definitions(_WIN32_WINNT=0x0A00 WINVER=0x0A00
  NTDDI_VERSION=0x0A000006)

# The programs carry their runtime libraries inside, as no Windows has them.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)

set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/under-wine)

# Libraries that are headers only are those of the machine that compiles.
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}/windows-cross)
