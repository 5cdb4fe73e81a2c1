#!/bin/sh
# runtime.sh: makes stand-ins for org.gnome.Platform and org.gnome.Sdk out of Debian packages, and installs them in a
# Flatpak installation of their own. It is for trying the manifest where Flathub cannot be reached: never publish it.
# Needs root, flatpak, ostree and mmdebstrap; about 2 GB and two minutes. Run again it redoes only what changed.
#
#   FOLDER   where everything goes; every user must be able to read it (/var/tmp/dynamowave-flatpak)
#   SUITE    the Debian release that the packages come from (forky)
#   BRANCH   the runtime-version to pose as (51)
#   MIRROR   the Debian mirror (http://deb.debian.org/debian)
set -eu
umask 022

FOLDER=${FOLDER:-/var/tmp/dynamowave-flatpak}
SUITE=${SUITE:-forky}
BRANCH=${BRANCH:-51}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf 'runtime: %s\n' "$*" >&2; }
[ "$(id -u)" = 0 ] || { say "this needs root: it unpacks packages as root and changes into them"; exit 1; }

# What the GNOME runtime offers a program like this one, and what its SDK adds.
PLATFORM="base-files bash coreutils sed grep gawk findutils tar gzip xz-utils libc-bin locales tzdata ca-certificates
  libgtk-4-1 libgtk-4-bin libadwaita-1-0 libsoup-3.0-0 glib-networking libjson-glib-1.0-0 libsecret-1-0 libportal1 libsqlite3-0
  libglib2.0-bin libglib2.0-data dconf-gsettings-backend gsettings-desktop-schemas adwaita-icon-theme hicolor-icon-theme
  librsvg2-common shared-mime-info fontconfig fonts-dejavu-core fonts-cantarell iso-codes xkb-data
  libegl1 libgles2 libgl1 libgl1-mesa-dri libvulkan1 dbus-bin"
SDK="$PLATFORM gcc libc6-dev binutils make meson ninja-build pkgconf gettext git patch python3 elfutils
  appstream appstream-compose desktop-file-utils libxml2-utils gtk-update-icon-cache
  libglib2.0-dev libgtk-4-dev libadwaita-1-dev libsoup-3.0-dev libjson-glib-dev libsecret-1-dev libportal-dev libsqlite3-dev"

mkdir -p "$FOLDER"
FOLDER=$(cd "$FOLDER" && pwd)
FLATPAK_USER_DIR=$FOLDER/flatpak
HOME=$FOLDER/home
export FLATPAK_USER_DIR HOME
# Flatpak would make its own folder for its owner alone, and the program runs as somebody else.
mkdir -p "$FOLDER/debs" "$FOLDER/made" "$FLATPAK_USER_DIR" "$HOME"
arch=$(flatpak --default-arch)
triplet=$arch-linux-gnu

