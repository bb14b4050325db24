#!/bin/bash
# make e2e-replicas: run.sh BIN [STEP...]. README.md says what happens. Leaves nothing running; the folder of a run that failed is kept.
#   ROTATIONS=100   how many rotations
#   PREVIOUS=DIR    binaries of the version before, instead of building tag v0.1
set -u
bin=$(realpath "$1"); shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
skip() { echo "skipped replicas: $1"; echo "cases replicas passed 0 failed 0 skipped 1"; exit 77; }
[ -x /usr/lib/postgresql/15/bin/initdb ] || skip "postgresql-15 is not installed (scripts/install-deps replicas)"
[ -x /usr/sbin/haproxy ] || skip "haproxy is not installed (scripts/install-deps replicas)"
. "$here/../clients/node.sh"
find_node "$root/build/release/clients" || skip "$node_missing"

# The version before, from git: a tag, or the commit that it will be put on. Without it the upgrade is skipped by name.
previous=${PREVIOUS:-$root/build/previous/build/release/bin}
if [ -z "${PREVIOUS:-}" ] && [ ! -x "$previous/attestd" ]; then
    commit=$(git -C "$root" rev-parse -q --verify 'v0.1^{commit}' || git -C "$root" rev-parse -q --verify 'ee38634^{commit}')
    if [ -n "$commit" ]; then
        echo "building the version before ($commit), once"
        mkdir -p "$root/build/previous"
        git -C "$root" archive "$commit" | tar -x -C "$root/build/previous"
        (cd "$root/build/previous" && cmake --preset release && cmake --build build/release --target attestd attestctl module_postgres) \
            > "$root/build/previous/build.log" 2>&1 || { tail -n 5 "$root/build/previous/build.log"; exit 1; }
    fi
fi
[ -x "$previous/attestd" ] || previous=-

umask 022
dir=$(mktemp -d /tmp/attestd-replicas-XXXXXX) # short: the path of a socket has 107 bytes
chmod 755 "$dir"                              # the database's user walks through
# What is left when the driver itself was killed: its own processes, told by their folder.
finish() {
    [ -f "$dir/pids" ] && while read -r pid; do
        [ -e "/proc/$pid/cmdline" ] || continue
        if tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -q -F "$dir"; then
            kill -CONT "$pid" $(cat "/proc/$pid/task/$pid/children" 2>/dev/null) 2>/dev/null
            kill -KILL "$pid" 2>/dev/null
        fi
    done < "$dir/pids"
    if [ "${status:-1}" = 0 ] || [ "${status:-1}" = 77 ]; then rm -rf "$dir"; else echo "logs are in $dir"; fi
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
"${CC:-cc}" -shared -fPIC -O2 -Wall -Wextra -Werror -o "$dir/scaled_clock.so" "$here/scaled_clock.c" || exit 1
"$node" "$here/replicas.mjs" "$bin" "$previous" "$dir/scaled_clock.so" "$dir" "$@" &
driver=$!
trap 'kill "$driver" 2>/dev/null; wait "$driver"; exit 1' INT TERM HUP
wait "$driver"
status=$?
exit "$status"
