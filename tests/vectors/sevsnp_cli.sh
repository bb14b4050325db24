#!/bin/bash
# attestctl ($1) against the folders of VECTORS/sevsnp ($2): report.bin and chain.pem by `verify sev-snp`, each by the verdict
# of its expected.json. Which code is right for which reason is the library's test (snp_library_test). Ends with
# "cases sevsnp-cli passed P failed F skipped S"; status 77 when there are no vectors.
set -u
[ $# -ge 1 ] && [ -x "$1" ] || { echo "usage: sevsnp_cli.sh ATTESTCTL [VECTORS]" >&2; exit 2; }
attestctl=$1
vectors=${2:-${ATTESTD_VECTORS:-${ATTESTD_SOURCE:-.}/../shared/vectors}}/sevsnp
if [ ! -d "$vectors" ]; then
    echo "skipped sevsnp-cli: no vectors at ${vectors%/sevsnp}"
    echo "cases sevsnp-cli passed 0 failed 0 skipped 1"
    exit 77
fi
passed=0 failed=0
answer=

member() { sed -n 's/.*"'"$2"'": *"\([^"]*\)".*/\1/p' "$1" | head -1; }
no() {
    failed=$((failed + 1))
    echo "FAILED $1: $2; status $status, $(printf '%s' "$answer" | head -c 400)"
}
judge() { # name, accept or reject, code or nothing, options...
    local name=$1 want=$2 code=$3
    shift 3
    answer=$("$attestctl" verify sev-snp --json --at "$at" "$@" 2>&1)
    status=$?
    case $want:$status:$answer in
    accept:0:'{"verdict":"accepted"'*) ;;
    reject:1:'{"verdict":"refused","error":{"code":"'*) ;;
    *) no "$name" "wanted $want"; return ;;
    esac
    case $answer in
    *"\"code\":\"${code}"*) ;;
    *) [ -z "$code" ] || { no "$name" "wanted $code"; return; } ;;
    esac
    passed=$((passed + 1))
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for expected in "$vectors"/*/expected.json "$vectors"/test-root/*/expected.json; do
    dir=${expected%/expected.json}
    name=${dir#"$vectors"/}
    verdict=$(member "$expected" verdict)
    [ -n "$verdict" ] || continue
    at=$(member "$expected" verify_at)
    at=${at:-2026-06-01T00:00:00Z}
    options=(--evidence "$dir/report.bin" --chain "$dir/chain.pem")
    [ -f "$dir/runtime-data.json" ] && options+=(--runtime-data "$dir/runtime-data.json" --runtime-data-type json)
    [ -f "$dir/init-time-data.bin" ] && options+=(--init-time-data "$dir/init-time-data.bin")
    [ -f "$dir/uvm-endorsement.cose" ] && options+=(--endorsements "$dir/uvm-endorsement.cose")
    case $name in
    test-root/*)
        judge "$name without --trust-root" reject "" "${options[@]}"
        options+=(--trust-root "$vectors/test-root/ark.pem")
        ;;
    esac
    judge "$name" "$verdict" "" "${options[@]}"
done

# The lists of the test root: good and empty, naming the ASK, of a stranger's key.
dir=$vectors/test-root/debug at=2026-06-01T00:00:00Z
options=(--evidence "$dir/report.bin" --chain "$dir/chain.pem" --trust-root "$vectors/test-root/ark.pem" --collateral "$work")
cp "$vectors/test-root/ark.pem" "$work/vcek_chain.pem"
while read -r list verdict code; do
    cp "$vectors/test-root/$list" "$work/vcek_crl.der"
    judge "$list" "$verdict" "$code" "${options[@]}"
done <<'EOF'
crl-empty.der accept
crl-ask-revoked.der reject VCEK_REVOKED
crl-wrong-key.der reject CRL_SIGNATURE_INVALID
EOF
echo "cases sevsnp-cli passed $passed failed $failed skipped 0"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