# Unpacks and configures packages into a folder. The packages stay in debs/, for the second tree and the next run.
unpack() {
  tree=$1
  shift
  rm -rf --one-file-system "$tree"
  # Testing's lists run out where a mirror lags behind. Their signatures are checked all the same.
  nice mmdebstrap --quiet --mode=root --variant=essential --format=directory --keyring="$KEYRING" \
    --include="$(echo "$@" | xargs | tr ' ' ,)" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/gtk-doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*/*' \
    --skip=download/empty --skip=essential/unlink --skip=cleanup/apt \
    --setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
    --setup-hook="sync-in $FOLDER/debs /var/cache/apt/archives" \
    --customize-hook="sync-out /var/cache/apt/archives $FOLDER/debs" \
    "$SUITE" "$tree" "deb [signed-by=$KEYRING] $MIRROR $SUITE main"
}

# /etc/alternatives stays behind, so each link through it goes straight to what it means.
settle_alternatives() {
  find "$1/usr" -type l -lname '/etc/alternatives/*' | while read -r link; do
    target=$(chroot "$1" readlink -f "${link#"$1"}" || true)
    if [ -n "$target" ] && [ -e "$1$target" ]; then
      ln -sfnr "$1$target" "$link"
    else
      rm -f "$link"
    fi
  done
}

# Flatpak makes a program's linker cache from /etc/ld.so.conf alone, without the folder beside it.
settle_linker() {
  rm -rf "$1/etc/ld.so.conf.d"
  printf '%s\n' 'include /run/flatpak/ld.so.conf.d/app-*.conf' 'include /app/etc/ld.so.conf' /app/lib "/app/lib/$triplet" \
    'include /run/flatpak/ld.so.conf.d/runtime-*.conf' "/usr/lib/$triplet" /usr/lib > "$1/etc/ld.so.conf"
  chroot "$1" ldconfig
}

# Flatpak shows the host's fonts and their caches at /usr/share/fonts. On a Debian host these are the same paths with the
# same times, and the host's cache would be taken for ours: our fonts move, and bring a cache of their own.
settle_fonts() {
  mv "$1/usr/share/fonts" "$1/usr/share/runtime-fonts"
  mkdir -p "$1/usr/share/fonts" "$1/usr/cache/fontconfig"
  sed -i -e 's|<dir>/usr/share/fonts</dir>|<dir>/usr/share/runtime-fonts</dir>|' \
    -e 's|<cachedir>/var/cache/fontconfig</cachedir>|<cachedir>/usr/cache/fontconfig</cachedir>|' "$1/etc/fonts/fonts.conf"
  cat > "$1/etc/fonts/conf.d/50-flatpak.conf" <<'END'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>/app/share/fonts</dir>
  <dir>/run/host/fonts</dir>
  <dir>/run/host/local-fonts</dir>
  <dir>/run/host/user-fonts</dir>
  <cachedir>/run/host/fonts-cache</cachedir>
  <cachedir>/run/host/user-fonts-cache</cachedir>
  <include ignore_missing="yes">/run/host/font-dirs.xml</include>
</fontconfig>
END
  # OSTree sets every time to 0, and the cache must agree.
  find "$1/usr/share/runtime-fonts" -exec touch -h -d @0 {} +
  chroot "$1" fc-cache -f
}

# The flatpak-builder of Debian 12 calls appstream-compose, which newer releases no longer have. Its successor does the
# same from share/metainfo.
add_compose() {
  [ ! -e "$1/usr/bin/appstream-compose" ] || return 0
  cat > "$1/usr/bin/appstream-compose" <<'END'
#!/bin/sh
for word; do
  case $word in
    --prefix=*) prefix=${word#*=} ;;
    --origin=*) origin=${word#*=} ;;
    -*) ;;
    *) id=$word ;;
  esac
done
metainfo=$prefix/share/metainfo/$id.metainfo.xml
mkdir -p "${metainfo%/*}"
cp "$prefix/share/appdata/$id.appdata.xml" "$metainfo" || exit 1
status=0
appstreamcli compose --no-net --prefix=/ --origin="$origin" --components="$id" --result-root="$prefix" \
  --data-dir="$prefix/share/app-info/xmls" --icons-dir="$prefix/share/app-info/icons/$origin" "$prefix" || status=$?
rm -f "$metainfo"
exit $status
END
  chmod 755 "$1/usr/bin/appstream-compose"
}

# Takes out what is the host's, the package manager's or of no use in a sandbox.
prune() {
  for name in apt dpkg alternatives systemd init.d cron.d cron.daily machine-id hostname hosts resolv.conf mtab fstab \
      passwd passwd- group group- shadow shadow- gshadow gshadow- subuid subgid .pwd.lock localtime timezone \
      debian_version os-release; do
    rm -rf "$1/etc/$name"
  done
  rm -rf "$1"/etc/rc?.d "$1"/usr/lib/dpkg "$1"/usr/lib/apt "$1"/usr/lib/systemd "$1"/usr/lib/udev "$1"/usr/lib/os-release \
    "$1"/usr/games "$1"/usr/share/lintian "$1"/usr/share/bug "$1"/usr/share/doc "$1"/usr/share/man "$1"/usr/share/info
  find "$1/usr" "$1/etc" '(' -type s -o -type p -o -type b -o -type c ')' -delete
}

# Turns a tree into what flatpak build-export takes: usr/, with the tree's /etc as usr/etc, and a metadata file.
arrange() {
  tree=$1 id=$2
  settle_alternatives "$tree"
  settle_linker "$tree"
  settle_fonts "$tree"
  [ "$id" = org.gnome.Platform ] || add_compose "$tree"
  prune "$tree"

  usr=$tree/usr
  mv "$tree/etc" "$usr/etc"
  # A sandbox looks for programs in /usr/bin alone.
  for program in "$usr"/sbin/*; do
    [ -e "$usr/bin/${program##*/}" ] || ln -s "../sbin/${program##*/}" "$usr/bin/"
  done
  # A real lib64 would make meson install there. It holds a link to the loader and nothing else.
  if [ -d "$usr/lib64" ] && [ ! -L "$usr/lib64" ]; then
    rm -rf "$usr/lib64"
    ln -s "lib/$triplet" "$usr/lib64"
  fi
  mkdir -p "$tree/files" "$usr/share/runtime/locale" "$usr/lib/$triplet/GL" "$usr/lib/debug" "$usr/lib/extensions"
  printf 'NAME="Stand-in for the GNOME runtime, from Debian %s"\nID=%s\nVERSION_ID=%s\n' "$SUITE" "$id" "$BRANCH" > "$usr/lib/os-release"
  ln -s ../lib/os-release "$usr/etc/os-release"

  cat > "$tree/metadata" <<END
[Runtime]
name=$id
runtime=org.gnome.Platform/$arch/$BRANCH
sdk=org.gnome.Sdk/$arch/$BRANCH

[Environment]
XDG_DATA_DIRS=/app/share:/usr/share:/usr/share/runtime/share:/run/host/user-share:/run/host/share

[Extension $id.Locale]
directory=share/runtime/locale
autodelete=true
locale-subset=true
no-autodownload=true

[Extension org.freedesktop.Platform.GL]
version=1.4
directory=lib/$triplet/GL
subdirectories=true
no-autodownload=true
add-ld-path=lib
END
}

