# shellcheck shell=bash
# `./x ci`: everything that must hold before a change goes in. Each stage runs, also after another failed.

# ci_stage NAME COMMAND…: runs it as a script of its own, notes how it went and how long it took.
ci_stage() {
  local name=$1 began=$SECONDS word=ok
  shift
  printf '\n'
  say "ci: $name"
  "$@" || word=FAILED
  ci_results+=("$(printf '%-7s %5d s  %s' "$word" $((SECONDS - began)) "$name")")
  if [[ $word != ok ]]; then ci_failed=1; fi
}

run_ci() {
  ci_results=()
  ci_failed=0
  local result slow
  install_groups build test check fuzz
  rm -f build/release/ctest.log
  ci_stage 'check' ./x check
  ci_stage 'test' ./x test
  # What takes long and shows nothing that the others do not is left to the release build.
  slow='agent|cli/test_append|collect/test_(coverage|grpc_unread|import|otlp_js|syslog_ng)|disk|e2e|interop|kill|notify|understanding'
  slow+='|search/test_(find|search|sql)|access/test_at_rest_kill'
  ci_stage 'test asan' ./x test asan -E "^(program.($slow)|tests_crash|tests_tamper.(Merged|Random))"
  ci_stage 'test tsan' ./x test tsan -E '^(program|log.Segment.tells_every_changed_byte)'
  # A change is not refused for what chance finds in other code: that belongs to `./x fuzz`.
  ci_stage 'fuzz' env FUZZ_SEED=1 ./x fuzz 3
  printf '\n'
  say "ci: stages"
  for result in "${ci_results[@]}"; do printf '   %s\n' "$result"; done
  printf '\n'
  say "ci: the tests"
  ctest_summary release
  return "$ci_failed"
}
