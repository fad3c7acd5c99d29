# Debian packages by CPack: libinfer1, libinfer-dev, libinfer-tools, of the components of install.cmake. Debian's folders are
# chosen when configuring (preset deb: prefix /usr, so lib/x86_64-linux-gnu); `./dev packages` builds, checks and installs them.
if(NOT TARGET infer_tool OR NOT TARGET infer_archive OR NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  return()
endif()
set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(packages libinfer1 libinfer-dev libinfer-tools)
set(components runtime dev tools)

# What each package carries beside the files themselves; not part of a plain `cmake --install`.
find_program(GZIP gzip REQUIRED)
foreach(file changelog infer.1)
  execute_process(COMMAND ${GZIP} -9nc ${debian}/${file} OUTPUT_FILE ${CMAKE_CURRENT_BINARY_DIR}/${file}.gz COMMAND_ERROR_IS_FATAL ANY)
endforeach()
foreach(package component IN ZIP_LISTS packages components)
  install(FILES ${debian}/copyright DESTINATION share/doc/${package} COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz DESTINATION share/doc/${package} RENAME changelog.Debian.gz
    COMPONENT ${component} EXCLUDE_FROM_ALL)
  string(TOUPPER ${component} name)
  set(CPACK_DEBIAN_${name}_PACKAGE_NAME ${package})
endforeach()
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/infer.1.gz DESTINATION share/man/man1 COMPONENT tools EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "libinfer maintainers <maintainers@libinfer.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# Dependencies are read from the files; those of a package of ours on another are of the same version.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_COMPONENT_DEV_DEPENDS runtime)
set(CPACK_COMPONENT_TOOLS_DEPENDS runtime)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${debian}/symbols;${debian}/triggers)
# libinfer.a needs the C++ library of the compiler that made it, or a newer one.
string(REGEX MATCH "^[0-9]+" gcc ${CMAKE_CXX_COMPILER_VERSION})
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libc6-dev, libstdc++-${gcc}-dev | libstdc++-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "pkg-config, cmake")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS libvulkan1)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package's own first line
set(about "libinfer runs language models from GGUF files inside of a program, on
the processor or GPU at hand. It never ends its process, prints or
reads the environment: every failure is a status and a sentence that
says what to do.

This package has")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "inference of language models, shared library\n${about} the library and its plugins.")
set(CPACK_DEBIAN_DEV_DESCRIPTION "inference of language models, headers and static library\n${about} what programs in C and C++ are built with.")
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "inference of language models, command line\n${about} a program that answers, chats, measures and inspects.")
include(CPack)
