#!/bin/sh
# app.sh MANIFEST SOURCE [ARGUMENT…]: builds a manifest from a folder of sources, or a tarball, on the stand-in runtime that runtime.sh
# made, installs it, looks at what it exports, runs it in its sandbox on a virtual display as a user without rights, and
# takes a picture. It succeeds if there was a window and the program still ran afterwards.
#
#   FOLDER   as for runtime.sh
#   RUN_AS   who runs the program (nobody): root would keep its capabilities in the sandbox
#   PICTURE  where the picture goes (FOLDER/ID.png)
set -eu

FOLDER=$(cd "${FOLDER:-/var/tmp/dynamowave-flatpak}" && pwd)
manifest=$(realpath "$1")
source=$(realpath "$2")
shift 2
RUN_AS=${RUN_AS:-nobody}
FLATPAK_USER_DIR=$FOLDER/flatpak
HOME=$FOLDER/home
export FLATPAK_USER_DIR HOME
unset XDG_RUNTIME_DIR XDG_DATA_HOME XDG_CACHE_HOME XDG_CONFIG_HOME

say() { printf 'app: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The manifest, with the sources at their place of now.
id=$(python3 - "$manifest" "$source" "$FOLDER/manifest.json" <<'END'
import hashlib
import json
import os
import sys

manifest, source, target = sys.argv[1:]
with open(manifest, encoding="utf-8") as file:
    content = json.load(file)
kind = {"type": "dir", "path": source}
if os.path.isfile(source):
    with open(source, "rb") as file:
        kind = {"type": "archive", "path": source, "sha256": hashlib.sha256(file.read()).hexdigest()}
content["modules"][-1]["sources"] = [kind]
with open(target, "w", encoding="utf-8") as file:
    json.dump(content, file)
print(content["id"])
END
)
picture=$(realpath -m "${PICTURE:-$FOLDER/$id.png}")

say "building $id"
[ -d "$FOLDER/programs" ] || ostree init --mode=bare-user-only --repo="$FOLDER/programs"
nice flatpak-builder --user --force-clean --install --disable-rofiles-fuse --repo="$FOLDER/programs" \
  --state-dir="$FOLDER/state" "$FOLDER/build" "$FOLDER/manifest.json" > "$FOLDER/build.log" 2>&1 || {
  tail -40 "$FOLDER/build.log" >&2
  die "flatpak-builder failed: all of it is in $FOLDER/build.log"
}

# What a software centre reads of it.
export=$FOLDER/build/export/share
desktop-file-validate "$export/applications/$id.desktop"
appstreamcli validate --no-net --no-color "$FOLDER/build/files/share/appdata/$id.appdata.xml" >&2 \
  || appstreamcli validate --no-net --no-color "$export/metainfo/$id.metainfo.xml" >&2
[ -e "$export/icons/hicolor/scalable/apps/$id.svg" ] || die "there is no icon of that id"
say "permissions:"
flatpak info --user --show-permissions "$id" | sed '/^$/d; s/^/  /' >&2
# The SDK may have a library that the runtime lacks.
missing=$(flatpak run --user --die-with-parent --command=sh "$id" -c 'ldd /app/bin/* | grep "not found"' || true)
[ -z "$missing" ] || die "libraries that the runtime lacks: $missing"

say "it says $(flatpak run --user --die-with-parent "$id" --version)"

# Everything that was started ends with this script, the program first: its session goes with it.
display='' session=''
finish() {
  [ ! -s "$FOLDER/session/program" ] || kill "$(cat "$FOLDER/session/program")" 2>/dev/null || true
  [ -z "$session" ] || wait "$session" 2>/dev/null || true
  [ -z "$display" ] || kill "$display" 2>/dev/null || true
}
trap finish EXIT

rm -rf "$FOLDER/session"
install -d -m 700 -o "$RUN_AS" -g "$(id -g "$RUN_AS")" "$FOLDER/session" "$FOLDER/session/home" "$FOLDER/session/run"
Xvfb -displayfd 3 -screen 0 1280x900x24 -nolisten tcp 3> "$FOLDER/display" > "$FOLDER/xvfb.log" 2>&1 &
display=$!
tries=0
until [ -s "$FOLDER/display" ]; do
  tries=$((tries + 1))
  [ $tries -le 100 ] || die "no virtual display, see $FOLDER/xvfb.log"
  sleep 0.1
done
DISPLAY=:$(cat "$FOLDER/display")
export DISPLAY

# To the session our installation is the system's, and the person's own is empty.
setpriv --reuid="$RUN_AS" --regid="$(id -g "$RUN_AS")" --clear-groups \
  env -i PATH=/usr/bin:/bin DISPLAY="$DISPLAY" LANG=C.UTF-8 HOME="$FOLDER/session/home" XDG_RUNTIME_DIR="$FOLDER/session/run" \
  FLATPAK_SYSTEM_DIR="$FOLDER/flatpak" FLATPAK_USER_DIR="$FOLDER/session/home/flatpak" \
  dbus-run-session -- sh -c 'program=$1; shift; flatpak run --die-with-parent "$@" & echo $! > "$program"; wait $!' \
  session "$FOLDER/session/program" "$id" "$@" > "$FOLDER/program.log" 2>&1 &
session=$!

# A window is what is larger than the little ones that toolkits keep.
window() {
  xwininfo -root -tree 2>/dev/null | sed -n 's/^ *0x[0-9a-f]* .* \([0-9]*\)x\([0-9]*\)+.*/\1 \2/p' | awk '$1 > 50 && $2 > 50' | grep -q .
}
tries=0
until window; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 "$session" 2>/dev/null; then
    cat "$FOLDER/program.log" >&2
    die "no window came"
  fi
  sleep 0.1
done
# What it draws first is not all it draws.
sleep 3
import -window root "$picture"
kill -0 "$session" 2>/dev/null || { cat "$FOLDER/program.log" >&2; die "it ended by itself"; }
grep -v '^dbus-daemon\|^$' "$FOLDER/program.log" >&2 || true
say "$id runs in its sandbox as $RUN_AS: $picture"
