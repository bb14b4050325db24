#!/bin/bash
# Debian's azure-cli through the same story: az.sh ATTESTD ATTESTCTL. A named target (make e2e-az): the package is large.
# The authority answers under /adfs, which is what makes az take it for one of its own.
set -u
attestd=$1; attestctl=$2
run=$(mktemp -d)
pid=
finish() { [ -n "$pid" ] && { kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; }; rm -rf "$run"; }
trap finish EXIT
passed=0; failed=0
ok() { passed=$((passed + 1)); echo "ok: $1"; }
bad() { failed=$((failed + 1)); echo "FAILED az: $1: $(tail -c 600 "$run/out" | tr '\n' ' ')"; }
# is NAME COMMAND...: the command succeeds; its output stays in $run/out
is() { local name=$1; shift; if "$@" >"$run/out" 2>&1; then ok "$name"; else bad "$name"; fi; }
# says NAME TEXT: the last output holds it
says() { if grep -q -- "$2" "$run/out"; then ok "$1"; else bad "$1 (wanted $2)"; fi; }
# no NAME TEXT COMMAND...: the command fails and says so
no() { local name=$1 text=$2; shift 2; if "$@" >"$run/out" 2>&1; then bad "$name: it was allowed"; elif grep -q -- "$text" "$run/out"; then ok "$name"; else bad "$name (wanted $text)"; fi; }

command -v az >/dev/null 2>&1 || { echo "skipped az: azure-cli is not here"; echo "cases az passed 0 failed 0 skipped 1"; exit 77; }
"$attestd" --dev --data "$run/data" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 >"$run/ready" 2>"$run/log" &
pid=$!
for _ in $(seq 300); do E=$(sed -n 's/^attestd ready //p' "$run/ready"); [ -n "$E" ] && break; sleep 0.1; done
[ -n "$E" ] || { cat "$run/log"; exit 1; }

export AZURE_CONFIG_DIR=$run/az REQUESTS_CA_BUNDLE=$run/data/dev/ca.pem AZURE_CORE_COLLECT_TELEMETRY=no AZURE_CORE_NO_COLOR=1
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
field() { tr -d '\n' <"$run/data/dev/credentials.json" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }
of() { tr -d '\n' <"$run/data/dev/credentials.json" | grep -o '{[^{}]*"name" *: *"'"$1"'"[^{}]*}' | sed -n "s/.*\"$2\" *: *\"\([^\"]*\)\".*/\1/p"; }
S=$(field subscription_id); T=$(field tenant_id)
P="/subscriptions/$S/resourceGroups/az-rg/providers/Microsoft.Attestation/attestationProviders/azwalk"
sign_in() { az login --service-principal -u "$(of "$1" client_id)" -p "$(of "$1" client_secret)" --tenant "$T"; }

is "cloud register" az cloud register -n attestd --endpoint-resource-manager "$E" --endpoint-management "$E" --endpoint-active-directory "$E/adfs" \
    --endpoint-active-directory-resource-id "$E" --endpoint-active-directory-graph-resource-id "$E" --endpoint-gallery "$E"
is "cloud set" az cloud set -n attestd
is "login of a service principal" sign_in owner
says "its subscription" "$S"
is "register the provider namespace" az rest --method post --url "/subscriptions/$S/providers/Microsoft.Attestation/register?api-version=2021-04-01"
says "registered" Registered
is "create a group" az group create -n az-rg -l eastus
is "create a provider with az rest" az rest --method put --url "$P?api-version=2021-06-01" --body '{"location":"eastus","properties":{}}'
says "it is ready" '"Ready"'
is "show it with az resource" az resource show --ids "$P" --api-version 2021-06-01
says "with its address" "$E/p/azwalk"
is "list with az resource" az resource list -g az-rg
says "it is in the list" azwalk
is "list with az rest" az rest --method get --url "/subscriptions/{subscriptionId}/providers/Microsoft.Attestation/attestationProviders?api-version=2021-06-01"
says "it is in that list" azwalk
is "tag it" az resource tag --ids "$P" --api-version 2021-06-01 --tags a=b
is "create one with az resource" az resource create -g az-rg -n azwalk2 --resource-type Microsoft.Attestation/attestationProviders --api-version 2021-06-01 -l eastus -p '{}'
is "the default providers" az rest --method get --url "/subscriptions/$S/providers/Microsoft.Attestation/defaultProviders?api-version=2021-06-01"
is "assign a role with az rest" az rest --method put --url "$P/providers/Microsoft.Authorization/roleAssignments/$(cat /proc/sys/kernel/random/uuid)?api-version=2022-04-01" \
    --body "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/$S/providers/Microsoft.Authorization/roleDefinitions/fd1bd22b-8476-40bc-a0bc-69b95687b9f3\",\"principalId\":\"$(of nobody client_id)\",\"principalType\":\"ServicePrincipal\"}}"
is "read the policy" az rest --method get --url "$E/p/azwalk/policies/SgxEnclave?api-version=2020-10-01" --resource https://attest.azure.net
says "as a token" '"token"'
is "login of a principal with that one role" sign_in nobody
is "it reads the policy" az rest --method get --url "$E/p/azwalk/policies/SgxEnclave?api-version=2020-10-01" --resource https://attest.azure.net
no "it reads no other provider's" "attestation/read" az rest --method get --url "$E/p/azwalk2/policies/SgxEnclave?api-version=2020-10-01" --resource https://attest.azure.net
no "it writes nothing" AuthorizationFailed az rest --method delete --url "$P?api-version=2021-06-01"
no "a wrong secret" "invalid_client\|AADSTS7000215" az login --service-principal -u "$(of owner client_id)" -p wrong --tenant "$T"
is "login of the owner again" sign_in owner
is "delete with az resource" az resource delete --ids "$P" --api-version 2021-06-01
no "it is gone" ResourceNotFound az rest --method get --url "$P?api-version=2021-06-01"
is "delete the group with what is in it" az group delete -n az-rg --yes
no "that is gone too" "NotFound" az group show -n az-rg
echo "cases az passed $passed failed $failed skipped 0"
[ "$failed" = 0 ]
