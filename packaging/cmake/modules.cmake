# How a folder becomes a target, and the flags that all targets share.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# Flags of our own code. Contraction is off: a*b+c gives the same bits in every function that computes it,
# whichever way the compiler inlined it; kernels that want fused multiply-add say so.
add_library(infer_flags INTERFACE)
target_include_directories(infer_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR})
target_compile_definitions(infer_flags INTERFACE INFER_BUILDING $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_compile_options(infer_flags INTERFACE -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wvla $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<BOOL:${INFER_WERROR}>:-Werror>)
if(INFER_SANITIZE)
  # Not: a test of every pointer before its use, which doubles the code (and a null pointer is seen anyway).
  add_compile_options(-fsanitize=${INFER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -fno-sanitize=null,object-size,vptr)
  add_link_options(-fsanitize=${INFER_SANITIZE})
endif()
if(INFER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
link_libraries(Threads::Threads)

# Header-only libraries for a cross compiler that does not look into /usr/include (where the machine's own C headers are, too).
if(WIN32)
  foreach(header nlohmann/json.hpp CLI/CLI.hpp doctest/doctest.h)
    cmake_path(GET header PARENT_PATH folder)
    find_path(INCLUDE_${folder} ${header} PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/third_party)
    file(CREATE_LINK ${INCLUDE_${folder}}/${folder} ${CMAKE_BINARY_DIR}/third_party/${folder} SYMBOLIC)
  endforeach()
  find_file(XXHASH_HEADER xxhash.h PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  file(CREATE_LINK ${XXHASH_HEADER} ${CMAKE_BINARY_DIR}/third_party/xxhash.h SYMBOLIC)
  include_directories(SYSTEM ${CMAKE_BINARY_DIR}/third_party)
endif()

# infer_module(NAME [DEPENDS target...]): the .cc files of this folder as the static library infer_NAME.
# The link edges are the architecture's edges; tests/unit/structure compares them with the #includes.
function(infer_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(kind PUBLIC)
  if(sources)
    add_library(infer_${name} STATIC ${sources})
  else()
    add_library(infer_${name} INTERFACE)
    set(kind INTERFACE)
  endif()
  target_link_libraries(infer_${name} ${kind} infer_flags)
  foreach(dep ${ARG_DEPENDS})
    target_link_libraries(infer_${name} ${kind} infer_${dep})
  endforeach()
endfunction()

# infer_small(NAME [EXCEPT file...]): a module's files are compiled for size: in a release they would be a fifth of the library.
function(infer_small name)
  cmake_parse_arguments(ARG "" "" "EXCEPT" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(TRANSFORM ARG_EXCEPT PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(REMOVE_ITEM files ${ARG_EXCEPT} "")
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT INFER_FUZZ)
    set_source_files_properties(${files} TARGET_DIRECTORY infer_${name} PROPERTIES COMPILE_OPTIONS -Os)
  endif()
endfunction()

# infer_plain(TARGET): what is tested is optimised and looked through by sanitizers; the code that asks and compares, which
# is more than that, is less optimised, and of what it does addresses alone are looked at: it compiles in half the time.
function(infer_plain target)
  if(INFER_SANITIZE)
    target_compile_options(${target} PRIVATE -O0 -fno-sanitize=undefined)
  else()
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
endfunction()

# infer_test(NAME SOURCES... LINK target...): one doctest program, one ctest entry.
function(infer_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT TARGET infer_test_main)
    add_library(infer_test_main OBJECT ${PROJECT_SOURCE_DIR}/tests/unit/main.cc ${PROJECT_SOURCE_DIR}/tests/sanitizer_options.cc)
    target_link_libraries(infer_test_main PRIVATE infer_flags)
  endif()
  add_executable(${name} ${ARG_SOURCES} $<TARGET_OBJECTS:infer_test_main>)
  target_link_libraries(${name} PRIVATE infer_flags ${ARG_LINK})
  infer_plain(${name})
  target_compile_definitions(${name} PRIVATE INFER_SOURCE_DIR="${PROJECT_SOURCE_DIR}" INFER_BINARY_DIR="${PROJECT_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${name}>)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS "${ARG_LABELS}")
endfunction()

# infer_backend(NAME [FOLDER lib/libinfer]): the .cc files of this folder as the static library infer_backend_NAME (entry
# infer_backend_NAME_v0, for INFER_BACKENDS) and as the plugin libinfer-NAME.so (entry infer_backend_v0).
function(infer_backend name)
  cmake_parse_arguments(ARG "" "FOLDER" "" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER lib/libinfer)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_library(infer_backend_${name} STATIC ${sources})
  target_link_libraries(infer_backend_${name} PUBLIC infer_flags infer_quant)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/plugin.gen.cc CONTENT
    "#include <libinfer/backend.h>\nextern \"C\" const infer_backend *infer_backend_${name}_v0(const infer_host *);\nextern \"C\" INFER_API const infer_backend *infer_backend_v0(const infer_host *host) { return infer_backend_${name}_v0(host); }\n")
  add_library(infer_plugin_${name} MODULE ${CMAKE_CURRENT_BINARY_DIR}/plugin.gen.cc)
  target_link_libraries(infer_plugin_${name} PRIVATE infer_backend_${name})
  set_target_properties(infer_plugin_${name} PROPERTIES PREFIX "lib" OUTPUT_NAME infer-${name}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${ARG_FOLDER})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${ARG_FOLDER}/libinfer-${name}.json CONTENT
    "{\"name\": \"${name}\", \"library\": \"libinfer-${name}${CMAKE_SHARED_MODULE_SUFFIX}\", \"abi_major\": 0, \"abi_minor\": 2, \"arch\": \"${CMAKE_SYSTEM_PROCESSOR}\", \"version\": \"${PROJECT_VERSION}\"}\n")
  if(ARG_FOLDER STREQUAL "lib/libinfer")
    set_property(GLOBAL APPEND PROPERTY INFER_PLUGINS ${name}) # packaging/cmake/install.cmake
  endif()
  if(NOT WIN32)
    target_link_options(infer_plugin_${name} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/backends/common/plugin.map -Wl,--gc-sections -Wl,-z,noexecstack)
  endif()
  if(INFER_STATIC_RUNTIME AND NOT INFER_SANITIZE)
    target_link_options(infer_plugin_${name} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()
