# Tests, fuzzers and benches, found by name beside the code and under tests/ and bench/.
include(GoogleTest)

# tests/support/: what several tests share (included as "support/x.h"). It names no rooms: whoever links it brings
# those it uses, and a broken room stops only its own tests.
file(GLOB_RECURSE support_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/support/*.cc")
list(FILTER support_sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
if(support_sources)
  add_library(stele_test_support STATIC EXCLUDE_FROM_ALL ${support_sources})
  target_link_libraries(stele_test_support PRIVATE stele_flags stele_boost fmt::fmt)
  target_include_directories(stele_test_support PUBLIC "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/tests")
  set_target_properties(stele_test_support PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
else()
  add_library(stele_test_support INTERFACE)
endif()

# Links `target` with `libraries` outside link-time optimisation: tests link in a second, the product does not suffer.
function(stele_link_fast target)
  target_link_libraries(${target} PRIVATE stele_flags stele_test_support ${ARGN})
  target_include_directories(${target} PRIVATE
    "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/tests" "${CMAKE_SOURCE_DIR}")
  set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
  if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
    target_link_options(${target} PRIVATE -fno-lto)
  endif()
endfunction()

# One GoogleTest executable; each case is a ctest test of its own, so that ctest balances and names it.
function(stele_gtest target label sources libraries)
  add_executable(${target} ${sources})
  stele_link_fast(${target} ${libraries} GTest::gmock GTest::gtest_main)
  target_compile_options(${target} PRIVATE -Wno-dangling-else)  # `if (…) EXPECT_…`: the macros hold an else
  target_compile_definitions(${target} PRIVATE STELE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  gtest_discover_tests(${target}
    DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120
    TEST_PREFIX "${label}." WORKING_DIRECTORY "${CMAKE_BINARY_DIR}"
    PROPERTIES LABELS "${label}" TIMEOUT 900)
endfunction()

# What has no second thread teaches ThreadSanitizer nothing: rooms and folders of tests that its build leaves out.
set(STELE_ONE_THREAD crypto merkle event normalise apart people records query ocsf sentence index access
    timeline confine cli crash tamper formats support)

# Sets `out` to whether tests of `name` are built.
function(stele_builds_tests name out)
  set(wanted ON)
  if(STELE_SANITIZE STREQUAL "thread" AND name IN_LIST STELE_ONE_THREAD)
    set(wanted OFF)
  endif()
  set(${out} ${wanted} PARENT_SCOPE)
endfunction()

# A fuzzer X_fuzz.cc: with libFuzzer in the preset asan, elsewhere a replay of tests/corpus/X/ that ctest runs.
function(stele_fuzzer source libraries)
  if(STELE_SANITIZE STREQUAL "thread")
    return()
  endif()
  get_filename_component(target "${source}" NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name "${target}")
  set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS -Wno-missing-declarations)  # its caller declares it
  if(STELE_SANITIZE STREQUAL "address")
    add_executable(${target} "${source}")
    stele_link_fast(${target} ${libraries})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${target} "${source}" "${CMAKE_SOURCE_DIR}/cmake/fuzz_replay.cc")
    stele_link_fast(${target} ${libraries})
    add_test(NAME fuzz_replay_${name} COMMAND ${target} "${CMAKE_SOURCE_DIR}/tests/corpus/${name}")
    set_tests_properties(fuzz_replay_${name} PROPERTIES LABELS fuzz_replay TIMEOUT 900)
  endif()
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  add_dependencies(fuzzers ${target})
endfunction()

# A Google Benchmark executable, built by the target `benches` only.
function(stele_bench target sources libraries)
  if(NOT benchmark_FOUND)
    return()
  endif()
  add_executable(${target} EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(${target} PRIVATE stele_flags ${libraries} benchmark::benchmark_main)
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
  add_dependencies(benches ${target})
endfunction()

# What stands beside a room's code: <room>_test, fuzzers, benches.
function(stele_room_tests room)
  stele_reachable(${room} libraries)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${room}/*_test.cc")
  file(GLOB_RECURSE fuzzers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${room}/*_fuzz.cc")
  file(GLOB_RECURSE benches CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${room}/*_bench.cc")
  stele_builds_tests(${room} wanted)
  if(tests AND wanted)
    stele_gtest(${room}_test ${room} "${tests}" "${libraries}")
    stele_quick(${room}_test ${room})
  endif()
  foreach(source IN LISTS fuzzers)
    stele_fuzzer("${source}" "${libraries}")
  endforeach()
  foreach(source IN LISTS benches)
    get_filename_component(target "${source}" NAME_WE)
    stele_bench(${target} "${source}" "${libraries}")
  endforeach()
endfunction()

# tests/<folder>/**/*.cc with at least one *_test.cc → tests_<folder>; they may use every room.
function(stele_test_folders)
  list(TRANSFORM STELE_ROOMS PREPEND stele_ OUTPUT_VARIABLE libraries)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/*.cc")
  foreach(source IN LISTS sources)
    file(RELATIVE_PATH path "${CMAKE_SOURCE_DIR}/tests" "${source}")
    if(path MATCHES "_fuzz\\.cc$")
      stele_fuzzer("${source}" "${libraries}")
    elseif(path MATCHES "^support/" AND NOT path MATCHES "_test\\.cc$")
      continue()  # in stele_test_support
    elseif(path MATCHES "^([^/]+)/")
      list(APPEND folders ${CMAKE_MATCH_1})
      list(APPEND sources_${CMAKE_MATCH_1} "${source}")
    else()
      message(FATAL_ERROR "tests/${path}: put C++ tests into a folder, tests/<folder>/<name>_test.cc")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES folders)
  foreach(folder IN LISTS folders)
    stele_builds_tests(${folder} wanted)
    if(wanted AND "${sources_${folder}}" MATCHES "_test\\.cc")
      stele_gtest(tests_${folder} tests_${folder} "${sources_${folder}}" "${libraries}")
    endif()
  endforeach()
endfunction()

# bench/<name>/*.cc → bench_<name>: programs that load Stele from outside, so they link none of its rooms.
function(stele_bench_folders)
  file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true "${CMAKE_SOURCE_DIR}/bench/*")
  foreach(folder IN LISTS folders)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/*.cc")
    if(NOT sources)
      continue()
    endif()
    get_filename_component(name "${folder}" NAME)
    add_executable(bench_${name} EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(bench_${name} PRIVATE stele_flags OpenSSL::Crypto PkgConfig::grpc)
    target_include_directories(bench_${name} PRIVATE "${CMAKE_SOURCE_DIR}")
    set_target_properties(bench_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
    add_dependencies(benches bench_${name})
  endforeach()
endfunction()

# Whole-program tests: tests/**/test_*.py and test_*.sh run with STELE_BIN and STELE_SOURCE_DIR set; exit code 77 is
# a skip; what lies in tests/soak/ is left to `./x soak`. A line "# ctest: RUN_SERIAL ON TIMEOUT 600" in a script
# sets those properties for it.
function(stele_program_tests)
  file(GLOB_RECURSE scripts CONFIGURE_DEPENDS
    "${CMAKE_SOURCE_DIR}/tests/test_*.py" "${CMAKE_SOURCE_DIR}/tests/test_*.sh")
  list(FILTER scripts EXCLUDE REGEX "/tests/soak/")
  set(environment "STELE_BIN=${CMAKE_BINARY_DIR}/stele" "STELE_SOURCE_DIR=${CMAKE_SOURCE_DIR}"
    "PYTHONPATH=${CMAKE_SOURCE_DIR}/build/python" "PYTHONDONTWRITEBYTECODE=1")
  foreach(script IN LISTS scripts)
    file(RELATIVE_PATH path "${CMAKE_SOURCE_DIR}/tests" "${script}")
    string(REGEX REPLACE "\\.(py|sh)$" "" name "${path}")
    if(script MATCHES "\\.py$")
      set(interpreter python3)
    else()
      set(interpreter bash)
    endif()
    add_test(NAME "program.${name}" COMMAND ${interpreter} "${script}" WORKING_DIRECTORY "${CMAKE_BINARY_DIR}")
    set_tests_properties("program.${name}" PROPERTIES
      LABELS program TIMEOUT 600 SKIP_RETURN_CODE 77
      ENVIRONMENT "${environment}")
    file(STRINGS "${script}" wishes REGEX "^# ctest: ")
    foreach(wish IN LISTS wishes)
      string(REGEX REPLACE "^# ctest: " "" wish "${wish}")
      separate_arguments(wish)
      set_tests_properties("program.${name}" PROPERTIES ${wish})
    endforeach()
    set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${script}")
  endforeach()
endfunction()

# The headers of tests/ and bench/ are held to compiling alone like those of the rooms.
function(stele_harness_headers)
  list(TRANSFORM STELE_ROOMS PREPEND stele_ OUTPUT_VARIABLE libraries)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/*.h" "${CMAKE_SOURCE_DIR}/bench/*.h")
  if(headers)
    add_library(stele_harness INTERFACE)
    target_link_libraries(stele_harness INTERFACE ${libraries})
    target_include_directories(stele_harness INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/tests")
    target_sources(stele_harness INTERFACE FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}" FILES ${headers})
    set_target_properties(stele_harness PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  endif()
endfunction()
