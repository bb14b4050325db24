#!/bin/bash
# Runs the scenarios of this folder against attestctl ($1) and attestd ($2) and prints "cases cli passed P failed F skipped S".
# README.md explains the form of a scenario. Options: names of scenario files, without .txt; all if none is given.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -ge 2 ] && [ -x "$1" ] && [ -x "$2" ] || { echo "usage: run.sh ATTESTCTL ATTESTD [SCENARIO...]" >&2; exit 2; }
attestctl_path=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
attestd_path=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
shift 2
scratch=$(mktemp -d) || exit 1
server=
cleanup() { [ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$scratch"; }
trap cleanup EXIT
passed=0 failed=0 skipped=0

# What scenarios call. A proxy set around the tests would stand between them and the loopback server.
unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY
# Nor may a profile of whoever runs the tests be used, or be changed.
unset ATTESTCTL_URL ATTESTCTL_AUTHORITY ATTESTCTL_TENANT ATTESTCTL_CLIENT_ID ATTESTCTL_CLIENT_SECRET ATTESTCTL_CA
export XDG_CONFIG_HOME=$scratch/config
export attestctl_path
attestctl() { "$attestctl_path" "$@"; }

good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED $1"; }

name= command= status= problem=
begin() {
    name=$1 command=$2 problem=
    eval "$command" > "$scratch/out" 2> "$scratch/err" < /dev/null
    status=$?
    [ "$status" -le 3 ] || problem="status $status is none of ours"
    grep -q 'AddressSanitizer\|runtime error:' "$scratch/err" && problem="a sanitizer spoke: $(head -3 "$scratch/err")"
    case " $command " in
    *" --help "* | *" --version "*) ;;
    *" --json "*)
        # One object, on one line, and nothing else.
        [ "$(wc -l < "$scratch/out")" = 1 ] && grep -q '^{.*}$' "$scratch/out" ||
            problem="--json gave: $(head -c 300 "$scratch/out")"
        [ -s "$scratch/err" ] && problem="--json wrote to standard error: $(head -c 300 "$scratch/err")" ;;
    esac
    [ "$status" = 0 ] || [ -s "$scratch/out" ] || [ -s "$scratch/err" ] || problem="a refusal without a word"
}
end() {
    [ -n "$command" ] || return 0
    if [ -z "$problem" ]; then good; else bad "$name: $command"; echo "  $problem"; fi
    command=
}
blame() { problem=${problem:-$1}; }
check() {
    case $1 in
    "= "*) [ "$status" = "${1#= }" ] ||
        blame "status $status, wanted ${1#= }; $(head -c 300 "$scratch/out" "$scratch/err")" ;;
    "> "*) grep -qF -e "${1#> }" "$scratch/out" || blame "no \"${1#> }\" in: $(head -c 900 "$scratch/out" "$scratch/err")" ;;
    "2> "*) grep -qF -e "${1#2> }" "$scratch/err" || blame "no \"${1#2> }\" in: $(head -c 900 "$scratch/err")" ;;
    "! "*) grep -qF -e "${1#! }" "$scratch/out" && blame "\"${1#! }\" should not be in: $(head -c 900 "$scratch/out")" ;;
    *) blame "line not understood: $1" ;;
    esac
    return 0
}

# Lines: "$ command" a case, "% command" preparation, "@ file" its text up to a line with a single dot.
run_file() {
    local line file= number=0
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        if [ -n "$file" ]; then
            if [ "$line" = . ]; then file=; else printf '%s\n' "$line" >> "$file"; fi
            continue
        fi
        case $line in
        "" | "#"*) ;;
        "@ "*) end; file=${line#@ }; : > "$file" ;;
        "% "*) end; eval "${line#% }" > "$scratch/prepared" 2>&1 ||
            { bad "$1:$number: preparation: $line"; head -3 "$scratch/prepared"; } ;;
        "\$ "*) end; begin "$1:$number" "${line#\$ }" ;;
        *) check "$line" ;;
        esac
    done < "$here/$1.txt"
    end
}

