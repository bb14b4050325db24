#!/bin/bash
# Usage: tests/boot/boot.sh BIN. Ends with 0 only when every line that it prints as ok held.
set -u
bin=$(readlink -f "$1")
lib=$(readlink -f "$bin/../lib/attestd")
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/attestd-boot-XXXXXX")
server="" tpm=""
finish() {
    for pid in $tpm $server; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    rm -rf "$work"
}
trap finish EXIT
failed=0 passed=0
fail() { echo "FAILED boot: $1"; failed=$((failed + 1)); }
ok() { passed=$((passed + 1)); }
check() { # check WHAT COMMAND...
    local what=$1; shift
    if "$@" >"$work/check" 2>&1; then ok; else fail "$what"; head -c 2000 "$work/check"; fi
}
stop() { echo "boot: $1" >&2; [ ! -s "$work/log" ] || tail -5 "$work/log" >&2; exit 1; }

# -- the machine: packages that are unpacked, never installed
kernel=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)/\1/p' | head -1)
[ -n "$kernel" ] || stop "no kernel among the packages of this Debian"
mkdir "$work/packages"
(cd "$work/packages" && apt-get download "$kernel" shim-signed grub-efi-amd64-signed busybox-static >/dev/null 2>&1) || stop "packages could not be downloaded"
for p in "$work"/packages/*.deb; do dpkg -x "$p" "$work/unpacked" || stop "$p cannot be unpacked"; done

# -- the service
swtpm_dir() { # a fresh TPM with an endorsement certificate of its manufacturer, made up by swtpm
    rm -rf "$work/tpm"; mkdir -p "$work/tpm" "$work/ca"
    printf 'statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\ncertserial = %s/certserial\n' "$work/ca" "$work/ca" "$work/ca" "$work/ca" >"$work/localca.conf"
    printf -- '--platform-manufacturer Test\n--platform-version 1\n--platform-model test\n' >"$work/localca.options"
    printf 'create_certs_tool= /usr/bin/swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/localca.options\nactive_pcr_banks = sha256\n' "$work" "$work" >"$work/setup.conf"
    swtpm_setup --tpm-state "$work/tpm" --tpm2 --create-ek-cert --lock-nvram --config "$work/setup.conf" --pcr-banks sha256 --logfile "$work/setup.log" >/dev/null 2>&1
}
swtpm_dir || stop "swtpm_setup failed"
cat >"$work/attestd.conf" <<CONF
[attestd]
tpm_ek_roots = $work/ca/swtpm-localca-rootca-cert.pem
tpm_ek_intermediates = $work/ca/issuercert.pem
CONF
"$bin/attestd" --dev --config "$work/attestd.conf" --data "$work/data" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 >"$work/ready" 2>"$work/log" &
server=$!
url=""
for _ in $(seq 200); do
    url=$(sed -n 's/^attestd ready //p' "$work/ready")
    [ -z "$url" ] || break
    kill -0 "$server" 2>/dev/null || stop "attestd ended"
    sleep 0.05
done
[ -n "$url" ] || stop "attestd did not become ready"
port=${url##*:}
ca="$work/data/dev/ca.pem"
export HOME="$work/home"; mkdir -p "$HOME"
ctl() { "$bin/attestctl" "$@"; }
ctl login --dev "$work/data" --as owner >/dev/null 2>&1 || stop "login"
cat >"$work/observe.txt" <<'POLICY'
version=1.2;
authorizationrules { [type=="aikValidated", value==true] => permit(); };
issuancerules {
    c:[type=="events", issuer=="AttestationService"] => add(type="efiConfigVariables", value=JmesPath(c.value, "Events[?EventTypeString == 'EV_EFI_VARIABLE_DRIVER_CONFIG' && ProcessedData.VariableGuid == '8BE4DF61-93CA-11D2-AA0D-00E098032B8C']"));
    c:[type=="efiConfigVariables", issuer=="AttestationPolicy"] => issue(type="secureBoot", value=JsonToClaimValue(JmesPath(c.value, "[?ProcessedData.UnicodeName == 'SecureBoot'] | length(@) == `1` && @[0].ProcessedData.VariableData == 'AQ'")));
    ![type=="secureBoot", issuer=="AttestationPolicy"] => issue(type="secureBoot", value=false);
    c:[type=="secureBootEnabled", issuer=="AttestationService"] => issue(type="asTheServiceSaysIt", value=c.value);
    c:[type=="events", issuer=="AttestationService"] => issue(type="imaRecords", value=JsonToClaimValue(JmesPath(c.value, "length(Events[?EventTypeString == 'IMA_MEASUREMENT_EVENT'])")));
};
POLICY
sed '/authorizationrules/s/.*/authorizationrules { [type=="aikValidated", value==true] \&\& [type=="secureBootEnabled", value==true] => permit(); };/' "$work/observe.txt" >"$work/demand.txt"
ctl provider create strict --group attestd --location local >/dev/null 2>"$work/check" || { cat "$work/check"; stop "the second provider"; }
ctl policy set Tpm "$work/observe.txt" >/dev/null 2>"$work/check" || { cat "$work/check"; stop "the first policy"; }
ctl policy set Tpm "$work/demand.txt" --provider strict --group attestd >/dev/null 2>"$work/check" || { cat "$work/check"; stop "the second policy"; }

