# shellcheck shell=bash
# install_groups GROUP…: sees to it that the packages of tools/packages.txt in these groups are there. Asks nothing,
# and does nothing when all are. STELE_NO_INSTALL=1 turns it off, for systems that get their packages another way.

# version_at_least FOUND WANTED
version_at_least() {
  [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}

# has_command NAME VERSION: NAME is on PATH and says that it is at least VERSION (0: any).
has_command() {
  local text
  command -v "$1" >/dev/null || return 1
  [[ $2 == 0 ]] && return 0
  if [[ $1 == go ]]; then
    text=$(go env GOVERSION 2>/dev/null) || return 1
  elif [[ $1 == openssl ]]; then
    text=$(openssl version 2>/dev/null) || return 1
  else
    text=$("$1" --version 2>/dev/null) || return 1
  fi
  [[ $text =~ [0-9]+(\.[0-9]+)* ]] && version_at_least "${BASH_REMATCH[0]}" "$2"
}

# missing_packages GROUP…: the names of what is missing, one a line.
missing_packages() {
  local -A wanted=() installed=() commands=()
  local group package command version status
  while read -r group package command version; do
    if [[ " $* " == *" $group "* ]]; then
      wanted[$package]=1
      if [[ -n $command ]]; then commands[$package]="$command $version"; fi
    fi
  done < <(grep -v -e '^#' -e '^$' tools/packages.txt)
  while read -r status package; do
    if [[ $status == installed ]]; then installed[$package]=1; fi
  done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${!wanted[@]}" 2>/dev/null || true)
  for package in "${!wanted[@]}"; do
    if [[ -v installed[$package] ]]; then continue; fi
    if [[ -v commands[$package] ]]; then
      read -r command version <<<"${commands[$package]}"
      if has_command "$command" "$version"; then continue; fi
    fi
    printf '%s\n' "$package"
  done | sort
}

# as_root COMMAND…: runs it as root, by sudo where needed; never waits for a password without a terminal.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

install_groups() {
  if [[ ${STELE_NO_INSTALL:-} == 1 ]]; then return 0; fi
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    note "not a Debian system: what tools/packages.txt lists is taken to be there"
    return 0
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [[ ${#missing[@]} -eq 0 ]]; then return 0; fi

  say "installing ${#missing[@]} Debian packages"
  note "${missing[*]}"
  if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
      die "They need root, and there is no sudo here. As root: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    fi
    note "with sudo, which may ask for your password"
  fi
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3) attempt
  for attempt in 1 2 3 4 5 6; do  # `update` does not wait for its lock, `install` does
    if as_root "${apt[@]}" update; then break; fi
    if [[ $attempt -eq 6 ]]; then die "apt-get update failed; see above"; fi
    sleep 10
  done
  as_root "${apt[@]}" install --no-install-recommends "${missing[@]}" ||
    die "The packages above could not be installed. Set STELE_NO_INSTALL=1 to go on without."
}

# What tests need of PyPI, into build/python; nothing when it is there.
install_python() {
  local list=tests/requirements.txt made=build/python/requirements.txt
  if [[ ${STELE_NO_INSTALL:-} == 1 ]] || cmp -s "$list" "$made"; then return 0; fi
  say "installing Python packages into build/python"
  rm -rf build/python
  python3 -m pip install -q --disable-pip-version-check --root-user-action ignore --target build/python -r "$list" ||
    die "The packages of $list could not be installed. Set STELE_NO_INSTALL=1 to go on without."
  cp "$list" "$made"
}

# The packages of the group beside, into build/beside/; nothing when they are there.
install_beside() {
  local group package folder
  if [[ ${STELE_NO_INSTALL:-} == 1 ]] || ! command -v dpkg-deb >/dev/null || ! command -v apt-get >/dev/null; then return 0; fi
  while read -r group package _; do
    folder=build/beside/$package
    if [[ $group != beside || -d $folder ]]; then continue; fi
    say "unpacking $package into $folder"
    rm -rf "$folder.new"
    mkdir -p "$folder.new"
    (cd "$folder.new" && apt-get -q -o APT::Sandbox::User=root download "$package") ||
      { as_root apt-get -q update && (cd "$folder.new" && apt-get -q -o APT::Sandbox::User=root download "$package"); } ||
      die "$package could not be fetched. Set STELE_NO_INSTALL=1 to go on without."
    dpkg-deb -x "$folder.new"/*.deb "$folder.new"
    rm "$folder.new"/*.deb
    mv "$folder.new" "$folder"
  done < <(grep -v -e '^#' -e '^$' tools/packages.txt)
}

# What tests need of npm, into build/node; nothing when it is there.
install_node() {
  local from=tests/node to=build/node
  if [[ ${STELE_NO_INSTALL:-} == 1 ]] || cmp -s "$from/package-lock.json" "$to/installed.json"; then return 0; fi
  say "installing Node.js packages into $to"
  rm -rf "$to"
  mkdir -p "$to"
  cp "$from/package.json" "$from/package-lock.json" "$to"
  npm ci --prefix "$to" --ignore-scripts --no-audit --no-fund --silent ||
    die "The packages of $from could not be installed. Set STELE_NO_INSTALL=1 to go on without."
  cp "$from/package-lock.json" "$to/installed.json"
}
