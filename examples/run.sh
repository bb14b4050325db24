#!/bin/bash
# Runs one example on evidence, tokens and policies made for it, the good one and broken ones.
#   run.sh verify_quote|check_token|relying_party|policy_try EXAMPLES_BIN ATTESTCTL ATTESTD
set -u
[ $# = 4 ] || { echo "usage: run.sh EXAMPLE EXAMPLES_BIN ATTESTCTL ATTESTD" >&2; exit 2; }
example=$1 program=$2/$1 attestctl=$3 attestd=$4
work=$(mktemp -d) || exit 1
server=""
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
    rm -rf "$work"
}
trap finish EXIT
passed=0 failed=0
stdin=/dev/null

# want STATUS TEXT ARGUMENT...: the example ends with STATUS and says TEXT.
want() {
    local status=$1 text=$2 got
    shift 2
    "$program" "$@" >"$work/said" 2>&1 <"$stdin"
    got=$?
    if [ "$got" = "$status" ] && grep -qF -e "$text" "$work/said"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $example $*"
        echo "  status $got, wanted $status and \"$text\"; it said: $(head -c 500 "$work/said")"
    fi
}
give_up() { echo "$1" >&2; cat "$work/log" >&2 2>/dev/null; exit 1; }

verify_quote() {
    local at=1790000000 when=2026-09-21T14:13:20Z lab=$work/lab bad=$work/bad other=$work/other
    "$attestctl" evidence make sgx --at $when --out "$lab" >/dev/null || give_up "no evidence"
    "$attestctl" evidence make sgx --at $when --out "$bad" --break quote-signature >/dev/null || give_up "no evidence"
    "$attestctl" evidence make sgx --at $when --out "$other" >/dev/null || give_up "no evidence"
    want 0 "yes: TCB UpToDate, under a test root" "$lab/quote.bin" "$lab" $at "$lab/root_ca.pem"
    want 0 "mrenclave e1e1" "$lab/quote.bin" "$lab" $at "$lab/root_ca.pem"
    want 1 "no: ROOT_UNTRUSTED" "$lab/quote.bin" "$lab" $at
    want 1 "no: QUOTE_SIGNATURE_INVALID" "$bad/quote.bin" "$bad" $at "$bad/root_ca.pem"
    want 1 "no: " "$lab/quote.bin" "$other" $at "$lab/root_ca.pem"
    want 1 "_EXPIRED" "$lab/quote.bin" "$lab" 4000000000 "$lab/root_ca.pem"
    want 1 "_NOT_YET_VALID" "$lab/quote.bin" "$lab" 1000000000 "$lab/root_ca.pem"
    head -c 1000 "$lab/quote.bin" >"$work/short"
    want 1 "no: QUOTE_LENGTH" "$work/short" "$lab" $at "$lab/root_ca.pem"
    printf '%s\n' '-----BEGIN CERTIFICATE-----' AAAA '-----END CERTIFICATE-----' >"$work/root"
    want 3 "could not tell" "$lab/quote.bin" "$lab" $at "$work/root"
    want 3 "that can be read" "$lab/quote.bin" "$work/none" $at
    want 2 "usage" "$lab/quote.bin" "$lab" soon
    want 2 "usage"
}

# Sets url, ca; leaves a token with the nonce 42 in $token.
attested() {
    url="" ca=$work/data/dev/ca.pem token=$work/token
    "$attestd" --dev --data "$work/data" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
    server=$!
    for _ in $(seq 600); do
        url=$(sed -n 's/^attestd ready //p' "$work/out")
        [ -z "$url" ] || break
        kill -0 "$server" 2>/dev/null || give_up "attestd ended"
        sleep 0.05
    done
    [ -n "$url" ] || give_up "attestd did not become ready"
    "$attestctl" evidence make sgx --data "$work/data" --out "$work/lab" >/dev/null || give_up "no evidence"
    "$attestctl" attest sgx --url "$url" --ca "$ca" --evidence "$work/lab/quote.bin" --nonce 42 >"$token" ||
        give_up "no token"
}