# -- the guest
member() { tr -d '\n' <"$work/data/dev/credentials.json" | sed "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/"; }
first_behind() { # first_behind NAME MEMBER: the member that stands behind the principal's name
    tr -d '\n ' <"$work/data/dev/credentials.json" | sed "s/.*\"name\":\"$1\"//" | grep -o "\"$2\":\"[^\"]*\"" | head -1 | cut -d'"' -f4
}
root="$work/guest"
mkdir -p "$root/bin" "$root/lib" "$root/lib64" "$root/attestd/bin" "$root/attestd/lib/attestd"
cp init.sh "$root/init"; chmod +x "$root/init"
cp "$work/unpacked/bin/busybox" "$root/bin/busybox"
cp "$(find "$work/unpacked" -name e1000.ko)" "$root/"
cp "$bin/attestctl" "$root/attestd/bin/"
cp "$lib/tss.so" "$root/attestd/lib/attestd/"
ln -s /attestd/bin/attestctl "$root/bin/attestctl"
libraries=$(ldd "$bin/attestctl" "$lib/tss.so" $(find /usr/lib -name 'libtss2-tcti-device.so.0') | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u)
cp -L $libraries $(find /usr/lib -name 'libtss2-tcti-device.so.0') "$root/lib/"
loader=$(ldd "$bin/attestctl" | sed -n 's/^[ \t]*\(\/lib64[^ ]*\).*/\1/p')
cp -L "$loader" "$root/lib64/"
cp "$ca" "$root/ca.pem"
(umask 077; first_behind reader client_secret >"$root/secret")
cat >"$root/job" <<JOB
now="$(date -u '+%Y-%m-%d %H:%M:%S')"
port=$port
tenant=$(member tenant_id)
client=$(first_behind reader client_id)
JOB

