#!/bin/bash
# Runs as root in the container, under its systemd: the life of the packages, from the first installation to the purge.
set -u
cd /test || exit 1
passed=0 failed=0 skipped=0
good() { passed=$((passed + 1)); echo "ok $1"; }
bad() { failed=$((failed + 1)); echo "FAILED $1"; [ -s "${2:-}" ] && tail -n "${3:-12}" "$2" | sed 's/^/    /'; }
try() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" > log 2>&1; then good "$name"; else bad "$name" log; fi
}
must_fail() {
    local name=$1
    shift
    if "$@" > log 2>&1; then bad "$name" log; else good "$name"; fi
}
# What belongs to the machine's own life is left out: packages' lists, logs, what runs.
tree() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /test -o -path /var/tmp \
        -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/log/apt -o -path /var/log/journal \
        -o -path /var/lib/systemd/timers -o -path /var/lib/systemd/catalog \) -prune -o -print | sort
    getent passwd | cut -d: -f1 | sed 's/^/user /' | sort
    getent group | cut -d: -f1 | sed 's/^/group /' | sort
}
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -q --no-install-recommends --allow-downgrades "$@"; }
wait_active() {
    for _ in $(seq 100); do
        [ "$(systemctl is-active attestd)" = active ] && return 0
        [ "$(systemctl is-active attestd)" = failed ] && break
        sleep 0.1
    done
    systemctl status attestd --no-pager
    journalctl -u attestd -n 20 --no-pager
    return 1
}

# -- before ------------------------------------------------------------------------------------------------
for _ in $(seq 100); do [ -S /run/systemd/private ] && break; sleep 0.1; done
tree > before

# -- the version before, configured as the manual says -------------------------------------------------------
try "the older packages install" install ./old/attestctl_*.deb ./old/attestd_*.deb
old=$(dpkg-query -W -f '${Version}' attestd)
try "it is installed, not configured, and nothing has failed" sh -c \
    '[ "$(systemctl is-active attestd)" = inactive ] && systemctl --failed --no-legend | grep attestd && exit 1; exit 0'
must_fail "doctor says that there is no configuration" attestctl doctor
try "a user of its own, who cannot log in" sh -c 'getent passwd attestd | grep -q ":/usr/sbin/nologin$"'

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.TEST-KEY.pem -out ca.pem -days 90 -subj "/CN=test CA" 2> ssl
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr -subj "/CN=localhost" 2>> ssl
openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.TEST-KEY.pem -CAcreateserial -days 90 -out tls.pem \
    -extfile <(echo "subjectAltName=DNS:localhost") 2>> ssl
mkdir -p /etc/attestd/tls && cp tls.pem tls.key /etc/attestd/tls/
chmod 0600 /etc/attestd/tls/tls.key
try "attestctl init --system" attestctl init --system --base-url https://localhost:8443 \
    --tls-certificate /etc/attestd/tls/tls.pem --tls-key /etc/attestd/tls/tls.key --authority
cp log first-owner
try "the key-encryption key is root's alone" sh -c '[ "$(stat -c %U:%a /etc/attestd/credentials/kek)" = root:600 ]'
try "the configuration is not everybody's" sh -c '[ "$(stat -c %U:%G:%a /etc/attestd/attestd.conf)" = root:attestd:640 ]'
attestctl doctor --ca ca.pem > log 2>&1
if grep -q "^BAD.*tls_key.*cannot be read by attestd" log || grep -q "BAD *tls_key" log; then
    good "doctor sees that the service cannot read its TLS key"
else bad "doctor sees that the service cannot read its TLS key" log 40; fi
chgrp attestd /etc/attestd/tls/tls.key && chmod 0640 /etc/attestd/tls/tls.key

try "the service starts" systemctl enable --now attestd
try "it is up" wait_active
try "doctor is clean" attestctl doctor --ca ca.pem
cp log doctor-old

# -- it works ------------------------------------------------------------------------------------------------
secret=$(sed -n 's/^  client secret  //p' first-owner) owner=$(sed -n 's/^  owner  *//p' first-owner)
tenant=$(sed -n 's/^  tenant  *//p' first-owner) subscription=$(sed -n 's/^  subscription  *//p' first-owner)
(umask 077 && printf '%s\n' "$secret" > secret)
login() {
    HOME=/test attestctl login --url https://localhost:8443 --ca /test/ca.pem --client-id "$owner" --tenant "$tenant" \
        --subscription "$subscription" --secret-file /test/secret
}
own() { HOME=/test attestctl "$@"; }
try "the first Owner logs in" login
try "and makes a group" own group create lab --location local
answered() {
    if [ ! -d snp ]; then
        skipped=$((skipped + 1))
        echo "skipped $1: no reference vectors"
        return
    fi
    attestctl attest sev-snp --url https://localhost:8443 --ca ca.pem --evidence snp/report.bin --chain snp/chain.pem > token 2> log
    if [ "$(tr -cd . < token | wc -c)" = 2 ]; then good "$1"; else bad "$1" log; fi
}
answered "a report of real SEV-SNP hardware is answered with a token, in production"
attestctl evidence make sgx --out made > log 2>&1
attestctl attest sgx --url https://localhost:8443 --ca ca.pem --evidence made/quote.bin > log 2>&1
if [ $? = 1 ]; then good "made-up evidence is refused in production"; else bad "made-up evidence is refused in production" log; fi

