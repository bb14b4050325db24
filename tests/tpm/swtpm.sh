#!/bin/bash
# The TPM protocol end to end, on a real TPM 2.0 in software and through the REST interface: enrolment, measurements, a token;
# then everything that must not get one. Usage: swtpm.sh ATTESTCTL ATTESTD
set -u
attestctl=$(readlink -f "$1") attestd=$(readlink -f "$2")
if ! command -v swtpm > /dev/null || ! command -v swtpm_setup > /dev/null; then
    echo "cases swtpm passed 0 failed 0 skipped 1"
    echo "skipped: swtpm and swtpm_setup are not installed (scripts/install-deps check)"
    exit 77
fi
life_s=7 # of a challenge: long enough to answer on a busy machine
work=$(mktemp -d "${TMPDIR:-/tmp}/attestd-swtpm-XXXXXX")
cd "$work" || exit 1
export HOME=$work XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
server="" tpm=""
finish() {
    for pid in $tpm $server; do kill "$pid" && wait "$pid"; done 2> "$work/ended"
    rm -rf "$work"
}
trap finish EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED swtpm: $1"; }
stop() {
    echo "swtpm: $1" >&2
    tail -n 5 "$work/log" "$work/setup.log" "$work/err" >&2
    echo "cases swtpm passed $passed failed $((failed + 1)) skipped 0"
    exit 1
}
# case NAME STATUS TEXT COMMAND...: what it answers holds TEXT. Its standard output is in ./out.
case_() {
    local name=$1 status=$2 text=$3 is
    shift 3
    "$@" > out 2> err
    is=$?
    if [ "$is" != "$status" ]; then
        bad "$name: status $is, wanted $status"
        head -c 1500 out err
    elif [ -n "$text" ] && ! cat out err | grep -qF -e "$text"; then
        bad "$name: no \"$text\""
        head -c 1500 out err
    else
        good
    fi
}
ctl() { "$attestctl" "$@"; }
tpm_() { local verb=$1; shift; "$attestctl" tpm "$verb" --tcti "swtpm:path=$work/tpm.sock" "$@"; }
measure() { tpm_ extend --event-log boot.log "$@" > out 2> err || { bad "extend $*"; cat err; }; }

# -- the machine: a TPM with an endorsement certificate of a manufacturer that is made up with it
mkdir tpm ca
printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\ncertserial = %s/certserial\n' \
    "$work/ca" "$work/ca" "$work/ca" "$work/ca" > localca.conf
printf -- '--platform-manufacturer Test\n--platform-version 1\n--platform-model test\n' > localca.options
printf 'create_certs_tool= /usr/bin/swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/localca.options\nactive_pcr_banks = sha1,sha256\n' \
    "$work" "$work" > setup.conf
swtpm_setup --tpm-state tpm --tpm2 --create-ek-cert --lock-nvram --config setup.conf --pcr-banks sha1,sha256 --logfile setup.log > out 2> err ||
    stop "swtpm_setup failed"
swtpm socket --tpm2 --tpmstate dir="$work/tpm" --server type=unixio,path="$work/tpm.sock" \
    --ctrl type=unixio,path="$work/tpm.sock.ctrl" --flags not-need-init,startup-clear 2> swtpm.log &
tpm=$!

# -- the service, which knows that manufacturer
cat > attestd.conf << CONF
[attestd]
tpm_ek_roots = $work/ca/swtpm-localca-rootca-cert.pem
tpm_ek_intermediates = $work/ca/issuercert.pem
tpm_challenge_lifetime_s = $life_s
CONF
: > ready
"$attestd" --dev --config attestd.conf --data data --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 > ready 2> log &
server=$!
url=""
for _ in $(seq 600); do
    url=$(sed -n 's/^attestd ready //p' ready)
    [ -z "$url" ] || break
    kill -0 "$server" 2> err || stop "attestd ended"
    sleep 0.05
done
[ -n "$url" ] || stop "attestd did not become ready"
ctl login --dev data --as owner > out 2> err || stop "login"
cat > strict.policy << 'POLICY'
version= 1.2;
configurationrules {
    => issueproperty(type="required_pcr_mask", value=16777215);
    => issueproperty(type="require_valid_aik_cert", value=true);
};
authorizationrules {
    c:[type=="aikValidated", value==true] && [type=="secureBootEnabled", value==true] => permit();
};
issuancerules {
    c:[type=="events", issuer=="AttestationService"] => add(type="ours", value=JmesPath(c.value, "Events[?PcrIndex == `14`]"));
    c:[type=="ours", issuer=="AttestationPolicy"] => issue(type="measured", value=JsonToClaimValue(JmesPath(c.value, "length(@)")));
    c:[type=="secureBootEnabled", issuer=="AttestationService"] => issue(type="secureBoot", value=c.value);
};
POLICY
ctl group create lab --location local > out 2> err || stop "group create"
ctl provider create other --group lab --location local > out 2> err || stop "provider create"
ctl policy set Tpm strict.policy > out 2> err || stop "policy set"
ctl policy set Tpm strict.policy --provider other --group lab > out 2> err || stop "policy set"

