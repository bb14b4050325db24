#!/bin/bash
# What somebody finds who has a dump of the database alone, and a backup of SQLite that comes back in PostgreSQL:
# dump.sh ATTESTD ATTESTCTL FOLDER, beside a server of tests/support/with-postgres.
set -eu
attestd=$1 attestctl=$2
here=$(cd "$(dirname "$0")" && pwd)
secrets=$here/../support/secrets.py
bin=/usr/lib/postgresql/15/bin
where="host=$ATTESTD_TEST_POSTGRES user=attestd dbname=postgres"
cd "$3"
serves=

not() { if "$@"; then echo "should have failed: $*" >&2; exit 1; fi; } # set -e does not hear of "!"

serve() { # serve NAME OPTIONS: waits until it is ready, and keeps its address
    local name=$1; shift
    : > "$name.out"
    "$attestd" --dev --data "$name" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 "$@" > "$name.out" 2> "$name.err" &
    serves=$!
    for _ in $(seq 300); do
        url=$(sed -n 's/^attestd ready //p' "$name.out")
        [ -z "$url" ] || return 0
        kill -0 "$serves" 2> /dev/null || break
        sleep 0.1
    done
    cat "$name.err" >&2
    return 1
}
rest() { kill "$serves"; wait "$serves"; serves=; }
trap '[ -z "$serves" ] || kill "$serves"' EXIT
kids() { curl -s --cacert "$1/dev/ca.pem" "$url/certs" | jq -r '.keys[].kid' | sort; }
sql() { "$bin/psql" -X -q -At -v ON_ERROR_STOP=1 -c "$1" "$where"; }
rows() { sql "SELECT kind || ' ' || replace(id, ' ', '_') || ' ' || encode(convert_to(body, 'UTF8'), 'hex') FROM documents"; }

cat > policy.txt <<'P'
version=1.0; authorizationrules { [type=="x", value=="the-secret-of-this-policy"] => permit(); };
P
serve first --set "store=postgres:$where"
"$attestctl" login --dev first --as owner > login.out
"$attestctl" policy set SgxEnclave policy.txt > set.out
before=$(kids first)
rows > rows.txt
"$bin/pg_dump" -f plain.sql "$where"
"$bin/pg_dump" --inserts -f inserts.sql "$where"
"$bin/pg_dump" -Fc -Z0 -f custom.dump "$where"
for dump in plain.sql inserts.sql custom.dump; do
    grep -aq signing-key "$dump" # it has what it should
    not grep -aq 'the-secret-of-this-policy\|PRIVATE KEY' "$dump"
    python3 "$secrets" first/dev/kek.TEST-KEY rows.txt files "$dump"
    for secret in $(jq -r '.. | objects | (.secret // .client_secret // empty)' first/dev/credentials.json); do
        not grep -aqF -- "$secret" "$dump"
        count=$((${count:-0} + 1))
    done
done
[ "${count:-0}" -ge 12 ] || { echo "only ${count:-0} clients' secrets looked for" >&2; exit 1; }
cat plain.sql first/dev/kek.TEST-KEY > leak.sql
not python3 "$secrets" first/dev/kek.TEST-KEY rows.txt files leak.sql 2> /dev/null

# Out of PostgreSQL, into SQLite; and out of that into an empty PostgreSQL again.
printf '[attestd]\ndata_dir = first\nkey_encryption_key = first/dev/kek.TEST-KEY\nstore = postgres:%s\n' "$where" > pg.conf
"$attestctl" backup --config pg.conf --out one.backup > backup.out
not "$attestctl" restore --config pg.conf one.backup > restore.out 2>&1
grep -q RESOURCE_IN_USE restore.out
rest
mkdir second
cp -r first/dev second/dev
printf '[attestd]\ndata_dir = second\nkey_encryption_key = second/dev/kek.TEST-KEY\n' > sqlite.conf
"$attestctl" restore --config sqlite.conf one.backup > restore.out
"$attestctl" backup --config sqlite.conf --out two.backup > backup.out
sql "DROP SCHEMA public CASCADE; CREATE SCHEMA public" 2> drop.err
"$attestctl" restore --config pg.conf two.backup > restore.out
rows > again.txt
cmp <(sort rows.txt) <(sort again.txt)
serve first --set "store=postgres:$where"
[ "$before" = "$(kids first)" ] && [ -n "$before" ]
"$attestctl" login --dev first --as owner > login.out
"$attestctl" policy get SgxEnclave | grep -q the-secret-of-this-policy
rest
echo "cases dump passed 3 failed 0 skipped 0"
