#!/bin/bash
# attestctl ($1) verify tpm against the requests of VECTORS/tpm ($2), each by verdict and code. What the claims must be is the
# library's test (tpm_requests_test). Ends with "cases tpm-cli passed P failed F skipped S"; status 77 when there are no vectors.
set -u
[ $# -ge 1 ] && [ -x "$1" ] || { echo "usage: tpm_cli.sh ATTESTCTL [VECTORS]" >&2; exit 2; }
attestctl=$1
vectors=${2:-${ATTESTD_VECTORS:-${ATTESTD_SOURCE:-.}/../shared/vectors}}/tpm
if [ ! -d "$vectors" ]; then
    echo "skipped tpm-cli: no vectors at ${vectors%/tpm}"
    echo "cases tpm-cli passed 0 failed 0 skipped 1"
    exit 77
fi
passed=0 failed=0
answer=

judge() { # name, folder, status, text that the answer must hold, options...
    local name=$1 folder=$2 want=$3 text=$4
    shift 4
    answer=$("$attestctl" verify tpm --json --at 2026-11-22T00:00:00Z --request "$vectors/$folder/request.jws" "$@" 2>&1)
    status=$?
    case $status:$answer in
    "$want":*"$text"*) passed=$((passed + 1)) ;;
    *)
        failed=$((failed + 1))
        echo "FAILED $name: wanted $want with $text; status $status, $(printf '%s' "$answer" | head -c 400)"
        ;;
    esac
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
config() { # name, properties
    echo "version=1.2;configurationrules{$2};authorizationrules{=>permit();};issuancerules{};" >"$work/$1"
}
config mask '=>issueproperty(type="required_pcr_mask",value=1023);'
config any-key '=>issueproperty(type="required_pcr_mask",value=1023);=>issueproperty(type="require_valid_aik_cert",value=false);'
# base64url of vm-uki-nosb/challenge.hex
challenge=$(sed 's/../\\x&/g' "$vectors/vm-uki-nosb/challenge.hex" | tr -d '\n' | xargs -0 printf '%b' | base64 -w0 | tr '+/' '-_' | tr -d '=')

while read -r folder status text options; do
    # shellcheck disable=SC2086 # options are words
    judge "$folder $options" "request-v2-$folder" "$status" "$text" --aik-root "$vectors/aik-ca.pem" ${options//WORK/$work}
done <<EOF
uki-nosb 0 {"verdict":"accepted"
uki-nosb 0 {"verdict":"accepted" --expect-challenge $challenge
uki-nosb 1 TPM_CHALLENGE_MISMATCH --expect-challenge AAAA
uki-nosb 2 expect-challenge --expect-challenge (
grub-secureboot 0 {"verdict":"accepted" --expect-challenge $challenge
bad-log-digest 1 EVENT_LOG_REPLAY_MISMATCH
bad-log-body 0 {"verdict":"accepted"
forged-secureboot 0 {"verdict":"accepted"
forged-ima 1 IMA_LOG_MISMATCH
bad-quote 1 TPM_QUOTE_SIGNATURE_INVALID --policy WORK/mask
bad-challenge 1 TPM_EXTRA_DATA_MISMATCH --policy WORK/mask
bad-challenge 1 TPM_CHALLENGE_MISMATCH --policy WORK/mask --expect-challenge $challenge
bad-jws 1 TPM_REQUEST_SIGNATURE_INVALID --policy WORK/mask
untrusted-aik 1 AIK_UNTRUSTED --policy WORK/mask
untrusted-aik 0 "require_valid_aik_cert":false --policy WORK/any-key
untrusted-aik 1 EVENT_LOG_REPLAY_MISMATCH --aik-root $vectors/untrusted-aik-ca.pem
aikcert-mismatch 1 AIK_MISMATCH --policy WORK/mask
aikcert-mismatch 1 AIK_MISMATCH --policy WORK/any-key
uki-nosb 2 collateral --collateral WORK
uki-nosb 2 evidence --evidence WORK/mask
EOF
judge "no root" request-v2-uki-nosb 1 AIK_UNTRUSTED
# Both authorities in one file, and as intermediates, which are trusted for nothing.
cat "$vectors/untrusted-aik-ca.pem" "$vectors/aik-ca.pem" >"$work/both.pem"
judge "two roots in one file" request-v2-uki-nosb 0 '{"verdict":"accepted"' --aik-root "$work/both.pem"
judge "two files" request-v2-uki-nosb 0 '{"verdict":"accepted"' --aik-root "$vectors/untrusted-aik-ca.pem" --aik-root "$vectors/aik-ca.pem"
judge "an intermediate is no root" request-v2-uki-nosb 1 AIK_UNTRUSTED --aik-intermediates "$vectors/aik-ca.pem"
echo "cases tpm-cli passed $passed failed $failed skipped 0"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
