#!/bin/sh
# in-tree.sh TREE SOURCE PACKAGE… -- COMMAND…: runs a command beside the newest toolkit: in a tree of packages of a later
# Debian, with the sources at the place they have outside. Makes the tree first, and anew when its packages are others.
# Needs root and mmdebstrap. Nothing of it outlives the command but the tree.
#
#   SUITE    the Debian release that the packages come from (forky)
#   MIRROR   the Debian mirror (http://deb.debian.org/debian)
set -eu
umask 022

SUITE=${SUITE:-forky}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf 'newest: %s\n' "$*" >&2; }
[ "$(id -u)" = 0 ] || { say "this needs root: it unpacks packages as root and changes into them"; exit 1; }

tree=$(realpath -m "$1")
source=$(realpath "$2")
shift 2
packages=
while [ "$1" != -- ]; do
  packages=$packages,$1
  shift
done
shift

mark="$SUITE $MIRROR $packages"
if [ "$(cat "$tree.made" 2>/dev/null)" != "$mark" ]; then
  say "unpacking Debian $SUITE into $tree"
  rm -rf --one-file-system "$tree" "$tree.made"
  mkdir -p "$tree"
  # Testing's lists run out where a mirror lags behind. Their signatures are checked all the same.
  nice mmdebstrap --quiet --mode=root --variant=apt --format=directory --keyring="$KEYRING" --include="${packages#,}" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    "$SUITE" "$tree" "deb [signed-by=$KEYRING] $MIRROR $SUITE main" >&2
  echo "$mark" > "$tree.made"
fi

# Mounts and processes that are this command's alone, and end with it.
# shellcheck disable=SC2016 # the inner shell expands them
exec unshare --mount --propagation private --pid --fork --kill-child sh -eu -c '
  tree=$1 source=$2
  shift 2
  mount --bind "$tree" "$tree"
  mount -t proc proc "$tree/proc"
  mount --rbind /dev "$tree/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
  mkdir -p "$tree$source"
  mount --bind "$source" "$tree$source"
  exec chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 sh -c "cd \"\$0\" && exec \"\$@\"" "$source" "$@"
' in-tree "$tree" "$source" "$@"