# -- before there is a key
case_ "nothing to quote with" 2 "attestctl tpm enroll" tpm_ quote --out none
case_ "nothing to attest with" 2 "attestctl tpm enroll" tpm_ attest
case_ "no TPM there" 3 "tpm.connect" "$attestctl" tpm enroll --tcti "swtpm:path=$work/nobody.sock"
case_ "a key in another place" 2 "rsa or ecc" tpm_ enroll --key-type dsa
case_ "registers that are none" 2 "sha256:0,1,7" tpm_ attest --pcrs sha256:24
case_ "no ECC certificate on this TPM" 3 "--ek-cert" tpm_ enroll --ek ecc
case_ "nobody's TPM" 1 "401" tpm_ enroll --anonymous --url "$url" --ca data/dev/ca.pem

case_ "data that is no base64url" 2 "rp-data" tpm_ attest --rp-data "a b"
case_ "a claim without a name" 2 "NAME=VALUE" tpm_ attest --custom =x
case_ "sent and not sent" 2 "--dry-run" tpm_ attest --send x --dry-run
case_ "no request" 2 "--dry-run" tpm_ attest --send strict.policy
case_ "two things to measure" 2 "both" tpm_ extend --pcr 14 --text x --data strict.policy
case_ "a register that is none" 2 "0 to 23" tpm_ extend --pcr 24 --text x
case_ "a log that cannot be written, so nothing is extended" 3 "event-log" tpm_ extend --pcr 14 --text x --event-log none/boot.log

# -- enrolment
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.TEST-KEY.pem -out other.der -outform DER -days 2 \
    -subj "/CN=TPM of nobody" -addext "extendedKeyUsage=2.23.133.8.1" > out 2>&1
case_ "enrolled with a certificate of nobody's TPM" 1 "EK_" tpm_ enroll --ek-cert other.der
[ ! -e state/attestctl/tpm ] && good || bad "a refused enrolment left something behind"
case_ "enrolled" 0 '"newKey":true' tpm_ enroll --json
state=state/attestctl/tpm
[ "$(stat -c %a $state $state/aik.tpm2b_private | tr '\n' ' ')" = "700 600 " ] && good || bad "others may read the state"
openssl x509 -inform DER -in $state/aik_cert.der -noout -text > out 2> err
grep -q '2.23.133.8.3' out && good || bad "the certificate is not one of an attestation key"
case_ "the same key again" 0 '"newKey":false' tpm_ enroll --json
case_ "another key, P-256" 0 '"newKey":true' tpm_ enroll --json --state second --key-type ecc
started=$(date +%s)
case_ "made, and sent too late" 0 "" tpm_ attest --dry-run --request late.jws

# -- a boot: SecureBoot is on, and something of ours in PCR 14
printf '\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c\x0a\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\x01' > secureboot
printf '\0\0\0\0' > separator
measure --pcr 7 --type 0x80000001 --data secureboot
for pcr in 0 1 2 3 4 5 6 7; do measure --pcr $pcr --type 4 --data separator; done
measure --pcr 14 --text "one of ours"

# -- the token
token() { # token NAME FILE MEASURED
    case_ "$1: a token that a relying party takes" 0 "valid" "$attestctl" token verify "$2" --allow-unsafe --issuer "$url" --ca data/dev/ca.pem \
        --expect x-ms-attestation-type=tpm --expect secureBoot=true --expect "measured=$3" --expect rp_data=Zm9v
}
case_ "attested" 0 "" tpm_ attest --event-log boot.log --rp-data Zm9v --rp-id https://relying.example --custom site=lab --ca data/dev/ca.pem \
    --request sent.jws --out token
token "attested" token 1
awk '/BEGIN/ { n++ } n == 2' $state/aik_chain.pem > authority.pem
case_ "judged without the service" 0 "accepted" "$attestctl" verify tpm --request sent.jws --aik-root authority.pem --policy strict.policy
case_ "replayed" 1 "TPM_CHALLENGE_USED" "$attestctl" tpm attest --send sent.jws
for key in tpm tpm-ecc; do
    case_ "request key: $key" 0 "" tpm_ attest --event-log boot.log --rp-data Zm9v --key $key --out token
    token "request key: $key" token 1
