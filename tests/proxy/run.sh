#!/bin/bash
# The examples of packaging/proxy, with their addresses replaced, between a client and two attestd: make e2e-proxy.
# Usage: run.sh ATTESTD. Ends every process that it starts.
set -u
here=$(cd "$(dirname "$0")" && pwd)
examples=$(cd "$here/../../packaging/proxy" && pwd)
attestd=$(cd "$(dirname "${1:?}")" && pwd)/$(basename "$1")
unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY
scratch=$(mktemp -d) || exit 1
chmod 755 "$scratch"
cd "$scratch" || exit 1
pids=
stop() { for pid in $pids; do kill "$pid" 2> /dev/null; done; for pid in $pids; do wait "$pid"; done; pids=; }
trap 'stop; rm -rf "$scratch"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED $1"; }
is() { if [ "$2" = "$3" ]; then good; else bad "$1: wanted $3, got $2"; fi; }

base=$((10000 + RANDOM % 20000))
front=$base one=$((base + 1)) one_admin=$((base + 2)) two=$((base + 3)) two_admin=$((base + 4))
client=127.0.0.2 # so that it is not the proxy, which is 127.0.0.1

# One CA for what the client sees and for the backends: --dev makes it.
start_attestd() { # NAME PORT ADMIN-PORT SETTINGS...
    local name=$1 port=$2 admin=$3
    shift 3
    rm -f "$name.out" # that of the play before
    "$attestd" --dev --data "$name" --listen "127.0.0.1:$port" --admin-listen "127.0.0.1:$admin" \
        --set "base_url=https://localhost:$front" --set trusted_proxies=127.0.0.1 "$@" > "$name.out" 2> "$name.err" &
    pids="$pids $!"
    for _ in $(seq 300); do
        grep -sq '^attestd ready' "$name.out" && return 0
        sleep 0.1
    done
    bad "$name does not start: $(tail -n 2 "$name.err")"
    return 1
}
# The example with the places of this machine. Both backends are of one CA: that of `one` is given to `two`.
adapt() {
    sed -e "s#10\.0\.0\.11:8443#127.0.0.1:$one#; s#10\.0\.0\.12:8443#127.0.0.1:$two#" \
        -e "s#check port 8444 #check #; s#^\( *server one .*\)#\1 port $one_admin#; s#^\( *server two .*\)#\1 port $two_admin#" \
        -e "s#listen 443#listen 127.0.0.1:$front#; s#bind :443#bind 127.0.0.1:$front#" \
        -e "s#^\( *\)server_name .*#\1server_name localhost;#" \
        -e "s#/etc/nginx/attest\.pem#$scratch/front.pem#; s#/etc/nginx/attest\.key#$scratch/front.pem#; s#/etc/haproxy/attest\.pem#$scratch/front.pem#" \
        -e "s#/etc/[a-z]*/attestd-backends\.pem#$scratch/ca.pem#" \
        -e "s#^load_module modules/#load_module /usr/lib/nginx/modules/#" "$examples/$1" > "$1"
    case $1 in
    nginx-*)
        sed -i -e '/port [0-9]*$/s/ port [0-9]*$//' "$1"
        printf 'pid %s/nginx.pid;\nerror_log %s/nginx.err;\ndaemon off;\nuser root;\n' "$scratch" "$scratch" | cat - "$1" > x
        # load_module must stand before everything else that is a block
        mv x "$1"
        case $1 in
        *terminate*) sed -i "s#^http {#http {\n    access_log off;\n    client_body_temp_path $scratch/t1;\n    proxy_temp_path $scratch/t2;\n    fastcgi_temp_path $scratch/t3;\n    uwsgi_temp_path $scratch/t4;\n    scgi_temp_path $scratch/t5;#" "$1" ;;
        esac ;;
    esac
}
ask() { curl -s --max-time 10 --interface $client --cacert ca.pem "$@"; }
# The addresses that the journals of both have, each once; IPv4 may be written as IPv6 has it.
callers() {
    grep -rhoa '"callerIpAddress":"[^"]*"' one/records two/records | cut -d'"' -f4 | sed 's/^::ffff://' | sort -u | tr '\n' ' '
}

play() { # EXAMPLE SETTINGS OF ATTESTD...
    local example=$1 program try_it first codes
    shift
    rm -rf one two
    start_attestd one "$one" "$one_admin" "$@" || { stop; return; }
    start_attestd two "$two" "$two_admin" "$@" || { stop; return; }
    # What the client is to trust, and the proxy towards the backends: two --dev have two CAs.
    cat one/dev/ca.pem two/dev/ca.pem > ca.pem
    cat one/dev/server.pem one/dev/server-key.TEST-KEY.pem > front.pem
    adapt "$example"
    case $example in
    nginx-*) program="nginx -p $scratch -c $scratch/$example"; try_it="nginx -t -p $scratch -c $scratch/$example" ;;
    *) program="haproxy -db -f $scratch/$example"; try_it="haproxy -c -f $scratch/$example" ;;
    esac
    if $try_it > tried 2>&1; then good; else bad "$example is refused: $(tail -n 3 tried)"; fi
    $program > proxy.out 2>&1 &
    pids="$pids $!"
    for _ in $(seq 50); do
        [ "$(ask -o /dev/null -w '%{http_code}' "https://localhost:$front/certs")" = 200 ] && break
        sleep 0.1
    done
    is "$example: a page" "$(ask -o /dev/null -w '%{http_code}' "https://localhost:$front/certs")" 200
    is "$example: who lies about itself is not believed" \
        "$(ask -H 'X-Forwarded-For: 203.0.113.9' -H 'Content-Type: application/json' -d '{' -o /dev/null -w '%{http_code}' "https://localhost:$front/attest/SgxEnclave?api-version=2022-08-01")" 400
    for _ in 1 2 3 4; do ask -H 'Content-Type: application/json' -d '{"quote":"AAAA"}' -o /dev/null "https://localhost:$front/attest/SgxEnclave?api-version=2022-08-01"; done
    sleep 1.2
    is "$example: the client's address" "$(callers)" "$client "
    case $example in
    haproxy-*) # a replica that ends is left out, and nobody notices
        first=$(echo $pids | cut -d' ' -f1)
        kill "$first"
        wait "$first"
        codes=$(for _ in $(seq 20); do ask -o /dev/null -w '%{http_code}\n' "https://localhost:$front/certs"; sleep 0.1; done | sort | uniq -c | tr -s ' ')
        is "$example: one replica ended" "$codes" " 20 200" ;;
    esac
    stop
}

play nginx-passthrough.conf --set proxy_protocol=yes
play nginx-terminate.conf
play haproxy-passthrough.cfg --set proxy_protocol=yes
play haproxy-terminate.cfg
[ "$failed" = 0 ] || tail -n 5 nginx.err proxy.out 2> /dev/null
echo "cases proxy passed $passed failed $failed skipped 0"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
