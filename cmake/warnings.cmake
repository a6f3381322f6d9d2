# stele_flags: an interface target with the warnings, the sanitizer and the hardening of this build. Every target
# of ours links it; third-party headers come in as SYSTEM and are not held to it.

add_library(stele_flags INTERFACE)

target_compile_options(stele_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror
  -Wshadow -Wdouble-promotion
  -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wextra-semi
  -Wcast-align -Wcast-qual -Wformat=2 -Wimplicit-fallthrough -Wmissing-declarations -Wunused -Wvla
  -Wno-missing-field-initializers)  # designated initialisers leave out on purpose

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Conversions are GCC's to judge: it knows a masked value's range, clang 16 does not.
  target_compile_options(stele_flags INTERFACE
    -Wconversion -Wsign-conversion
    -Wduplicated-cond -Wlogical-op -Wredundant-decls
    -Wno-restrict -Wno-maybe-uninitialized)  # GCC 12 reports `"text" + std::to_string(n)` (GCC bug 105651)
endif()

if(STELE_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(stele_flags INTERFACE -Wno-subobject-linkage)  # takes a file that is compiled with others for a header
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(stele_flags INTERFACE -Wno-unknown-warning-option)  # pragmas meant for GCC
endif()

if(STELE_SANITIZE STREQUAL "thread")
  set(sanitizer -fsanitize=thread)
elseif(STELE_SANITIZE STREQUAL "address")
  # One build for the tests and the fuzzers: what libFuzzer counts costs the tests little, a build of its own much.
  set(sanitizer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
elseif(STELE_SANITIZE)
  message(FATAL_ERROR "STELE_SANITIZE is '${STELE_SANITIZE}'; it can be address, thread or empty")
endif()

if(STELE_SANITIZE)
  target_compile_options(stele_flags INTERFACE ${sanitizer} -fno-omit-frame-pointer)
  target_link_options(stele_flags INTERFACE ${sanitizer})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code defeats these analyses; std::atomic_thread_fence in Boost is not modelled by TSan.
    target_compile_options(stele_flags INTERFACE
      -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-null-dereference -Wno-tsan)
  endif()
endif()

if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(stele_flags INTERFACE _GLIBCXX_ASSERTIONS)
else()
  target_compile_options(stele_flags INTERFACE -fstack-protector-strong)
  target_compile_definitions(stele_flags INTERFACE _FORTIFY_SOURCE=2)
  target_link_options(stele_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
