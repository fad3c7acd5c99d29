# libinfer::libinfer is the shared library, libinfer::static the archive. A package may have left one of them out: where there
# is no shared library, both are the archive.
include(${CMAKE_CURRENT_LIST_DIR}/libinferSharedTargets.cmake OPTIONAL)
include(${CMAKE_CURRENT_LIST_DIR}/libinferStaticTargets.cmake OPTIONAL)
if(NOT TARGET libinfer::libinfer)
  add_library(libinfer::libinfer INTERFACE IMPORTED)
  target_link_libraries(libinfer::libinfer INTERFACE libinfer::static)
endif()
