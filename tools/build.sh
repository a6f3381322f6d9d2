# shellcheck shell=bash
# Configuring, compiling and testing one preset of CMakePresets.json in build/<preset>/.

# configure PRESET: quiet unless it fails.
configure() {
  local missing
  mapfile -t missing < <(missing_packages build 2>/dev/null)
  if [[ ${#missing[@]} -gt 0 ]] && command -v dpkg-query >/dev/null; then note "these packages are not installed: ${missing[*]}"; fi
  mkdir -p "build/$1"
  cmake --preset "$1" >"build/$1/configure.log" 2>&1 || {
    cat "build/$1/configure.log" >&2
    die "CMake could not configure the preset '$1'."
  }
}

# compile PRESET [TARGET…]
compile() {
  local preset=$1
  shift
  say "building $preset${1:+ ($*)}"
  # One at a time in a folder: two would write the same files.
  flock "build/$preset" cmake --build --preset "$preset" --parallel "$jobs_max" ${1:+--target "$@"}
}

# has_target PRESET TARGET
has_target() { ninja -C "build/$1" -t query "$2" >/dev/null 2>&1; }

# The release binary, and no more than it needs.
build_product() {
  install_groups build
  configure release
  compile release stele
}

# ctest_preset PRESET [ARG…]: ctest's words also go to build/PRESET/ctest.log.
ctest_preset() {
  local preset=$1 launcher=()
  shift
  # ThreadSanitizer needs its part of the address space free; some kernels' randomisation takes it.
  if [[ $preset == tsan ]] && setarch -R true 2>/dev/null; then launcher=(setarch -R); fi
  "${launcher[@]}" ctest --preset "$preset" --parallel "$jobs_max" --no-label-summary "$@" 2>&1 | tee "build/$preset/ctest.log"
}

# build_and_test PRESET [CTEST ARG…]
build_and_test() {
  local preset=$1
  shift
  install_groups build test
  if [[ $preset == asan ]]; then install_groups fuzz; fi
  install_python
  install_beside
  install_node
  configure "$preset"
  rm -f "build/$preset/ctest.log"
  compile "$preset"
  say "testing $preset"
  ctest_preset "$preset" "$@"
}

# ctest_summary PRESET: the block that ctest ends with, again.
ctest_summary() {
  if [[ -s build/$1/ctest.log ]] && grep -q 'tests passed' "build/$1/ctest.log"; then
    sed -n '/% tests passed/,$p' "build/$1/ctest.log"
  else
    bad "no test of the preset '$1' ran"
  fi
}

list_benches() {
  local path
  printf 'Workloads (./x bench NAME):\n'
  for path in bench/*/run; do
    if [[ -x $path ]]; then printf '  %s\n' "$(basename "$(dirname "$path")")"; fi
  done
  files '*_bench.cc' src | while IFS= read -r -d '' path; do printf '  %s\n' "$(basename "$path" _bench.cc)"; done
}
