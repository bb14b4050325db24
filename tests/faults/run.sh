#!/bin/bash
# Faults and sizes: run.sh kill|scale|overload|dump ATTESTD COUNT. Named targets (make kill-loop, make scale, make overload, make dump): minutes, not seconds.
set -u
what=$1; attestd=$2; count=$3
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$(dirname "$attestd")/.." && pwd)
if [ "$what" = dump ]; then
    run=$(mktemp -d)
    trap 'rm -rf "$run"' EXIT
    "$here/../support/with-postgres" bash "$here/dump.sh" "$(realpath "$attestd")" "$(realpath "$(dirname "$attestd")/attestctl")" "$run"
    exit $?
fi
. "$here/../clients/node.sh"
find_node "$build/clients" || { echo "skipped $what: $node_missing"; echo "cases $what passed 0 failed 0 skipped 1"; exit 77; }
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
seed=${SEED:-1}

case $what in
scale) "$node" "$here/scale.mjs" "$attestd" "$run/data" "$count" ;;
overload) NODE_OPTIONS=--max-old-space-size=2048 "$node" "$here/overload.mjs" "$attestd" "$run/data" "$count" ;;
kill)
    status=0
    echo "SQLite, $count cycles, SEED=$seed"
    "$node" "$here/kill_loop.mjs" "$attestd" "$run/sqlite" "$count" "$seed" || { tail -3 "$run/sqlite.log"; status=1; }
    echo "PostgreSQL, $count cycles, SEED=$seed"
    "$here/../support/with-postgres" bash -c \
        '"$1" "$2" "$3" "$4" "$5" "$6" --set "store=postgres:host=$ATTESTD_TEST_POSTGRES user=attestd dbname=postgres" || { tail -3 "$4.log"; exit 1; }' \
        kill "$node" "$here/kill_loop.mjs" "$attestd" "$run/postgres" "$count" "$seed" || status=1
    exit $status
    ;;
*) echo "usage: run.sh kill|scale|overload|dump ATTESTD COUNT" >&2; exit 2 ;;
esac
