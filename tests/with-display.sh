#!/bin/sh
# with-display.sh COMMAND...: runs a command on a virtual display with a session bus and an accessibility bus of its
# own, in empty home folders, and ends them all with it. Nothing of the caller's session is touched. The GL library, which
# newer toolkits try whatever they draw with, does not complain of the display.
set -eu
here=$(dirname "$(realpath "$0")")
scratch=$(mktemp -d)
mkdir -p "$scratch/home" "$scratch/run"
chmod 700 "$scratch/run"
Xvfb -displayfd 3 -screen 0 "${SCREEN:-1280x900x24}" -nolisten tcp -noreset 3>"$scratch/display" >/dev/null 2>&1 &
xvfb=$!
cleanup() {
  kill "$xvfb" 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
tries=0
while [ ! -s "$scratch/display" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 200 ] || ! kill -0 "$xvfb" 2>/dev/null; then
    echo "with-display.sh: no virtual display" >&2
    exit 1
  fi
  sleep 0.05
done
launcher=
for path in /usr/libexec/at-spi-bus-launcher /usr/lib/at-spi-bus-launcher \
            /usr/lib/at-spi2-core/at-spi-bus-launcher /usr/lib/at-spi2/at-spi-bus-launcher; do
  [ -x "$path" ] && launcher=$path
done
[ -n "$launcher" ] || { echo "with-display.sh: at-spi2-core is missing" >&2; exit 1; }
status=0
env -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS -u AT_SPI_BUS_ADDRESS \
  DISPLAY=":$(cat "$scratch/display")" HOME="$scratch/home" XDG_RUNTIME_DIR="$scratch/run" \
  XDG_DATA_HOME="$scratch/home/data" XDG_CONFIG_HOME="$scratch/home/config" XDG_CACHE_HOME="$scratch/home/cache" \
  GDK_BACKEND=x11 GSK_RENDERER=cairo GTK_A11Y=atspi GTK_USE_PORTAL=0 GSETTINGS_BACKEND=memory \
  EGL_LOG_LEVEL=fatal GIO_USE_VFS=local LANG="${TEST_LANG:-C.UTF-8}" LC_ALL="${TEST_LANG:-C.UTF-8}" \
  dbus-run-session --config-file="$here/session.conf" -- sh -c '"$0" --launch-immediately >/dev/null 2>&1 & bus=$!
    /usr/bin/python3 "$1" >/dev/null 2>&1 & desktop=$!; shift
    gdbus wait --session --timeout 20 org.a11y.Bus && gdbus wait --session --timeout 20 org.freedesktop.Notifications
    status=0; "$@" || status=$?; kill $bus $desktop 2>/dev/null; exit $status' "$launcher" \
    "$here/window/desktop.py" "$@" || status=$?
exit $status
