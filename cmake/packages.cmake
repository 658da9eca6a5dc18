# The Debian packages that cpack builds from a build with shared libraries and the
# prefix /usr (preset `package`): the library, the files that a project needs to build
# with it, and the programs.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME procession)
set(CPACK_PACKAGE_VENDOR "The Procession authors")
# Set this if you distribute the packages: the default address is not read.
set(PROCESSION_MAINTAINER "${CPACK_PACKAGE_VENDOR} <procession@packages.invalid>"
  CACHE STRING "Name and address that Debian packages carry")
set(CPACK_PACKAGE_CONTACT ${PROCESSION_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE
  OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian-files.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL library development programs)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# dpkg-shlibdeps reads the dependencies of each package from its files, those on the
# library by its soname.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS library)
set(CPACK_COMPONENT_PROGRAMS_DEPENDS library)

get_target_property(soversion procession SOVERSION)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libprocession${soversion})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
file(WRITE ${PROJECT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/triggers)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
  "Runs processes on terminals and pipes as actors of CAF: output in order and
without loss, the end reported exactly once, and no process left behind.
.
This is the shared library.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libprocession-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS libcaf-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS libboost-dev)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
  "The headers, the CMake package and the pkg-config file of the library.")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME procession)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION utils)
set(CPACK_COMPONENT_PROGRAMS_DESCRIPTION
  "Runs commands and leaves no process behind: the command line procession, the
runner for other users and machines, and a server of the Model Context Protocol
for agents.")

# For debian-files.cmake.
set(CPACK_PROCESSION_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
include(CPack)
