# shellcheck shell=bash
# `./x check` and `./x fix`: what can be said about the code without running it.

readonly code_folders=(src tests bench cmake)

code_files() {
  files '*.h' "${code_folders[@]}"
  files '*.cc' "${code_folders[@]}"
}

format_code() {
  install_groups check
  code_files | xargs -0 -r clang-format-16 -i
  good "formatted"
}

check_format() {
  code_files | xargs -0 -r clang-format-16 --dry-run -Werror || {
    note "./x fix puts it right"
    return 1
  }
}

check_dependencies() { python3 tools/check/dependencies.py; }
check_rules() { python3 tools/check/rules.py; }
check_map() { python3 tools/check/folder_map.py; }

# Scripts that run; what they source is read with them.
check_scripts() {
  local path line scripts=()
  while IFS= read -r -d '' path; do
    read -r line <"$path" || true
    if [[ $line == '#!'*sh ]]; then scripts+=("$path"); fi
  done < <(printf 'x\0.ci/run\0' && files '*' tools tests bench 2>/dev/null)
  shellcheck --external-sources --check-sourced "${scripts[@]}"
}

# Each header compiles on its own. CMake generates the units; only what changed is compiled again.
check_headers() {
  configure debug
  local log=build/debug/headers.log
  cmake --build --preset debug --parallel "$jobs_max" --target all_verify_interface_header_sets -- -k 0 >"$log" 2>&1 || {
    grep -v -e '^\[' -e '^FAILED' -e '^ninja' "$log" >&2
    return 1
  }
}

# clang-tidy over the given sources, or all but tests. Its list of checks is .clang-tidy.
check_tidy() {
  local sources=("$@")
  configure debug
  if [[ $# -eq 0 ]]; then mapfile -d '' -t sources < <(files '*.cc' src | grep -zvE '_(test|fuzz|bench)\.cc$'); fi
  printf '%s\0' "${sources[@]}" | xargs -0 -r -n 1 -P "$jobs_max" clang-tidy-16 --quiet -p build/debug \
    --extra-arg=-w 2>build/debug/tidy.log || {
    grep -E '^[^ ]*error' build/debug/tidy.log >&2
    return 1
  }
}

# run_checks [--tidy [FILE…]]: all of them, also after one failed. `set -e` does not hold inside a check: each ends with the
# command that decides, or returns.
run_checks() {
  local step steps=(format dependencies rules map scripts headers) failed=()
  case ${1:-} in
    --tidy)
      steps+=(tidy)
      shift
      ;;
    '') ;;
    *) die "./x check knows --tidy, not '$1'." ;;
  esac
  install_groups build check
  for step in "${steps[@]}"; do
    say "check: $step"
    if ("check_$step" "$@"); then
      good "$step"
    else
      bad "$step"
      failed+=("$step")
    fi
  done
  if [[ ${#failed[@]} -gt 0 ]]; then die "Checks that failed: ${failed[*]}"; fi
}
