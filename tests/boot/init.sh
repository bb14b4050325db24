#!/bin/busybox sh
# First process of the guest: network, then attestctl, then off. What is between the marks on the second serial port is for the host.
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t securityfs sec /sys/kernel/security
export HOME=/root PATH=/bin LD_LIBRARY_PATH=/lib
. /job
date -s "$now" >/dev/null
insmod /e1000.ko
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
# The host's loopback, under its own name: the certificate is for localhost.
nc -ll -p "$port" -e /bin/nc 10.0.2.2 "$port" &
say() { printf "\n@@ %s\n" "$*" >/dev/ttyS1; } # the firmware wrote to this port, too
run() { # run NAME COMMAND...: its status and its output go to the host
    name=$1; shift
    "$@" >/tmp/out 2>/tmp/err
    status=$?
    say "$name status $status"
    for stream in out err; do { base64 -w 0 <"/tmp/$stream"; echo; } | fold -w 60 | sed "s/^/@@ $name $stream /" >/dev/ttyS1; done
}
url="https://localhost:$port"
run login attestctl login --url "$url" --ca /ca.pem --tenant "$tenant" --client-id "$client" --secret-file /secret
run enroll attestctl tpm enroll --url "$url" --ca /ca.pem --state /tmp/tpm
run observe attestctl tpm attest --url "$url" --ca /ca.pem --state /tmp/tpm --rp-data Ym9vdA
run demand attestctl tpm attest --url "$url/p/strict" --ca /ca.pem --state /tmp/tpm
run firmware cat /sys/kernel/security/tpm0/binary_bios_measurements
say end
poweroff -f
