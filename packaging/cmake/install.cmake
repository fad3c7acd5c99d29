# What is installed: the library, its plugins, the public headers, the tool, a CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)
if(NOT TARGET infer)
  return()
endif()
# The shared library carries all it was made of: who links it links nothing else.
set_property(TARGET infer PROPERTY INTERFACE_LINK_LIBRARIES "")
install(TARGETS infer EXPORT libinfer
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/libinfer DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
if(TARGET infer_tool)
  install(TARGETS infer_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(EXPORT libinfer NAMESPACE libinfer:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/libinfer FILE libinferTargets.cmake)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/libinferConfig.cmake "include(\${CMAKE_CURRENT_LIST_DIR}/libinferTargets.cmake)\n")
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/libinferConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libinferConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/libinferConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/libinfer)
configure_file(packaging/cmake/libinfer.pc.in libinfer.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libinfer.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