# What the table of commands says must be what is checked in.
run_pages() {
    local pages page made
    pages=$(attestctl help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)   *.*/\1/p')
    [ -n "$pages" ] || bad "man: attestctl help lists no commands"
    attestctl man > "$scratch/page" && cmp -s "$scratch/page" "$root/docs/man/attestctl.1" && good ||
        bad "man: docs/man/attestctl.1 is not what attestctl man writes"
    made=attestctl.1
    while IFS= read -r page; do
        attestctl man $page > "$scratch/page" # two words are two operands
        made="$made attestctl-${page// /-}.1"
        cmp -s "$scratch/page" "$root/docs/man/attestctl-${page// /-}.1" && good ||
            bad "man: docs/man/attestctl-${page// /-}.1 is not what attestctl man $page writes"
    done <<< "$pages"
    for page in "$root"/docs/man/*.1; do
        case " $made " in *" $(basename "$page") "*) ;; *) bad "man: $(basename "$page") has no command" ;; esac
    done
    if [ "$(attestctl --version)" = "attestctl $(sed -n 's/^project(attestd VERSION \([0-9.]*\) .*/\1/p' "$root/CMakeLists.txt")" ]; then
        good
    else
        bad "version: attestctl --version differs from CMakeLists.txt"
    fi
}

# Everything that the makers can break, one at a time: what they say must be refused is refused, for that reason.
run_breaks() {
    local row expected also answer code type file extra at=2026-06-15T12:00:00Z
    attestctl evidence make sgx --list-breaks --json | sed 's/},{/}\n{/g' > rows
    [ "$(wc -l < rows)" -gt 50 ] || bad "breaks: the list is short: $(head -c 300 rows)"
    while IFS= read -r row; do
        name=$(sed -n 's/.*"name":"\([^"]*\)".*/\1/p' <<< "$row")
        expected=$(sed -n 's/.*"expected_error":"\([^"]*\)".*/\1/p' <<< "$row")
        also=$(sed -n 's/.*"also_acceptable_error":"\([^"]*\)".*/\1/p' <<< "$row")
        type=sgx file=quote.bin extra=()
        case $row in *'"scope":"report"'*) type=open-enclave file=report.bin ;; esac
        printf init > init
        if ! attestctl evidence make "$type" --out x --at $at --break "$name" --init-time-data init > made 2>&1; then
            bad "breaks: $name: cannot be made: $(head -c 300 made)"
            continue
        fi
        [ -f x/runtime_data.bin ] && extra+=(--runtime-data x/runtime_data.bin)
        [ -f x/init_time_data.bin ] && extra+=(--init-time-data x/init_time_data.bin)
        answer=$(attestctl verify "$type" --evidence "x/$file" --collateral x --trust-root x/root_ca.pem --at $at "${extra[@]}" --json)
        code=$(sed -n 's/^{"verdict":"[a-z]*","error":{"code":"\([A-Z0-9_]*\)".*/\1/p' <<< "$answer")
        if [ "$code" = "$expected" ] || { [ -n "$also" ] && [ "$code" = "$also" ]; }; then
            good
        else
            bad "breaks: $name: wanted ${expected:-accepted}, got $(head -c 300 <<< "$answer")"
        fi
    done < rows
}

# A server that serves files as whole HTTP answers, with a certificate of a CA made here. $port, ca.pem.
start_server() {
    command -v openssl > /dev/null || return 1
    (
        set -e
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.TEST-KEY.pem -out ca.pem -days 2 -subj "/CN=attestctl test CA"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.TEST-KEY.pem -out server.csr -subj "/CN=localhost"
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.TEST-KEY.pem -CAcreateserial -days 2 -extfile <(echo "subjectAltName=DNS:localhost") -out server.pem
    ) > "$scratch/openssl" 2>&1 || return 1
    mkdir -p web && cd web || return 1
    openssl s_server -accept 127.0.0.1:0 -cert ../server.pem -key ../server.TEST-KEY.pem -HTTP > "$scratch/server" 2>&1 &
    server=$!
    cd ..
    for _ in $(seq 100); do
        port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$scratch/server")
        [ -n "$port" ] && { export port; return 0; }
        sleep 0.05
    done
    return 1
}

