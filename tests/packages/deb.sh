#!/bin/bash
# The packages in a bare Debian root with a systemd of its own: make deb-test. Needs root, debootstrap and systemd-nspawn.
# Usage: deb.sh DEBS OLDER-DEBS WORK-FOLDER. README.md says what is looked at and what is not.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
debs=$(cd "${1:?}" && pwd) && older=$(cd "${2:?}" && pwd) && mkdir -p "${3:?}" && work=$(cd "$3" && pwd) || exit 1
cache=$work/cache
. "$here/root.sh"
[ "$(id -u)" = 0 ] || { echo "deb-test needs root"; exit 1; }

root=$(mktemp -d "$work/root.XXXXXX") || exit 1
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
make_root "$root" > "$work/root.log" 2>&1 || { tail -n 5 "$work/root.log"; exit 1; }

# Everything but the packages themselves: a machine that runs systemd, what they depend on, what the test calls.
depends=$(for deb in "$debs"/attestd_*.deb "$debs"/attestctl_*.deb "$debs"/libattest0_*.deb "$debs"/libattest-dev_*.deb; do
    dpkg-deb -f "$deb" Pre-Depends Depends Recommends | sed 's/^[A-Za-z-]*: //'; done | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g' |
    grep -v -e '^attest' -e '^libattest' | sort -u)
in_root "$root" apt-get install -y -q --no-install-recommends systemd-sysv dbus openssl curl gcc libc6-dev pkg-config $depends \
    > "$work/depends.log" 2>&1 || { tail -n 5 "$work/depends.log"; exit 1; }
rm -f "$root/usr/sbin/policy-rc.d" # from here on systemd is there, and packages may start what they bring

mkdir -p "$root/test/new" "$root/test/old"
cp "$debs"/{attestd,attestctl,libattest0,libattest-dev}_*.deb "$root/test/new/" || exit 1
cp "$older"/{attestd,attestctl,libattest0}_*.deb "$root/test/old/" || exit 1
cp "$here/inside.sh" "$top/examples/check_token.c" "$top/examples/files.h" "$root/test/"
# A report of real hardware, when the reference vectors are there: production mode trusts no made-up one.
vectors=${ATTESTD_VECTORS:-$top/../shared/vectors}
sample=$vectors/sevsnp/milan-v3-aci
[ -e "$sample/report.bin" ] && mkdir "$root/test/snp" && cp "$sample/report.bin" "$sample/chain.pem" "$root/test/snp/"

cat > "$root/etc/systemd/system/inside.service" <<'UNIT'
[Service]
Type=oneshot
ExecStart=/bin/bash /test/inside.sh
StandardOutput=file:/test/out
StandardError=file:/test/err
ExecStopPost=/bin/systemctl --no-block --force poweroff
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../inside.service "$root/etc/systemd/system/multi-user.target.wants/inside.service"

# A machine that runs systemd itself registers the container; another one cannot.
register=--register=no
[ -d /run/systemd/system ] || register="--register=no --keep-unit"
timeout 600 systemd-nspawn --quiet $register --private-network --console=pipe -D "$root" --boot \
    < /dev/null > "$work/boot.log" 2>&1
cat "$root/test/out" 2> /dev/null || { echo "nothing ran inside:"; tail -n 10 "$work/boot.log"; exit 1; }
grep -v '^$' "$root/test/err" | tail -n 20
failed=$(grep -c '^FAILED' "$root/test/out")
grep -q '^cases packages ' "$root/test/out" && [ "$failed" = 0 ]
