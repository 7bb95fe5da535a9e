#!/usr/bin/env bash
# Copies folders to a dated place, keeps the newest few copies.
set -euo pipefail

readonly KEEP=${KEEP:-7}
target=""
dry_run=false

usage() {
  cat <<'TEXT'
usage: backup.sh [-n] -t TARGET FOLDER...
  -n   only say what would be done
TEXT
}

die() {
  printf 'backup: %s\n' "$*" >&2
  exit 1
}

# Runs its arguments, or prints them.
run() {
  if $dry_run; then
    printf '+ %q' "$1"; shift
    printf ' %q' "$@"
    printf '\n'
  else
    "$@"
  fi
}

function parse_options {
  local option
  while getopts ":nt:h" option; do
    case "$option" in
      n) dry_run=true ;;
      t) target=$OPTARG ;;
      h) usage; exit 0 ;;
      *) die "there is no option -$OPTARG" ;;
    esac
  done
  [[ -n $target ]] || die "name a target with -t"
}

copy() {
  local folder=$1 name
  name=$(basename -- "$folder")-$(date +%Y%m%d)
  if [ ! -d "$folder" ]; then
    die "$folder is no folder"
  fi
  run cp -a -- "$folder" "$target/$name"
}

prune() {
  local old
  # shellcheck disable=SC2012
  ls -1dt -- "$target"/*/ 2>/dev/null | tail -n +"$((KEEP + 1))" | while read -r old; do
    run rm -r -- "$old"
  done
}

parse_options "$@"
shift $((OPTIND - 1))
for folder in "$@"; do
  copy "$folder"
done
prune
