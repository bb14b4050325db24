#!/bin/bash
# The programs of docs/verify-a-token.md, cut out of the page and run as they stand: against a real attestd, with a good
# token and with wrong ones. snippets.sh ATTESTD ATTESTCTL; a language that is not here is skipped by name.
set -u
attestd=$1; attestctl=$2
here=$(cd "$(dirname "$0")" && pwd)
source_dir=${ATTESTD_SOURCE:-$here/../..}
page=$source_dir/docs/verify-a-token.md
work=${ATTESTD_BUILD:-$source_dir/build}/clients
run=$(mktemp -d)
pids=()
finish() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done; rm -rf "$run"; }
trap finish EXIT
unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY
export NO_PROXY='*' no_proxy='*'

cut_out() { awk -v from="\`\`\`$1" '$0 == from { on = 1; next } on && /^```/ { exit } on' "$page" >"$2"; [ -s "$2" ] || { echo "no $1 on the page"; exit 1; }; }
cut_out python "$run/check.py"
cut_out js "$run/check.mjs"
cut_out c "$run/check.c"

start() { # start NAME: a server of its own, sets url
    "$attestd" --dev --data "$run/$1" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 >"$run/$1.out" 2>"$run/$1.log" &
    pids+=($!)
    for _ in $(seq 600); do
        url=$(sed -n "s/^attestd ready //p" "$run/$1.out" 2>/dev/null)
        [ -n "$url" ] && return 0
        kill -0 "${pids[-1]}" 2>/dev/null || break
        sleep 0.05
    done
    echo "attestd did not become ready"; cat "$run/$1.log"; exit 1
}
attest() { # attest NAME OUT OPTIONS...: a token of that server
    local name=$1 out=$2; shift 2
    "$attestctl" evidence make sgx --data "$run/$name" --out "$run/$out.lab" "$@" >/dev/null &&
        "$attestctl" attest sgx --url "$url" --ca "$run/$name/dev/ca.pem" --evidence "$run/$out.lab/quote.bin" --nonce 42 >"$run/$out" || exit 1
}
b64url() { basenc --base64url -w0 | tr -d '='; }
unb64url() { local text=$1; while [ $((${#text} % 4)) != 0 ]; do text=$text=; done; printf %s "$text" | basenc --base64url -d; }

start other; attest other other.token
start dev; attest dev good.token; attest dev debug.token --debug
export SSL_CERT_FILE=$run/dev/dev/ca.pem NODE_EXTRA_CA_CERTS=$run/dev/dev/ca.pem ISSUER=$url NONCE=42 TEST_HARDWARE=1
MRENCLAVE=$(head -c 144 "$run/good.token.lab/quote.bin" | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
export MRENCLAVE

# The wrong tokens. All but the last of a kind have the claims of the good one.
IFS=. read -r head payload signature <"$run/good.token"
header=$(unb64url "$head")
changed=A; [ "${signature:10:1}" != A ] || changed=B
printf '%s.%s.%s%s%s' "$head" "$payload" "${signature:0:10}" $changed "${signature:11}" >"$run/flipped"
printf '%s.%s.' "$(printf '{"alg":"none","typ":"JWT"}' | b64url)" "$payload" >"$run/unsigned"
printf '%s.%s.%s' "$head" "$(unb64url "$payload" | sed 's/"x-ms-sgx-svn":[0-9]*/"x-ms-sgx-svn":99/' | b64url)" "$signature" >"$run/changed"
openssl genrsa -out "$run/mine.pem" 2048 2>/dev/null
sign() { # sign HEADER: the good claims, signed by a key of ours
    local input; input=$(printf %s "$1" | b64url).$payload
    printf '%s.%s' "$input" "$(printf %s "$input" | openssl dgst -sha256 -sign "$run/mine.pem" | b64url)"
}
with_jku() { printf %s "$header" | sed 's|"jku":"[^"]*"|"jku":"https://localhost:1/certs"|'; }
sign "$(with_jku)" >"$run/jku"
sign '{"alg":"RS256","kid":"mine","jku":"https://localhost:1/certs","typ":"JWT"}' >"$run/jku-kid"
# The issuer's public key, which everybody has, as the secret of an HMAC.
curl --silent --fail --cacert "$SSL_CERT_FILE" "$url/certs" >"$run/certs" || exit 1
input=$(printf %s "$header" | sed 's/"alg":"RS256"/"alg":"HS256"/' | b64url).$payload
printf '%s.%s' "$input" "$(printf %s "$input" | openssl dgst -sha256 -hmac "$(cat "$run/certs")" -binary | b64url)" >"$run/hmac"

# What makes nine hours of a program's clock, and leaves the machine's alone.
cat >"$run/late.py" <<'PYTHON'
import datetime, sys
real = datetime.datetime
class Late(real):
    @classmethod
    def now(cls, tz=None): return real.now(tz) + datetime.timedelta(hours=9)
    @classmethod
    def utcnow(cls): return real.utcnow() + datetime.timedelta(hours=9)
datetime.datetime = Late
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"))
PYTHON
echo 'const now = Date.now; Date.now = () => now() + 9 * 3600 * 1000;' >"$run/late.mjs"

cases() { # cases LANGUAGE: PROGRAM and LATE are arrays that run the snippet
    local language=$1 passed=0 failed=0
    try() { # try NAME yes|no TOKEN-FILE COMMAND...
        local name=$1 want=$2 token=$3 got=no; shift 3
        "$@" <"$token" >"$run/$language.said" 2>&1 && grep -qx yes "$run/$language.said" && got=yes; [ -z "${SHOW:-}" ] || tail -n 1 "$run/$language.said"
        if [ $got = "$want" ]; then passed=$((passed + 1))
        else failed=$((failed + 1)); echo "FAILED $language: $name: $got; $(tail -c 300 "$run/$language.said")"; fi
    }
    try "a good token" yes "$run/good.token" "${program[@]}"
    try "J4: one bit of the signature" no "$run/flipped" "${program[@]}"
    try "J20: a claim changed" no "$run/changed" "${program[@]}"
    try "J1: not signed" no "$run/unsigned" "${program[@]}"
    try "J2: the public key as a secret" no "$run/hmac" "${program[@]}"
    try "J6: foreign jku, kid of the issuer" no "$run/jku" "${program[@]}"
    try "J6: foreign jku, kid of its own" no "$run/jku-kid" "${program[@]}"
    try "J14: another issuer" no "$run/other.token" "${program[@]}"
    try "J13: nine hours later" no "$run/good.token" "${late[@]}"
    try "a debug build" no "$run/debug.token" "${program[@]}"
    try "J17: another nonce" no "$run/good.token" env NONCE=43 "${program[@]}"
    try "another program" no "$run/good.token" env MRENCLAVE="$(printf %064d 7)" "${program[@]}"
    try "test hardware" no "$run/good.token" env TEST_HARDWARE=0 "${program[@]}"
    try "J14: the same keys, another name of the issuer" no "$run/good.token" env ISSUER="${url/localhost/LOCALHOST}" "${program[@]}"
    echo "cases snippets.$language passed $passed failed $failed skipped 0"
    [ $failed = 0 ]
}
skip() { echo "skipped snippets.$1: $2"; echo "cases snippets.$1 passed 0 failed 0 skipped 1"; }

status=0
if /usr/bin/python3 -c 'import jwt, cryptography' 2>/dev/null; then
    (program=(/usr/bin/python3 "$run/check.py") late=(/usr/bin/python3 "$run/late.py" "$run/check.py"); cases python) >"$run/python.cases" 2>&1 &
    python=$!
else
    skip python "python3-jwt or python3-cryptography is missing" >"$run/python.cases"; python=""
fi
. "$here/node.sh"
if find_node "$work"; then
    (program=("$node" "$run/check.mjs") late=("$node" --import "file://$run/late.mjs" "$run/check.mjs"); cases node) || status=1
else
    skip node "$node_missing"
fi
[ -z "$python" ] || wait "$python" || status=1
cat "$run/python.cases"
if cc -std=c11 -Wall -Wextra -Werror -I"$source_dir/include" -c "$run/check.c" -o "$run/check.o" 2>&1; then echo "cases snippets.c passed 1 failed 0 skipped 0"
else echo "cases snippets.c passed 0 failed 1 skipped 0"; status=1; fi
exit $status
