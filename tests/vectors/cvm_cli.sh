#!/bin/bash
# attestctl ($1) against the folders of VECTORS/cvm ($2): hcl-report.bin by `verify azure-guest`, with chain and quote where there are
# some, each by the verdict of its expected.json. Which code is right for which reason is the library's test (cvm_test). Ends with
# "cases cvm-cli passed P failed F skipped S"; status 77 when there are no vectors.
set -u
[ $# -ge 1 ] && [ -x "$1" ] || { echo "usage: cvm_cli.sh ATTESTCTL [VECTORS]" >&2; exit 2; }
attestctl=$1
vectors=${2:-${ATTESTD_VECTORS:-${ATTESTD_SOURCE:-.}/../shared/vectors}}/cvm
if [ ! -d "$vectors" ]; then
    echo "skipped cvm-cli: no vectors at ${vectors%/cvm}"
    echo "cases cvm-cli passed 0 failed 0 skipped 1"
    exit 77
fi
passed=0 failed=0

member() { sed -n 's/.*"'"$2"'": *"\([^"]*\)".*/\1/p' "$1" | head -1; }
check() { # name, status wanted, text wanted, status, answer
    case $4:$5 in
    "$2":*"$3"*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)); echo "FAILED $1: wanted $2 and $3; status $4, $(printf '%s' "$5" | head -c 300)" ;;
    esac
}

for expected in "$vectors"/*/expected.json; do
    dir=${expected%/expected.json}
    name=${dir##*/}
    at=$(member "$expected" verify_at)
    options=(--evidence "$dir/hcl-report.bin" --at "${at:-2026-06-01T00:00:00Z}")
    [ -f "$dir/chain.pem" ] && options+=(--chain "$dir/chain.pem")
    [ -f "$dir/quote.msg" ] && options+=(--quote "$dir/quote.msg" --quote-signature "$dir/quote.sig" --pcrs "$dir/pcrs.json")
    answer=$("$attestctl" verify azure-guest --json "${options[@]}" 2>&1)
    status=$?
    case $(member "$expected" verdict) in
    accept) check "$name" 0 '{"verdict":"accepted"' $status "$answer" ;;
    reject) check "$name" 1 '{"verdict":"refused","error":{"code":"' $status "$answer" ;;
    parse-only)
        check "$name" 1 '{"verdict":"refused","error":{"code":"' $status "$answer"
        answer=$("$attestctl" evidence show --json "$dir/hcl-report.bin" 2>&1)
        check "$name, shown" 0 "\"runtime_sha256\":\"$(member "$expected" runtime_sha256)\"" $? "$answer"
        ;;
    esac
done

dir=$vectors/genoa-hclv2-quote at=2026-06-01T00:00:00Z
options=(--evidence "$dir/hcl-report.bin" --chain "$dir/chain.pem" --at $at)
while read -r name status text more; do
    # shellcheck disable=SC2086
    answer=$("$attestctl" verify azure-guest --json "${options[@]}" ${more//DIR/$dir} 2>&1)
    check "$name" "$status" "$text" $? "$answer"
done <<'EOF'
no-signature 1 GUEST_REQUEST_MALFORMED --quote DIR/quote.msg --pcrs DIR/pcrs.json
no-registers 1 GUEST_REQUEST_MALFORMED --quote DIR/quote.msg --quote-signature DIR/quote.sig
registers-of-no-form 2 USAGE --quote DIR/quote.msg --quote-signature DIR/quote.sig --pcrs DIR/runtime-data.json
td-quote-beside-snp 1 GUEST_REQUEST_MALFORMED --td-quote DIR/quote.msg
runtime-data-is-inside 2 USAGE --runtime-data DIR/runtime-data.json
EOF
echo "cases cvm-cli passed $passed failed $failed skipped 0"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
