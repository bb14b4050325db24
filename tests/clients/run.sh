#!/bin/bash
# The official client against attestd. run.sh ATTESTD ATTESTCTL; ends with 77 when it cannot run here.
set -u
attestd=$1; attestctl=$2
here=$(cd "$(dirname "$0")" && pwd)
source_dir=${ATTESTD_SOURCE:-$here/../..}
work=${ATTESTD_BUILD:-$source_dir/build}/clients
mkdir -p "$work"

skip() { echo "skipped clients: $1"; echo "cases clients passed 0 failed 0 skipped 1"; exit 77; }
command -v npm >/dev/null 2>&1 || skip "npm is not here"

# Reinstalled only when the lock changes.
lock=$(sha256sum "$here/package-lock.json" | cut -d' ' -f1)
if [ "$(cat "$work/installed" 2>/dev/null)" != "$lock" ]; then
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$work/"
    (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) || { tail -5 "$work/npm.log"; skip "npm could not install the client"; }
    echo "$lock" >"$work/installed"
fi
cp "$here"/*.mjs "$work/"

. "$here/node.sh"
find_node "$work" || skip "$node_missing"

run=$(mktemp -d)
pids=()
finish() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done; rm -rf "$run"; }
trap finish EXIT

# start NAME ARGS...: starts attestd and sets $url
start() {
    local name=$1; shift
    "$attestd" --dev --data "$run/$name" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 "$@" >"$run/$name.out" 2>"$run/$name.log" &
    pids+=($!)
    for _ in $(seq 300); do
        url=$(sed -n 's/^attestd ready //p' "$run/$name.out")
        [ -n "$url" ] && return 0
        kill -0 "${pids[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    echo "attestd did not become ready"; cat "$run/$name.log"; exit 1
}

status=0
# Receivers of records besides a file: a journal, and OTLP over HTTPS.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$run/otlp.TEST-KEY.pem" -out "$run/otlp.pem" -days 30 \
    -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" 2>/dev/null || exit 1
mkfifo "$run/receivers.in"
python3 "$here/receivers.py" "$run" "$run/otlp.pem" "$run/otlp.TEST-KEY.pem" <"$run/receivers.in" >"$run/receivers.log" 2>&1 &
pids+=($!)
exec 7>"$run/receivers.in"
for _ in $(seq 100); do [ -s "$run/otlp.port" ] && break; sleep 0.1; done
[ -s "$run/otlp.port" ] || { echo "the receivers did not start"; cat "$run/receivers.log"; exit 1; }
start dev --set sink.siem.kind=file --set sink.siem.path="$run/siem.jsonl" --set sink.archive.kind=file --set sink.archive.path="$run/archive.jsonl" \
    --set sink.system.kind=journal --set sink.system.path="$run/journal.sock" \
    --set sink.otel.kind=otlp --set sink.otel.url="https://localhost:$(cat "$run/otlp.port")/v1/logs" --set sink.otel.ca="$run/otlp.pem"
printf '{"keys":[{"kty":"oct","kid":"b"},{"kid":"a"}],"z":1,"a":{"y":"\\u00e9","x":[1,2,3]}}' >"$run/runtime.json"
"$attestctl" evidence make open-enclave --data "$run/dev" --out "$run/binary" >/dev/null || exit 1
"$attestctl" evidence make open-enclave --data "$run/dev" --out "$run/json" --runtime-data "$run/runtime.json" >/dev/null || exit 1
NODE_EXTRA_CA_CERTS="$run/dev/dev/ca.pem" "$node" "$work/synthetic.mjs" "$url" "$run/binary" "$run/json" || { status=1; tail -5 "$run/dev.log"; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$run/signer.TEST-KEY.pem" -out "$run/signer.pem" -days 30 -subj "/CN=policy signer of a test" 2>/dev/null || exit 1
NODE_EXTRA_CA_CERTS="$run/dev/dev/ca.pem" "$node" "$work/walkthrough.mjs" "$run/dev/dev/credentials.json" "$run/binary" "$run/signer.pem" || { status=1; tail -5 "$run/dev.log"; }

NODE_EXTRA_CA_CERTS="$run/dev/dev/ca.pem" "$node" "$work/diagnostics.mjs" "$run/dev/dev/credentials.json" "$run/binary" "$run/siem.jsonl" "$run" || { status=1; tail -5 "$run/dev.log"; }

# Policy signers of the tests: a CA, one whose basic constraints hold a path length alone (as the client's own tests make
# them), one on P-256, one that nobody lists.
keys=$run/keys
mkdir "$keys"
signer() {
    local name=$1 key=$2 constraints=$3
    openssl req -x509 -newkey $key -nodes -keyout "$keys/$name.TEST-KEY.pem" -out "$keys/$name.pem" -days 30 -subj "/CN=$name policy signer of a test" -addext "basicConstraints=critical,$constraints" 2>/dev/null || exit 1
}
signer first rsa:2048 CA:TRUE && signer second rsa:2048 pathlen:5 && signer stranger rsa:2048 CA:TRUE
signer third "ec -pkeyopt ec_paramgen_curve:P-256" CA:TRUE
NODE_EXTRA_CA_CERTS="$run/dev/dev/ca.pem" "$node" "$work/policies.mjs" "$run/dev/dev/credentials.json" "$keys" "$run/binary" || { status=1; tail -5 "$run/dev.log"; }

# Machines with a TPM, and Azure guests, made for the occasion.
mkdir "$run/tpm" "$run/guests"
NODE_EXTRA_CA_CERTS="$run/dev/dev/ca.pem" "$node" "$work/tpm.mjs" "$run/dev/dev/credentials.json" "$run/dev" "$attestctl" "$run/tpm" || { status=1; tail -5 "$run/dev.log"; }
NODE_EXTRA_CA_CERTS="$run/dev/dev/ca.pem" "$node" "$work/guest.mjs" "$url" "$run/dev" "$attestctl" "$run/guests" || { status=1; tail -5 "$run/dev.log"; }

vectors=${ATTESTD_VECTORS:-$source_dir/../shared/vectors}
if [ -d "$vectors/seeds" ]; then
    NODE_EXTRA_CA_CERTS="$run/dev/dev/ca.pem" "$node" "$work/seeds.mjs" "$run/dev/dev/credentials.json" "$vectors/seeds" "$run/binary" || { status=1; tail -5 "$run/dev.log"; }
else
    echo "skipped clients-seeds: no reference vectors here"
    echo "cases clients-seeds passed 0 failed 0 skipped 1"
fi

vector=$vectors/sgx/platform-ca-2025
if [ -d "$vector" ]; then
    start recorded --evidence-time 2025-08-30T05:09:06Z --collateral "$vector"
    NODE_EXTRA_CA_CERTS="$run/recorded/dev/ca.pem" "$node" "$work/recorded.mjs" "$url" "$vector" || { status=1; tail -5 "$run/recorded.log"; }
else
    echo "skipped clients-recorded: no reference vectors here"
    echo "cases clients-recorded passed 0 failed 0 skipped 1"
fi

# One time at which a public TDX quote and the SEV-SNP reports are good.
tdx=$vectors/tdx/v4-2025
if [ -d "$tdx" ]; then
    start vms --evidence-time 2025-07-04T10:16:31Z --collateral "$tdx" \
        --set compliance.aci.status=azure-compliant-uvm \
        --set compliance.aci.uvm_issuer=did:x509:0:sha256:I__iuL25oXEVFdTP_aBLx_eT1RPHbCQ_ECBQfYZpt9s::eku:1.3.6.1.4.1.311.76.59.1.2 \
        --set compliance.aci.uvm_feed=ContainerPlat-AMD-UVM
    NODE_EXTRA_CA_CERTS="$run/vms/dev/ca.pem" "$node" "$work/vms.mjs" "$url" "$vectors/sevsnp" "$tdx" "$vectors/maa-tokens" || { status=1; tail -5 "$run/vms.log"; }
else
    echo "skipped clients-vms: no reference vectors here"
    echo "cases clients-vms passed 0 failed 0 skipped 1"
fi
exit $status
