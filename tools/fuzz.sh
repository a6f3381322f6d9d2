# shellcheck shell=bash
# `./x fuzz`: every src/**/NAME_fuzz.cc with libFuzzer and the sanitizers, built with the preset asan. Seeds come from
# tests/corpus/NAME/, what is found on the way is kept in build/fuzz/corpus/NAME/, and inputs that fail in
# build/fuzz/failures/. FUZZ_SEED=N makes the same inputs in the same order each time, as CI does.

fuzzer_names() {
  { files '*_fuzz.cc' src tests; } | xargs -0 -r -n 1 basename -s _fuzz.cc | sort
}

# fuzz_one NAME SECONDS
fuzz_one() {
  local name=$1 seconds=$2 log=build/fuzz/logs/$1.log options=() seeds=()
  mkdir -p "build/fuzz/corpus/$name" build/fuzz/failures build/fuzz/logs
  if [[ -d tests/corpus/$name ]]; then seeds=("tests/corpus/$name"); fi
  if [[ -f tests/corpus/$name.dict ]]; then options=("-dict=tests/corpus/$name.dict"); fi
  options+=("-max_total_time=$seconds" -timeout=20 -rss_limit_mb=4096 "-artifact_prefix=build/fuzz/failures/$name-")
  options+=("-seed=${FUZZ_SEED:-0}")  # 0: another each time
  if ASAN_SYMBOLIZER_PATH=$(command -v llvm-symbolizer-16 || true) \
    "build/asan/fuzz/${name}_fuzz" "${options[@]}" "build/fuzz/corpus/$name" "${seeds[@]}" >"$log" 2>&1; then
    good "$name: $(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "$log" | tail -n 1)s, $(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)"
    return 0
  fi
  tail -n 60 "$log" >&2
  bad "$name: the input is named above; replay it with build/asan/fuzz/${name}_fuzz FILE, then keep it in tests/corpus/$name/"
  return 1
}

# run_fuzzers [NAME] [SECONDS]
run_fuzzers() {
  local names name seconds=60 failed=()
  mapfile -t names < <(fuzzer_names)
  if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
  elif [[ -n ${1:-} ]]; then
    if [[ " ${names[*]} " != *" $1 "* ]]; then die "There is no fuzzer '$1'. There are: ${names[*]}"; fi
    names=("$1")
    seconds=${2:-$seconds}
    if [[ ! $seconds =~ ^[0-9]+$ ]]; then die "SECONDS is a number, not '$seconds'."; fi
  fi
  install_groups build fuzz
  if [[ ${#names[@]} -eq 0 ]]; then
    note "there is no fuzzer yet (src/**/NAME_fuzz.cc)"
    return 0
  fi
  configure asan
  compile asan "${names[@]/%/_fuzz}"
  say "fuzzing for $seconds s each: ${names[*]}"
  rm -f build/fuzz/logs/*.failed
  for name in "${names[@]}"; do
    while [[ $(jobs -pr | wc -l) -ge $jobs_max ]]; do wait -n || true; done
    { fuzz_one "$name" "$seconds" || touch "build/fuzz/logs/$name.failed"; } &
  done
  wait
  for name in "${names[@]}"; do
    if [[ -e build/fuzz/logs/$name.failed ]]; then failed+=("$name"); fi
  done
  if [[ ${#failed[@]} -gt 0 ]]; then die "Fuzzers that failed: ${failed[*]}"; fi
}