# attestd --dev on free ports, with its data in dev/: $server, $url.
start_attestd() {
    "$attestd_path" --dev --data dev --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 > "$scratch/attestd" 2>&1 &
    server=$!
    for _ in $(seq 600); do
        url=$(sed -n 's/^attestd ready //p' "$scratch/attestd")
        [ -n "$url" ] && { export url; return 0; }
        kill -0 "$server" 2> "$scratch/killed" || break
        sleep 0.05
    done
    return 1
}
# An installation as attestctl init makes it, in site/, running; its certificate is of the CA in ca.pem. A URL of its own is
# in its configuration, so a port is chosen before it starts.
start_site() {
    (
        set -e
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.TEST-KEY.pem -out ca.pem -days 90 -subj "/CN=attestctl test CA"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.TEST-KEY.pem -out tls.csr -subj "/CN=localhost"
        openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.TEST-KEY.pem -CAcreateserial -days 90 -extfile <(echo "subjectAltName=DNS:localhost") -out tls.pem
        chmod 600 tls.TEST-KEY.pem
    ) > "$scratch/openssl" 2>&1 || return 1
    for _ in 1 2 3 4 5; do
        port=$((10000 + RANDOM % 20000)) admin_port=$((port + 1))
        rm -rf site
        attestctl init --dir site --base-url "https://localhost:$port" --listen "127.0.0.1:$port" --admin-listen "127.0.0.1:$admin_port" \
            --tls-certificate tls.pem --tls-key tls.TEST-KEY.pem --authority > "$scratch/openssl" 2>&1 || return 1
        sed -i 's/^base_url.*/&\nconnections_max = 1000/' site/attestd.conf
        (ulimit -Sn 2048 && exec "$attestd_path" --config site/attestd.conf) > "$scratch/attestd" 2>&1 &
        server=$!
        for _ in $(seq 600); do
            grep -q '^attestd ready' "$scratch/attestd" && { export port admin_port; return 0; }
            kill -0 "$server" 2> "$scratch/killed" || break
            sleep 0.05
        done
    done
    return 1
}
stop_server() {
    [ -n "$server" ] || return 0
    kill "$server"
    wait "$server"
    server=
}
# member NAME of what credentials.json says of principal $1
credential() { sed -n "/\"name\": *\"$1\"/,/}/ s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p" dev/dev/credentials.json; }
fact() { sed -n "s/^ *\"$1\": *\"\([^\"]*\)\".*/\1/p" dev/dev/credentials.json; }

# The scenario $1 beside the server that it is for.
run_with() {
    local start=start_attestd
    case $1 in https | policy_answers) start=start_server ;; doctor) start=start_site ;; esac
    if $start; then
        run_file "$1"
        stop_server
    else
        bad "$1: its server does not start: $(tail -3 "$scratch/attestd" "$scratch/openssl" 2> "$scratch/tail")"
        server=
    fi
}

wanted=${*:-pages usage init doctor verify verify_vms evidence evidence_tdx evidence_snp evidence_tpm breaks policy policy_code jmespath token attest https policy_sign policy_answers control apply audit keys key_rewrap policy_life}
if [ $# = 0 ]; then # a file that nobody plays is no test
    for file in "$here"/*.txt; do
        name=$(basename "$file" .txt)
        case " $wanted " in *" $name "*) ;; *) bad "$name: tests/cli/$name.txt is not played" ;; esac
    done
fi
# Hundreds of starts of a process each: once, in the plain build.
slow() {
    [ -n "${ATTESTD_SANITIZE:-}" ] || return 0
    skipped=$((skipped + 1))
    echo "skipped $1: under sanitizers; the plain build plays it"
    return 1
}
for file in $wanted; do
    mkdir "$scratch/$file" && cd "$scratch/$file" || exit 1
    export XDG_CONFIG_HOME=$scratch/$file/.config # nobody is logged in from the one before
    case $file in
    pages) run_pages ;;
    breaks) # two starts of a process for each row; under sanitizers unit_attest_breaks_test judges the same rows without any
        [ -n "${ATTESTD_SANITIZE:-}" ] || run_breaks ;;
    https | policy_sign | policy_answers | policy_life | doctor)
        if [ "$file" = policy_life ] && ! slow "$file"; then continue; fi
        if ! command -v openssl > /dev/null; then
            skipped=$((skipped + $(grep -c '^\$ ' "$here/$file.txt")))
            echo "skipped $file: no openssl command to make keys with"
        elif [ "$file" = policy_sign ]; then
            run_file policy_sign
        else
            run_with "$file"
        fi ;;
    apply | audit | keys) run_with "$file" ;;
    control)
        if slow "$file"; then run_with "$file"; fi ;;
    *) run_file "$file" ;;
    esac
done
echo "cases cli passed $passed failed $failed skipped $skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