# The tenth character of the signature, to one that is another.
forge() {
    local text signature changed=A
    text=$(cat "$token") && signature=${text##*.}
    [ "${signature:10:1}" != A ] || changed=B
    printf '%s.%s%s%s' "${text%.*}" "${signature:0:10}" $changed "${signature:11}" >"$work/forged"
}

check_token() {
    local jwks=$work/jwks now
    attested
    curl --silent --fail --noproxy '*' --cacert "$ca" --output "$jwks" "$url/certs" || give_up "no key set"
    now=$(date +%s)

    want 0 "yes: signed with RS256" "$token" "$jwks" "$url" "$now"
    want 0 '"nonce":"42"' "$token" "$jwks" "$url" "$now" nonce=42 x-ms-attestation-type=sgx x-ms-sgx-is-debuggable=false
    want 1 "no: TOKEN_CLAIM" "$token" "$jwks" "$url" "$now" nonce=43
    want 1 "no: TOKEN_CLAIM" "$token" "$jwks" "$url" "$now" no-such-claim=1
    want 1 "no: TOKEN_ISSUER" "$token" "$jwks" https://elsewhere.example "$now"
    want 1 "no: TOKEN_EXPIRED" "$token" "$jwks" "$url" $((now + 9 * 3600))
    want 1 "no: TOKEN_NOT_YET_VALID" "$token" "$jwks" "$url" $((now - 3600))
    want 1 "no: TOKEN_KEYS_INVALID" "$token" "$token" "$url" "$now"
    forge
    want 1 "no: TOKEN_SIGNATURE_INVALID" "$work/forged" "$jwks" "$url" "$now"
    # alg none under the same claims: nobody asked for unsigned tokens.
    local text payload
    text=$(cat "$token") && payload=${text#*.}
    printf '%s.%s.' "$(printf '{"alg":"none","typ":"JWT"}' | base64 -w0 | tr -d =)" "${payload%.*}" >"$work/none"
    want 1 "no: TOKEN_" "$work/none" "$jwks" "$url" "$now"
    want 2 "CLAIM=VALUE" "$token" "$jwks" "$url" "$now" nonce
    want 2 "usage" "$token" "$jwks" "$url"
}

relying_party() {
    local mrenclave other
    attested
    mrenclave=$(head -c 144 "$work/lab/quote.bin" | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
    other=$(printf %064d 7)
    echo "the secret word" >"$work/secret"
    forge

    stdin=$token
    want 0 "the secret word" --test-hardware "$work/secret" "$url" "$ca" "$mrenclave" 42
    want 1 "no: TOKEN_CLAIM at x-attestd-unsafe" "$work/secret" "$url" "$ca" "$mrenclave" 42
    want 1 "no: TOKEN_CLAIM at nonce" --test-hardware "$work/secret" "$url" "$ca" "$mrenclave" 43
    want 1 "no: TOKEN_CLAIM at x-ms-sgx-mrenclave" --test-hardware "$work/secret" "$url" "$ca" "$other" 42
    want 1 "no: TOKEN_ISSUER" --test-hardware "$work/secret" https://elsewhere.example "$ca" "$mrenclave" 42
    want 3 "could not tell: IO_FAILED" --test-hardware "$work/secret" "$url" "$token" "$mrenclave" 42
    want 3 "could not tell: TOKEN_KEYS_INVALID" --test-hardware "$work/secret" http://plain.example "$ca" "$mrenclave" 42
    want 2 "usage" --test-hardware "$work/secret" "$url" "$ca" "$mrenclave"
    stdin=$work/forged
    want 1 "no: TOKEN_SIGNATURE_INVALID" --test-hardware "$work/secret" "$url" "$ca" "$mrenclave" 42
    stdin=/dev/null
    want 1 "no: TOKEN_MALFORMED" --test-hardware "$work/secret" "$url" "$ca" "$mrenclave" 42
    # A debug build of the same program.
    "$attestctl" evidence make sgx --data "$work/data" --out "$work/debug" --debug >/dev/null || give_up "no evidence"
    "$attestctl" attest sgx --url "$url" --ca "$ca" --evidence "$work/debug/quote.bin" --nonce 42 >"$token" || give_up "no token"
    stdin=$token
    want 1 "no: TOKEN_CLAIM at x-ms-sgx-is-debuggable" --test-hardware "$work/secret" "$url" "$ca" "$mrenclave" 42
    grep -q "secret word" "$work/said" && failed=$((failed + 1))
    kill "$server"; wait "$server" 2>/dev/null; server=""
    want 3 "could not tell: IO_FAILED" --test-hardware "$work/secret" "$url" "$ca" "$mrenclave" 42
}

policy_try() {
    cat >"$work/policy" <<'POLICY'
version=1.0;
authorizationrules
{
    [type=="debuggable", value==true] => deny();
    [type=="svn", value>=3] => permit();
};
issuancerules
{
    c:[type=="svn"] => issue(type="version", value=c.value);
};
POLICY
    echo '{"svn":3,"debuggable":false}' >"$work/good"
    echo '{"svn":2,"debuggable":false}' >"$work/old"
    echo '{"svn":3,"debuggable":true}' >"$work/debug"
    echo '{"svn":3,"svn":4}' >"$work/twice"
    echo 'version=1.0; authorizationrules { => permit() };' >"$work/broken"
    want 0 "yes: permitted" "$work/policy" "$work/good"
    want 0 "issued  version = 3" "$work/policy" "$work/good"
    want 0 "rule    line 5, permit, fired" "$work/policy" "$work/good"
    want 1 "no: POLICY_NO_PERMIT" "$work/policy" "$work/old"
    want 1 "no: POLICY_DENIED" "$work/policy" "$work/debug"
    want 3 "POLICY_SYNTAX at policy:1:" "$work/broken" "$work/good"
    want 3 "JSON_DUPLICATE" "$work/policy" "$work/twice"
    want 3 "JSON_SYNTAX" "$work/policy" "$work/policy"
    want 2 "usage" "$work/policy"
}

case $example in
verify_quote | check_token | relying_party | policy_try) "$example" ;;
*) echo "no such example: $example" >&2; exit 2 ;;
esac
echo "cases example_$example passed $passed failed $failed skipped 0"
[ "$failed" = 0 ]
