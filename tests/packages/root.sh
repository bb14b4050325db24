# Sourced: bare Debian roots. make_root DIR PACKAGES...   Kept as an archive in $cache, as making one takes half a minute.
cache=${cache:?}

# Where this machine has its packages from.
mirror() { apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | sort -u | grep -v -e security | head -n 1; }

make_root() {
    local dir=$1 archive=$cache/bookworm.tar
    mkdir -p "$cache"
    if [ ! -s "$archive" ]; then
        local fresh=$cache/fresh.$$
        debootstrap --variant=minbase bookworm "$fresh" "$(mirror)" > "$cache/debootstrap.log" 2>&1 ||
            { tail -n 5 "$cache/debootstrap.log" >&2; rm -rf "$fresh"; return 1; }
        tar -C "$fresh" --one-file-system -cf "$archive.new" . && mv "$archive.new" "$archive"
        rm -rf "$fresh"
    fi
    mkdir -p "$dir" && tar -C "$dir" -xf "$archive" || return 1
    cp /etc/resolv.conf "$dir/etc/resolv.conf" 2> /dev/null || true
    # What this machine says about proxies and signatures of its mirror holds in there, too.
    for file in /etc/apt/apt.conf.d/99*; do [ -f "$file" ] && cp "$file" "$dir/etc/apt/apt.conf.d/"; done
    printf '#!/bin/sh\nexit 101\n' > "$dir/usr/sbin/policy-rc.d" && chmod 755 "$dir/usr/sbin/policy-rc.d"
    in_root "$dir" apt-get -q update
}

# Without standard input, and in a namespace of mounts and processes of its own, so that nothing is left mounted or running.
in_root() {
    local dir=$1
    shift
    DEBIAN_FRONTEND=noninteractive LC_ALL=C unshare --mount --pid --fork --kill-child sh -c '
        mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev" -o mode=755 &&
        for d in null zero full random urandom; do : > "$0/dev/$d"; mount --bind "/dev/$d" "$0/dev/$d"; done &&
        exec chroot "$0" "$@"' "$dir" "$@" < /dev/null
}