done
case_ "attestation key: P-256" 0 "" tpm_ attest --state second --event-log boot.log --rp-data Zm9v --out token
token "attestation key: P-256" token 1
case_ "both banks" 0 "" tpm_ attest --event-log boot.log --rp-data Zm9v --pcrs sha1+sha256 --out token
token "both banks" token 1

# -- what gets none
case_ "made for one provider" 0 "" tpm_ attest --event-log boot.log --dry-run --request moved.jws
case_ "moved to another provider" 1 "TPM_CONTEXT_INVALID" "$attestctl" tpm attest --send moved.jws --provider other --group lab
case_ "and still good at its own" 0 "." "$attestctl" tpm attest --send moved.jws
sed 's/\(.*\.\).\(.*\)/\1_\2/' sent.jws > bent.jws
case_ "another signature" 1 "TPM_" "$attestctl" tpm attest --send bent.jws
cp -r second wrong && cp $state/aik_cert.der wrong/
case_ "the certificate of another key" 1 "AIK_MISMATCH" tpm_ attest --state wrong --event-log boot.log
rm second/aik_cert.der
case_ "no certificate" 1 "AIK_" tpm_ attest --state second --event-log boot.log
case_ "no log" 1 "EVENT_LOG_REPLAY_MISMATCH" tpm_ attest
case_ "too few registers" 1 "PCR_SELECTION" tpm_ attest --event-log boot.log --pcrs sha256:0,1,2,3
tpm_ extend --pcr 14 --text "not in the log" > out 2> err
case_ "a register extended after the log" 1 "EVENT_LOG_REPLAY_MISMATCH" tpm_ attest --event-log boot.log

# -- a service that lies: what it says is an answer, signed by whom it should be
mkfifo mouth
exec 9<> mouth # so that it does not end
lie() { # lie NAME TEXT ANSWER ARGUMENT...: exit status 3, and nothing on standard output
    local name=$1 text=$2 body liar port=""
    body="{\"data\":\"$(printf '%s' "$3" | basenc -w 0 --base64url | tr -d =)\"}"
    shift 3
    : > lies
    openssl s_server -accept 127.0.0.1:0 -naccept 1 -cert data/dev/server.pem -key data/dev/server-key.TEST-KEY.pem < mouth > lies 2>&1 &
    liar=$!
    for _ in $(seq 100); do
        port=$(sed -n 's/^ACCEPT .*://p' lies)
        [ -z "$port" ] || break
        sleep 0.05
    done
    printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' ${#body} "$body" >&9
    case_ "$name" 3 "$text" tpm_ attest --anonymous --url "https://localhost:$port" --ca data/dev/ca.pem "$@"
    [ -s out ] && bad "$name: there is a token"
    kill "$liar" 2> ended
    wait "$liar" 2> ended
}
lie "a challenge that anybody knows" "8 to 64 bytes" '{"payload":{"challenge":"","service_context":"AA"}}'
lie "a challenge that no quote holds" "8 to 64 bytes" "{\"payload\":{\"challenge\":\"$(printf 'A%.0s' $(seq 88))\",\"service_context\":\"AA\"}}" --key tpm
lie "a token that is none" "expected a report" '{"payload":{"report":".."}}' --send sent.jws

# -- files for others: OpenSSL agrees
case_ "quoted into files" 0 '"registers":24' tpm_ quote --out files --event-log boot.log --nonce 00ff --json
case_ "a log that can be read once" 2 "twice" tpm_ quote --out files --event-log -
tail -c 256 files/quote.tpmt_signature > signature
case_ "OpenSSL takes the quote's signature" 0 "Verified OK" openssl dgst -sha256 -verify $state/aik.pem -signature signature files/quote.tpms_attest
[ "$(sha256sum < files/quote.pcrs | cut -d' ' -f1)" = "$(tail -c 32 files/quote.tpms_attest | od -An -tx1 | tr -d ' \n')" ] && good ||
    bad "the register values are not the quoted ones"

# -- and what was made first
left=$((started + life_s + 1 - $(date +%s)))
[ "$left" -le 0 ] || sleep "$left"
case_ "waited out" 1 "TPM_CONTEXT_EXPIRED" "$attestctl" tpm attest --send late.jws

echo "cases swtpm passed $passed failed $failed skipped 0"
[ "$failed" = 0 ]
