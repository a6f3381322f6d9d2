# shellcheck shell=bash
# What every script here shares: words on the screen, and where things are. Source it from the checkout's root.

if [[ -t 1 ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
  bold='' dim='' red='' green='' plain=''
fi

say() { printf '%s== %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s   %s%s\n' "$dim" "$*" "$plain"; }
good() { printf '%s   ok%s  %s\n' "$green" "$plain" "$*"; }
bad() { printf '%s   FAILED%s  %s\n' "$red" "$plain" "$*" >&2; }
die() {
  printf '%s%s%s\n' "$red" "$*" "$plain" >&2
  exit 1
}

# Not every script that sources this uses all of it.
# shellcheck disable=SC2034
{
  jobs_max=$(nproc)
  readonly jobs_max
  readonly stele_bin=build/release/stele
}

# Every file below the given folders whose name matches the pattern, NUL-separated; absent folders are no error.
files() {
  local pattern=$1 folder
  shift
  for folder in "$@"; do
    if [[ -d $folder ]]; then
      find "$folder" -name "$pattern" -type f -not -path '*/node_modules/*' -not -path 'tests/corpus/*' -print0
    fi
  done
}