disk() { # what the firmware finds: shim, GRUB, kernel, the guest's files
    rm -rf "$work/esp"; mkdir -p "$work/esp/EFI/BOOT" "$work/esp/EFI/debian"
    cp "$work/unpacked/usr/lib/shim/shimx64.efi.signed" "$work/esp/EFI/BOOT/BOOTX64.EFI"
    cp "$work/unpacked/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$work/esp/EFI/BOOT/grubx64.efi"
    cp "$work"/unpacked/boot/vmlinuz-* "$work/esp/vmlinuz"
    (cd "$root" && sed -i "s/^now=.*/now=\"$(date -u '+%Y-%m-%d %H:%M:%S')\"/" job && find . | cpio -o -H newc 2>/dev/null | gzip -1 >"$work/esp/initrd")
    # The stub of the kernel hands the firmware's log on; GRUB's other way to start a kernel goes past it.
    printf 'linuxefi /vmlinuz console=ttyS0 panic=1 ima_policy=critical_data\ninitrdefi /initrd\nboot\n' >"$work/esp/EFI/debian/grub.cfg"
}
boot() { # boot NAME VARIABLES
    local step stream
    disk
    swtpm_dir || stop "swtpm_setup failed"
    cp "/usr/share/OVMF/OVMF_VARS_4M$2.fd" "$work/vars.fd"
    swtpm socket --tpm2 --tpmstate dir="$work/tpm" --ctrl type=unixio,path="$work/sock" &
    tpm=$!
    for _ in $(seq 100); do [ ! -S "$work/sock" ] || break; sleep 0.05; done
    timeout 180 qemu-system-x86_64 -machine q35,smm=off,accel=tcg -m 1024 -smp 1 -display none -no-reboot \
        -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd -drive if=pflash,unit=1,format=raw,file="$work/vars.fd" \
        -drive file=fat:rw:"$work/esp",format=raw,if=none,id=d0 -device ide-hd,drive=d0,bootindex=1 \
        -netdev user,id=n0 -device e1000,netdev=n0 -chardev socket,id=c,path="$work/sock" -tpmdev emulator,id=tpm0,chardev=c -device tpm-crb,tpmdev=tpm0 \
        -serial file:"$work/console" -serial file:"$work/serial" >"$work/qemu.log" 2>&1
    wait "$tpm" 2>/dev/null; tpm=""
    tr -d '\r' <"$work/serial" | grep -a '^@@ ' >"$work/$1.lines"
    grep -q '^@@ end$' "$work/$1.lines" || { tail -c 1500 "$work/console"; tail -c 500 "$work/serial"; stop "$1: the guest did not reach its end"; }
    for step in login enroll observe demand firmware; do
        for stream in out err; do sed -n "s/^@@ $step $stream //p" "$work/$1.lines" | tr -d '\n' | base64 -d >"$work/$1.$step.$stream"; done
    done
}
status() { # status BOOT NAME WANTED
    local is; is=$(sed -n "s/^@@ $2 status //p" "$work/$1.lines")
    if [ "$is" = "$3" ]; then ok; else fail "$1: $2 ended with $is, wanted $3"; head -c 1500 "$work/$1.$2.err"; head -c 500 "$work/$1.$2.out"; fi
}
token() { # token BOOT NAME SECURE-BOOT ISSUER
    check "$1: the token of $2" "$bin/attestctl" token verify "$work/$1.$2.out" --allow-unsafe --issuer "$4" --ca "$ca" --expect x-ms-attestation-type=tpm \
        --expect "secureBoot=$3" --expect "asTheServiceSaysIt=$3"
}

for one in "off: :false" "on:.ms:true"; do
    name=${one%%:*} rest=${one#*:}
    variables=$(echo "${rest%%:*}" | tr -d ' ') wanted=${rest##*:}
    echo "boot with Secure Boot $name"
    boot "$name" "$variables"
    for step in login enroll observe firmware; do status "$name" "$step" 0; done
    token "$name" observe "$wanted" "$url"
    check "$name: the relying party's data came back" "$bin/attestctl" token verify "$work/$name.observe.out" --allow-unsafe --issuer "$url" --ca "$ca" --expect rp_data=Ym9vdA --expect nonce=Ym9vdA
    if [ "$wanted" = true ]; then
        status "$name" demand 0
        token "$name" demand true "$url/p/strict"
    else
        status "$name" demand 1
        check "$name: the strict policy says why" grep -q POLICY_NO_PERMIT "$work/$name.demand.err" "$work/$name.demand.out"
    fi
    check "$name: the kernel says the same" grep -a -q "Secure boot $([ "$wanted" = true ] && echo enabled || echo disabled)" "$work/console"
    check "$name: shim has measured" grep -a -q MokList "$work/$name.firmware.out"
done
if cmp -s "$work/off.firmware.out" "$work/on.firmware.out"; then fail "both boots have the same log"; else ok; fi
echo "cases boot passed $passed failed $failed skipped 0"
[ "$failed" = 0 ]
