# shellcheck shell=bash
# The server that `./x up` keeps in the background. Its data lies in var/data, its own words in var/stele.log.
# STELE_LISTEN=ADDRESS:PORT moves it away from 127.0.0.1:7373. Beside it an agent follows this machine's own logs, where there
# are any that may be read: its spool is var/agent, its words are in var/agent.log. STELE_AGENT=0 leaves it out. Tokens: var/token of
# an owner, for whoever ran `./x up`; var/agent.token of the agent, which only writes.

readonly pid_file=var/stele.pid
readonly log_file=var/stele.log
readonly data_dir=var/data
readonly agent_pid_file=var/agent.pid
readonly agent_log_file=var/agent.log
readonly agent_spool=var/agent
readonly token_file=var/token
readonly agent_token_file=var/agent.token
address=${STELE_LISTEN:-127.0.0.1:7373}

# pid_of FILE WORDS: prints the process id in FILE if a process runs under it whose command has these WORDS. A stale file, or an id
# that something else has now, is none.
pid_of() {
  local pid
  [[ -r $1 ]] || return 1
  pid=$(<"$1")
  [[ -r /proc/$pid/cmdline ]] || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "$2" || return 1
  printf '%s\n' "$pid"
}

server_pid() { pid_of "$pid_file" "stele serve --data $data_dir"; }
agent_pid() { pid_of "$agent_pid_file" "stele agent --spool $agent_spool"; }

# Where the running server listens, which another STELE_LISTEN may have said.
server_address() {
  if [[ -r $data_dir/address ]]; then address=$(head -n 1 "$data_dir/address"); fi
}

server_ready() { curl -fsS -m 5 -o /dev/null "http://$address/readyz" 2>/dev/null; }

# token_make FILE ROLE NAME: a token of this server in FILE, which only its owner reads, unless one is there that is good.
token_make() {
  local status
  if [[ -r $1 ]]; then
    status=$(curl -sS -m 5 -o /dev/null -w '%{http_code}' -H @- "http://$address/" <<<"Authorization: Bearer $(<"$1")" 2>/dev/null) || true
    if [[ $status != 401 ]]; then return 0; fi
  fi
  (umask 077 && "$stele_bin" token create --data "$data_dir" --role "$2" --name "$3" >"$1.new") || die "No token could be made."
  mv "$1.new" "$1"
}

# is_running PID: a process that has ended and that nobody waits for does not run.
is_running() { [[ -r /proc/$1/stat && $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) != [ZX] ]]; }

server_welcome() {
  local event
  event='{"time":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","actor":{"type":"user","id":"ada"},"action":"customer.export"}'
  cat <<END

${bold}Stele is up: http://$address${plain}   (data in $data_dir, its log in $log_file)

  Nobody gets in without a token. An owner's is in $token_file:
    export STELE_TOKEN=\$(cat $token_file)
  Record an event:
    curl -H "Authorization: Bearer \$STELE_TOKEN" --json '$event' \\
      'http://$address/api/v1/events?source=hello'
  A program gets one that only writes:
    ./x run -- token create --data $data_dir --role writer --name billing --source billing
  A person logs in at http://$address/login; this prints the invitation:
    ./x run -- user create --data $data_dir --role owner ada
  Verify everything that is stored:
    ./x run -- verify --data $data_dir
  Stop it:
    ./x down
END
  agent_welcome
}

# What is captured of this machine, and what could be.
agent_welcome() {
  local found
  found=$("$stele_bin" agent --list 2>/dev/null) || return 0
  if agent_pid >/dev/null; then
    printf '\n  Captured from this machine, as source %s:\n' "$(uname -n)"
  else
    printf '\n  Of this machine nothing is captured (docs/sources/agent.md):\n'
  fi
  printf '    %s\n' "${found//$'\n'/$'\n'    }"
}

# Starts the agent unless it runs, or there is nothing to follow.
agent_start() {
  if [[ ${STELE_AGENT:-1} == 0 ]] || agent_pid >/dev/null; then return 0; fi
  if ! "$stele_bin" agent --list 2>/dev/null | grep -q '^follows '; then return 0; fi
  say "starting the agent of this machine"
  token_make "$agent_token_file" writer "the agent of $(uname -n)"
  STELE_TOKEN=$(<"$agent_token_file") setsid "$stele_bin" agent --spool "$agent_spool" --url "http://$address" \
    >>"$agent_log_file" 2>&1 </dev/null &
  printf '%s\n' "$!" >"$agent_pid_file"
}

# Before the server, so that it can send what it has.
agent_stop() {
  local pid
  if ! pid=$(agent_pid); then
    rm -f "$agent_pid_file"
    return 0
  fi
  say "stopping the agent"
  stop_process "$pid" "$agent_pid_file" "$agent_log_file"
}

# stop_process PID PIDFILE LOG: asks it to stop, and waits a minute at most.
stop_process() {
  local tenth
  kill -TERM "$1"
  for ((tenth = 0; tenth < 600; ++tenth)); do
    if ! is_running "$1"; then
      rm -f "$2"
      good "stopped"
      return 0
    fi
    sleep 0.1
  done
  die "Process $1 has not stopped within a minute; see $3."
}

# server_wait PID OFFSET: until it is ready. Where it fails, what it logged since OFFSET is shown.
server_wait() {
  local pid=$1 offset=$2 tries
  for ((tries = 0; tries < 240; ++tries)); do
    if server_ready; then return 0; fi
    if ! is_running "$pid"; then
      rm -f "$pid_file"
      tail -c "+$((offset + 1))" "$log_file" | tail -n 20 >&2
      die "The server stopped while it started; the end of $log_file is above."
    fi
    sleep 0.5
  done
  tail -c "+$((offset + 1))" "$log_file" | tail -n 20 >&2
  die "Process $pid does not get ready at http://$address; the end of $log_file is above. ./x down stops it."
}

# server_start [ARG…]: starts it and waits until it is ready. ARGs go to `stele serve`.
server_start() {
  local word
  for word in "$@"; do
    case $word in
      --data | --data=*) die "./x up keeps its data in $data_dir; for another directory: ./x run -- serve --data DIR" ;;
      --listen | --listen=*) die "Say the address as STELE_LISTEN=ADDRESS:PORT ./x up" ;;
    esac
  done
  mkdir -p var
  touch "$log_file"
  local where=() offset
  offset=$(stat -c %s "$log_file")
  if [[ -n ${STELE_LISTEN:-} ]]; then where=(--listen "$STELE_LISTEN"); fi
  if server_ready; then
    die "Something else answers at http://$address already. STELE_LISTEN=127.0.0.1:7474 ./x up uses another port."
  fi
  say "starting the server"
  setsid "$stele_bin" serve --data "$data_dir" "${where[@]}" "$@" >>"$log_file" 2>&1 </dev/null &
  printf '%s\n' "$!" >"$pid_file"
  server_wait "$!" "$offset"
}

server_stop() {
  local pid
  agent_stop
  if ! pid=$(server_pid); then
    rm -f "$pid_file"
    say "no server is running"
    return 0
  fi
  say "stopping the server"
  stop_process "$pid" "$pid_file" "$log_file"
}
