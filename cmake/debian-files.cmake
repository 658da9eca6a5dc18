# Run by cpack before it packs: gives each package the copyright file and the
# changelog that Debian's policy demands, and compresses the files that it wants
# compressed.
string(TIMESTAMP today "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr/share)
  string(TOUPPER ${component} name)
  set(about ${share}/doc/${CPACK_DEBIAN_${name}_PACKAGE_NAME})
  configure_file(${CPACK_PROCESSION_LICENSE} ${about}/copyright COPYONLY)
  file(WRITE ${about}/changelog
    "${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
    "  * Release ${CPACK_PACKAGE_VERSION}.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${today}\n")
  file(GLOB pages ${share}/man/man*/*.[1-9])
  execute_process(COMMAND gzip -9n ${about}/changelog ${pages}
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
