# libinfer.a: all objects of the library as one, of which infer_* alone can be seen. A program links one file, whatever the
# library is made of, and no name of ours or of what we use (nlohmann, templates of the C++ library) meets one of its own.
# GNU ld and objcopy can do that; elsewhere, and under sanitizers, there is no such archive.
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR INFER_SANITIZE OR NOT CMAKE_OBJCOPY)
  message(STATUS "libinfer::static: left out (needs GCC and binutils on Linux, no sanitizer)")
  return()
endif()

# The objects of the shared library, linked but kept relocatable. Groups of equal functions are dissolved: a linker that has
# seen a program's own copy would throw away ours, which our hidden names refer to.
add_executable(infer_objects $<TARGET_OBJECTS:infer_api>)
set_target_properties(infer_objects PROPERTIES OUTPUT_NAME infer_all.o LINKER_LANGUAGE CXX
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/static)
list(TRANSFORM INFER_BACKENDS PREPEND infer_backend_ OUTPUT_VARIABLE backends)
target_link_libraries(infer_objects PRIVATE infer_engine infer_tools ${backends})
target_link_options(infer_objects PRIVATE -r -nostdlib -Wl,--force-group-allocation)
set(object ${CMAKE_CURRENT_BINARY_DIR}/static/infer.o)
add_custom_command(OUTPUT ${object} DEPENDS infer_objects VERBATIM WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/static
  # objcopy hides what is global or weak, not what is unique: so that becomes weak first.
  COMMAND sh -c "\"$1\" --defined-only \"$2\" | awk '$2 == \"u\" {print $3}' >unique" sh ${CMAKE_NM} $<TARGET_FILE:infer_objects>
  COMMAND ${CMAKE_OBJCOPY} --weaken-symbols=unique $<TARGET_FILE:infer_objects> ${object}
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden --wildcard --keep-global-symbol=infer_* --strip-debug --remove-section=.comment ${object})

add_library(infer_archive STATIC ${object})
set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
# C: a program in C links it without a C++ compiler; the C++ runtime is named like any other library. (Threads and dl are in
# the C library since glibc 2.34; before, they are these. -l: a bare name would be a target's where there is one.)
set_target_properties(infer_archive PROPERTIES OUTPUT_NAME infer EXPORT_NAME static LINKER_LANGUAGE C
  INTERFACE_LINK_LIBRARIES "-lstdc++;-lm;-lpthread;-ldl" INTERFACE_COMPILE_DEFINITIONS INFER_STATIC)
target_include_directories(infer_archive INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
