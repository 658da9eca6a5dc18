# find_package(procession) gives the target procession::procession.
include(CMakeFindDependencyMacro)

# CAF is found by the module that stands next to this file.
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_dependency(Threads)
find_dependency(CAF 0.17.6)
list(POP_FRONT CMAKE_MODULE_PATH)

include(${CMAKE_CURRENT_LIST_DIR}/procession-targets.cmake)