# -- upgrade ---------------------------------------------------------------------------------------------------
sha256sum /etc/attestd/attestd.conf /etc/attestd/credentials/kek > kept
pid=$(systemctl show -p MainPID --value attestd)
try "upgrade" install ./new/attestctl_*.deb ./new/attestd_*.deb
[ "$(dpkg-query -W -f '${Version}' attestd)" != "$old" ] && good "from $old to $(dpkg-query -W -f '${Version}' attestd)" || bad "another version"
try "the service runs again" wait_active
[ "$(systemctl show -p MainPID --value attestd)" != "$pid" ] && good "it is the new one" || bad "it is the new one"
try "configuration and key are what they were" sha256sum -c kept
try "doctor is clean after the upgrade" attestctl doctor --ca ca.pem --deep
cp log doctor-new
try "the data is there" sh -c 'HOME=/test attestctl group list | grep -q lab'
answered "and evidence is answered"

# -- what the unit promises ---------------------------------------------------------------------------------------
pid=$(systemctl show -p MainPID --value attestd)
try "it does not run as root" sh -c "[ \"\$(stat -c %U /proc/$pid)\" != root ]"
try "it has no capability" grep -q '^CapEff:\s*0000000000000000$' "/proc/$pid/status"
try "its system calls are filtered" grep -q '^Seccomp:\s*2$' "/proc/$pid/status"
try "reload" systemctl reload attestd
sleep 0.5
try "and it still is up" wait_active
systemd-analyze security attestd --no-pager > log 2>&1
exposure=$(sed -n 's/.*Overall exposure level for attestd.service: \([0-9.]*\).*/\1/p' log)
if [ -n "$exposure" ] && [ "${exposure%.*}" -lt 2 ]; then good "systemd-analyze security: $exposure"; else bad "exposure is below 2" log 5; fi
systemctl kill -s SIGKILL attestd
sleep 3
try "killed, it comes back" wait_active

# -- the rest of what is installed -----------------------------------------------------------------------------------
attestd --dev --data /test/dev --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 > dev.out 2> dev.err &
dev=$!
for _ in $(seq 100); do grep -q ready dev.out && break; sleep 0.1; done
url=$(sed -n 's/^attestd ready //p' dev.out)
try "made-up evidence is made for --dev" attestctl evidence make sgx --data dev --out lab
try "--dev of the installed program answers it" attestctl attest sgx --url "$url" --ca dev/dev/ca.pem --evidence lab/quote.bin
kill "$dev"
wait "$dev"
try "the modules load" sh -c 'attestctl collateral doctor --url https://127.0.0.1:1 2>&1 | grep -v -q "no fetch.so"'
for page in attestctl attestctl-doctor attestd attestd.conf; do
    try "manual page $page" sh -c "ls /usr/share/man/man?/$page.[158].gz"
done
try "completion is a script that bash takes" bash -n /usr/share/bash-completion/completions/attestctl
try "libattest installs" install ./new/libattest0_*.deb ./new/libattest-dev_*.deb
try "a program is built with it" sh -c 'gcc -std=c17 -Wall check_token.c -o check $(pkg-config --cflags --libs libattest)'
try "and finds it" sh -c './check; [ $? -lt 126 ]'

# -- away ----------------------------------------------------------------------------------------------------
try "remove" apt-get remove -y -q attestd
try "keeps configuration, key and data" sh -c 'test -s /etc/attestd/credentials/kek && test -s /etc/attestd/attestd.conf && test -s /var/lib/attestd/attestd.sqlite'
try "and stops the service" sh -c '! systemctl is-active attestd'
try "installed again" install ./new/attestctl_*.deb ./new/attestd_*.deb
systemctl start attestd
try "it serves what it served" wait_active
try "with the data" sh -c 'HOME=/test attestctl group list | grep -q lab'
try "purge" apt-get purge -y -q attestd attestctl libattest0 libattest-dev
systemctl daemon-reload
tree > after
if diff before after > log; then good "purge leaves nothing"; else bad "purge leaves nothing" log 40; fi
try "no unit is left" sh -c '! systemctl cat attestd'
echo "cases packages passed $passed failed $failed skipped $skipped"
sed -n '1,60p' doctor-new
