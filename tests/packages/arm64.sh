#!/bin/bash
# Builds everything for arm64 and runs the unit tests under qemu-user: make arm64. Needs root (debootstrap, chroot).
# Usage: arm64.sh BUILD-FOLDER. What is made stays there for the next run.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "${1:?}" && work=$(cd "$1" && pwd) || exit 1
cache=$work/cache
. "$here/root.sh"
root=$work/root

packages="crossbuild-essential-arm64 cmake ninja-build pkg-config qemu-user-static"
for library in libssl-dev libevent-dev libsqlite3-dev libcurl4-openssl-dev libinih-dev libpq-dev libtss2-dev libp11-kit-dev libcmocka-dev \
    libjson-c-dev libcbor-dev; do
    packages="$packages $library:arm64"
done

if [ ! -e "$root/.made" ]; then
    rm -rf "$root"
    make_root "$root" > "$work/root.log" 2>&1 || { tail -n 5 "$work/root.log"; exit 1; }
    {
        in_root "$root" dpkg --add-architecture arm64 && in_root "$root" apt-get -q update &&
            in_root "$root" apt-get install -y -q --no-install-recommends $packages
    } > "$work/packages.log" 2>&1 || { tail -n 5 "$work/packages.log"; exit 1; }
    : > "$root/.made"
fi

# The tree is copied: a chroot sees nothing else, and nothing of it is written to.
rm -rf "$root/src" && mkdir -p "$root/src" &&
    (cd "$top" && git ls-files -z | tar --null -T - -cf -) | tar -xf - -C "$root/src" || exit 1

in_root "$root" env PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig \
    cmake -S /src -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DATT_HARDEN=ON \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
    -DCMAKE_CROSSCOMPILING_EMULATOR=/usr/bin/qemu-aarch64-static > "$work/configure.log" 2>&1 ||
    { tail -n 5 "$work/configure.log"; exit 1; }
# What does not build is told, and does not keep the rest from being tried.
built=0
in_root "$root" cmake --build /build -j "${JOBS:-2}" -- -k 0 > "$work/build.log" 2>&1 || {
    built=1
    grep -E "^FAILED" "$work/build.log" | cut -c1-200
}
in_root "$root" /usr/bin/qemu-aarch64-static /build/bin/attestd --version || built=1
in_root "$root" /usr/bin/qemu-aarch64-static /build/bin/attestctl --version || built=1

# Ten times as slow as the machine itself. Scripts and clients are not tried: what they start would not run under qemu.
in_root "$root" ctest --test-dir /build -R '^unit_' -j "${JOBS:-2}" --timeout 900 --output-on-failure \
    > "$work/test.log" 2>&1
status=$?
grep -E "tests passed|tests failed|\*\*\*|Total Test time" "$work/test.log"
[ "$built" = 0 ] && exit $status
exit 1
