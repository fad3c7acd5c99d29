# What is installed, by component: runtime (the library, its plugins), dev (headers, libinfer.a, a CMake package, a pkg-config
# file), tools (the command line tool). packaging/cmake/deb.cmake makes a package of each.
include(CMakePackageConfigHelpers)
if(NOT TARGET infer)
  return()
endif()
include(packaging/cmake/static.cmake)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/libinfer)

# The shared library carries all it was made of: who links it links nothing else.
set_target_properties(infer PROPERTIES INTERFACE_LINK_LIBRARIES "" EXPORT_NAME libinfer)
install(TARGETS infer EXPORT shared
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
if(TARGET infer_archive)
  install(TARGETS infer_archive EXPORT static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
endif()
# Of the plugins those that are not linked into the library already; it looks for them in the folder libinfer beside itself.
get_property(plugins GLOBAL PROPERTY INFER_PLUGINS)
list(REMOVE_ITEM plugins ${INFER_BACKENDS})
foreach(backend ${plugins})
  install(TARGETS infer_plugin_${backend} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/libinfer COMPONENT runtime)
  install(FILES ${CMAKE_BINARY_DIR}/lib/libinfer/libinfer-${backend}.json
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/libinfer COMPONENT runtime)
endforeach()
if(TARGET infer_tool)
  install(TARGETS infer_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
endif()

install(DIRECTORY include/libinfer DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(EXPORT shared NAMESPACE libinfer:: DESTINATION ${config} FILE libinferSharedTargets.cmake COMPONENT dev)
if(TARGET infer_archive)
  install(EXPORT static NAMESPACE libinfer:: DESTINATION ${config} FILE libinferStaticTargets.cmake COMPONENT dev)
endif()
configure_file(packaging/cmake/libinferConfig.cmake libinferConfig.cmake COPYONLY)
# Any newer version will do, 1.0 for 0.1 too: infer.h is only appended to, and a break would be a library of another name.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/libinferConfigVersion.cmake COMPATIBILITY AnyNewerVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libinferConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/libinferConfigVersion.cmake
  DESTINATION ${config} COMPONENT dev)
# From the folder of libinfer.pc to the prefix, so that the tree can be moved: lib/pkgconfig, or lib/x86_64-linux-gnu/pkgconfig.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE up)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE headers)
configure_file(packaging/cmake/libinfer.pc.in libinfer.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libinfer.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)

# The same names for who adds this tree to their own (add_subdirectory, FetchContent).
add_library(libinfer::libinfer ALIAS infer)
if(TARGET infer_archive)
  add_library(libinfer::static ALIAS infer_archive)
endif()
