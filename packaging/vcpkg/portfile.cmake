# An overlay port of the tree that it lies in: vcpkg install libinfer --overlay-ports=packaging/vcpkg
# Not run by vcpkg so far, which no registry at hand has: tests/packages/vcpkg.sh runs it with stand-ins for vcpkg's functions.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../.." ABSOLUTE)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DINFER_TESTS=OFF
    -DINFER_TOOLS=OFF
    -DINFER_VULKAN=OFF
    -DINFER_CUDA=OFF
    # The build looks for nlohmann/json.hpp and xxhash.h where the compiler does.
    "-DCMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES=${CURRENT_INSTALLED_DIR}/include"
)
vcpkg_cmake_install()

# Both libraries are built, where they can be; a triplet takes one of them.
if(VCPKG_LIBRARY_LINKAGE STREQUAL "static" AND NOT EXISTS "${CURRENT_PACKAGES_DIR}/lib/libinfer.a")
  message(FATAL_ERROR "libinfer.a needs GCC and binutils on Linux: take a dynamic triplet")
endif()
if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")
  set(other libinfer.so)
  set(targets Shared)
else()
  set(other libinfer.a)
  set(targets Static)
endif()
foreach(folder "${CURRENT_PACKAGES_DIR}" "${CURRENT_PACKAGES_DIR}/debug")
  file(GLOB files "${folder}/lib/${other}*" "${folder}/lib/cmake/libinfer/libinfer${targets}Targets*.cmake")
  if(files)
    file(REMOVE ${files})
  endif()
endforeach()

vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/libinfer)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE" "${SOURCE_PATH}/packaging/debian/copyright")