# make ID PACKAGES…
make() {
  id=$1
  shift
  mark=$({ cat "$0"; echo "$SUITE $BRANCH $MIRROR $*"; } | sha256sum)
  if [ "$(cat "$FOLDER/made/$id" 2>/dev/null)" = "$mark" ]; then
    say "$id is up to date"
    return
  fi
  say "$id: unpacking"
  unpack "$FOLDER/tree" "$@"
  say "$id: arranging"
  arrange "$FOLDER/tree" "$id"
  say "$id: $(du -sh "$FOLDER/tree/usr" | cut -f1)"
  nice flatpak build-export --runtime --disable-sandbox --no-update-summary "$FOLDER/repo" "$FOLDER/tree" "$BRANCH" >&2
  rm -rf --one-file-system "$FOLDER/tree"
  echo "$mark" > "$FOLDER/made/$id"
}

# The mode of an installation for one user, so that installing links files and copies none.
[ -d "$FOLDER/repo" ] || ostree init --mode=bare-user-only --repo="$FOLDER/repo"
# shellcheck disable=SC2086 # words are wanted
make org.gnome.Platform $PLATFORM
# shellcheck disable=SC2086
make org.gnome.Sdk $SDK
flatpak build-update-repo --prune --prune-depth=0 "$FOLDER/repo" >&2
flatpak remote-add --user --if-not-exists --no-gpg-verify stand-in "$FOLDER/repo"
flatpak install --user -y --noninteractive --or-update stand-in "org.gnome.Platform/$arch/$BRANCH" "org.gnome.Sdk/$arch/$BRANCH" >&2
say "installed in $FLATPAK_USER_DIR"
