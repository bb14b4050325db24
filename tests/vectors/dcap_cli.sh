#!/bin/bash
# attestctl ($1) against the folders of VECTORS/sgx or VECTORS/tdx ($2 says which, $3 is VECTORS): quote.bin by `verify sgx` or
# `verify tdx`, report.bin by `verify open-enclave`, each by what its expected.json says. Ends with
# "cases sgx-cli passed P failed F skipped S"; status 77 when there are no vectors.
set -u
[ $# -ge 2 ] && [ -x "$1" ] || { echo "usage: dcap_cli.sh ATTESTCTL sgx|tdx [VECTORS]" >&2; exit 2; }
attestctl=$1 tee=$2
vectors=${3:-${ATTESTD_VECTORS:-${ATTESTD_SOURCE:-.}/../shared/vectors}}/$tee
if [ ! -d "$vectors" ]; then
    echo "skipped $tee-cli: no vectors at ${vectors%/"$tee"}"
    echo "cases $tee-cli passed 0 failed 0 skipped 1"
    exit 77
fi
passed=0 failed=0 skipped=0
answer=

# The first member of this name, as text; empty for null. Enough for these flat files and for our own compact answer.
member() { sed -n 's/.*"'"$2"'": *"\([^"]*\)".*/\1/p' "$1" | head -1; }
answered() { printf '%s\n' "$answer" | sed -n "s/$1/\\1/p" | head -1; }
# Texts of an array that may stand on several lines.
list() { tr -d '\n' < "$1" | sed -n 's/.*"'"$2"'": *\[\([^]]*\)\].*/\1/p' | grep -o '"[^"]*"' | tr -d '"'; }

judge() { # name, type, evidence, want (accept or reject), status, errors...
    local name=$1 type=$2 file=$3 want=$4 tcb=$5 status verdict code got_tcb
    shift 5
    answer=$("$attestctl" verify "$type" --evidence "$file" --collateral "$dir" --at "$at" --json "${extra[@]}" 2>&1)
    status=$?
    verdict=$(answered '^{"verdict":"\([a-z]*\)".*')
    code=$(answered '^{"verdict":"[a-z]*","error":{"code":"\([A-Z0-9_]*\)".*')
    got_tcb=$(answered '.*"tcb":{"status":"\([A-Za-z]*\)".*')
    if [ "$want" = accept ]; then
        [ "$status" = 0 ] && [ "$verdict" = accepted ] && [ -z "$code" ] || { no "$name" "wanted accepted"; return; }
    else
        [ "$status" = 1 ] && [ "$verdict" = refused ] || { no "$name" "wanted refused"; return; }
        case " $* " in *" $code "*) [ -n "$code" ] ;; *) false ;; esac || { no "$name" "wanted $*"; return; }
    fi
    if [ -n "$tcb" ] && [ "$got_tcb" != "$tcb" ]; then
        no "$name" "wanted TCB status $tcb"
        return
    fi
    passed=$((passed + 1))
}
no() {
    failed=$((failed + 1))
    echo "FAILED $1: $2; status $status, $(printf '%s' "$answer" | head -c 400)"
}

for dir in "$vectors"/*/; do
    dir=${dir%/}
    name=$(basename "$dir")
    expected=$dir/expected.json
    [ -f "$expected" ] || continue
    verdict=$(member "$expected" expected_verdict)
    [ -n "$verdict" ] || { skipped=$((skipped + 1)); echo "skipped $name: facts only, no expected_verdict"; continue; }
    # `evaluation.at` where there is one, else `at`.
    at=$(tr -d '\n' < "$expected" | sed -n 's/.*"evaluation": *{[^}]*"at": *"\([^"]*\)".*/\1/p')
    at=${at:-$(member "$expected" at)}
    at=${at:-2026-06-01T00:00:00Z}
    want=reject
    [ "$verdict" = accept_crypto ] && want=accept
    errors="$(member "$expected" expected_error) $(list "$expected" also_acceptable_errors | tr '\n' ' ')"
    tcb=$(member "$expected" expected_tcb_status)
    [ "$tcb" != TCB_NOT_SUPPORTED ] || tcb= # below every level: there is no status, and the code says so
    # A mismatch of bound data is diagnosed to the end: the refusal still says the platform's level.
    data_mismatch=$(member "$expected" expected_error)
    [ "$data_mismatch" = RUNTIME_DATA_MISMATCH ] || data_mismatch=
    extra=()
    [ -f "$dir/runtime_data.bin" ] && extra+=(--runtime-data "$dir/runtime_data.bin")
    root=()
    [ -n "$(member "$expected" trust_root)" ] && root=(--trust-root "$dir/root_ca.pem")
    extra+=("${root[@]}")

    in_header=
    case " $errors " in *" OE_"*) in_header=yes ;; esac
    if [ -n "$in_header" ]; then
        extra_kept=("${extra[@]}")
        judge "$name quote.bin" "$tee" "$dir/quote.bin" accept ""
        extra=("${extra_kept[@]}")
    else
        judge "$name quote.bin" "$tee" "$dir/quote.bin" "$want" "$tcb" $errors
    fi
    if [ -f "$dir/report.bin" ]; then
        case $name in
        # The layout of oe_get_evidence, version 3, which the operation for reports does not take.
        *attestation-header-v3) judge "$name report.bin" open-enclave "$dir/report.bin" reject "" OE_HEADER_VERSION ;;
        *) judge "$name report.bin" open-enclave "$dir/report.bin" "$want" "$tcb" $errors ;;
        esac
    fi
    # A test root counts only when it is named.
    if [ ${#root[@]} -gt 0 ] && [ "$want" = accept ]; then
        extra=()
        judge "$name without --trust-root" "$tee" "$dir/quote.bin" reject "" ROOT_UNTRUSTED
    fi
    # Without the data, its binding is not judged.
    if [ -n "$data_mismatch" ]; then
        extra=("${root[@]}")
        judge "$name without data" "$tee" "$dir/quote.bin" accept "$tcb"
    fi
done
echo "cases $tee-cli passed $passed failed $failed skipped $skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
