#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Cross-builds the function for arm64 on a Debian 12 of another kind: its libraries in a folder of their own, fetched with
# private apt folders, and clang. Usage: arm64.sh FOLDER
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
root=$out/sysroot-arm64
apt=$out/apt-arm64
[ -f /etc/debian_version ] || { echo "dev: the libraries for arm64 come from Debian: run this there" >&2; exit 1; }

if [ ! -f "$root/.complete" ]; then
  rm -rf "$root" "$apt"
  mkdir -p "$root" "$apt/lists/partial" "$apt/archives/partial" "$apt/state"
  : > "$apt/state/status"
  set -- -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$apt/state" -o Dir::State::lists="$apt/lists" \
    -o Dir::State::status="$apt/state/status" -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives" -o APT::Sandbox::User=root \
    -o Debug::NoLocking=true
  apt-get "$@" update -qq
  apt-get "$@" install -y -qq --no-install-recommends --download-only libc6-dev libgcc-12-dev libglib2.0-dev libjson-glib-dev libcurl4-openssl-dev
  for package in "$apt"/archives/*.deb; do dpkg -x "$package" "$root"; done
  # Merged /usr, so that what stands in /lib is found in one place as on a real system.
  for folder in lib lib64; do
    [ ! -d "$root/$folder" ] || [ -L "$root/$folder" ] || { mkdir -p "$root/usr/$folder"; cp -a "$root/$folder/." "$root/usr/$folder/"; rm -rf "${root:?}/$folder"; }
    [ -e "$root/$folder" ] || [ ! -d "$root/usr/$folder" ] || ln -s "usr/$folder" "$root/$folder"
  done
  # Links with a whole path lead out of the folder.
  find "$root" -type l -lname '/*' | while read -r link; do ln -sf "$root$(readlink "$link")" "$link"; done
  touch "$root/.complete"
fi

cat > "$out/arm64.ini" <<END
[binaries]
c = ['clang', '--target=aarch64-linux-gnu']
c_ld = 'lld'
ar = 'llvm-ar'
strip = 'llvm-strip'
pkgconfig = 'pkg-config'
[built-in options]
c_args = ['--sysroot=$root']
c_link_args = ['--sysroot=$root']
[properties]
sys_root = '$root'
pkg_config_libdir = '$root/usr/lib/aarch64-linux-gnu/pkgconfig:$root/usr/share/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
[ -f "$out/arm64/build.ninja" ] || meson setup "$out/arm64" --cross-file "$out/arm64.ini" -Dfunction=true -Dtests=false -Daws=enabled \
  -Dbuildtype=release -Ddebug=false -Dwerror=false
ninja -C "$out/arm64"
