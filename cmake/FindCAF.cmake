# Finds CAF, the C++ Actor Framework: 1.1 or later by its own CMake package, or
# 0.17.6 from Debian's libcaf-dev, which has no CMake package. The versions between
# have other interfaces. If CMAKE_PREFIX_PATH contains a newer one, that one is taken.
#
# Targets: CAF::core, CAF::io, and CAF::openssl where CAF was built with it.
# CAF_ROOT (CMake variable): if set, the only place to look in. With a fallback to the
# system's CAF, a sanitizer build could quietly use a CAF that is not instrumented.

if(CAF_ROOT)
  set(_caf_where PATHS ${CAF_ROOT} NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
endif()

include(FindPackageHandleStandardArgs)
find_package(CAF 1.1 CONFIG QUIET COMPONENTS core io ${_caf_where})
if(CAF_CONFIG)
  find_package_handle_standard_args(CAF CONFIG_MODE)
  return()
endif()

find_path(CAF_INCLUDE_DIR caf/all.hpp ${_caf_where} PATH_SUFFIXES include)
foreach(module core io openssl)
  find_library(CAF_${module}_LIBRARY NAMES caf_${module} caf_${module}_static
    ${_caf_where}
    PATH_SUFFIXES lib lib64 lib/${CMAKE_LIBRARY_ARCHITECTURE})
  mark_as_advanced(CAF_${module}_LIBRARY)
endforeach()
mark_as_advanced(CAF_INCLUDE_DIR)

# CAF_VERSION is 10000 * major + 100 * minor + patch.
if(EXISTS "${CAF_INCLUDE_DIR}/caf/config.hpp")
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" _caf_line
    REGEX "^#define CAF_VERSION [0-9]+$")
  string(REGEX MATCH "[0-9]+$" _caf_number "${_caf_line}")
  math(EXPR _caf_major "${_caf_number} / 10000")
  math(EXPR _caf_minor "${_caf_number} / 100 % 100")
  math(EXPR _caf_patch "${_caf_number} % 100")
  set(CAF_VERSION ${_caf_major}.${_caf_minor}.${_caf_patch})
endif()

set(CAF_VERSION_MAJOR ${_caf_major})
if(CAF_VERSION VERSION_GREATER_EQUAL 0.18)
  set(CAF_core_LIBRARY CAF_core_LIBRARY-NOTFOUND)
  set(_caf_reason "CAF ${CAF_VERSION} is neither 0.17 nor 1.1 or later")
endif()
find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_core_LIBRARY CAF_io_LIBRARY CAF_INCLUDE_DIR
  VERSION_VAR CAF_VERSION REASON_FAILURE_MESSAGE "${_caf_reason}")

if(CAF_FOUND AND NOT TARGET CAF::core)
  find_package(Threads REQUIRED)
  foreach(module core io openssl)
    if(CAF_${module}_LIBRARY)
      add_library(CAF::${module} UNKNOWN IMPORTED)
      set_target_properties(CAF::${module} PROPERTIES
        IMPORTED_LOCATION "${CAF_${module}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}")
    endif()
  endforeach()
  target_link_libraries(CAF::core INTERFACE Threads::Threads)
  target_link_libraries(CAF::io INTERFACE CAF::core)
  if(WIN32)
    target_link_libraries(CAF::core INTERFACE iphlpapi psapi ws2_32)
  endif()
  if(TARGET CAF::openssl)
    target_link_libraries(CAF::openssl INTERFACE CAF::io)
  endif()
endif()
