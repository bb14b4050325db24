#!/bin/bash
# A TPM with its manufacturer, made with openssl alone: nothing of ours vouches for itself. TCG TPM 2.0 Library, Part 1, "Credential
# Protection"; EK Credential Profile, template L-1.
#
# tpm.sh maker                 maker.key, maker.pem: who vouches for endorsement keys
# tpm.sh new NAME              NAME.ek.key, NAME.ek.der (its certificate), NAME.ek.pub and NAME.aik.pub (TPM2B_PUBLIC), NAME.aik.key
# tpm.sh activate NAME BLOB SECRET    TPM2_ActivateCredential of the base64url texts BLOB and SECRET: what is inside, in base64url
set -eu -o pipefail

hex() { od -An -v -tx1 | tr -d ' \n'; }
bin() { tr a-f A-F | basenc --base16 -d; }
url() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
of_url() {
    local text=$1
    while [ $((${#text} % 4)) != 0 ]; do text=$text=; done
    printf '%s' "$text" | tr -- '-_' '+/' | base64 -d
}
hmac() { openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -binary | hex; } # of hex on standard input

maker() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout maker.key -subj "/CN=Maker of TPMs" -days 30 \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" -out maker.pem 2> /dev/null
}

# sized NAME BEFORE KEY: TPM2B_PUBLIC of BEFORE (hex) and the modulus
sized() {
    local area
    area=$2$(openssl rsa -in "$3" -noout -modulus | sed 's/.*=//' | tr A-F a-f | sed 's/^/0100/')
    printf '%04x%s' $((${#area} / 2)) "$area" | bin > "$1"
}

new() {
    local policy=837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -quiet -out "$1.ek.key"
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -quiet -out "$1.aik.key"
    printf 'extendedKeyUsage=2.23.133.8.1\nkeyUsage=critical,keyEncipherment\nbasicConstraints=critical,CA:FALSE\n' > "$1.ext"
    openssl req -new -key "$1.ek.key" -subj "/CN=$1" | openssl x509 -req -CA maker.pem -CAkey maker.key -CAcreateserial -days 30 \
        -extfile "$1.ext" -outform der -out "$1.ek.der" 2> /dev/null
    sized "$1.ek.pub" "0001000b000300b20020${policy}0006""0080""0043""0010""0800""00000000" "$1.ek.key"
    sized "$1.aik.pub" "0001000b000500720000""0010""0014""000b""0800""00000000" "$1.aik.key"
}

activate() {
    local seed name key blob hmac_is mac_key
    blob=$(of_url "$2" | hex)
    name=000b$(tail -c +3 "$1.aik.pub" | openssl dgst -sha256 -binary | hex)
    seed=$(of_url "$3" | tail -c +3 | openssl pkeyutl -decrypt -inkey "$1.ek.key" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
        -pkeyopt rsa_mgf1_md:sha256 -pkeyopt rsa_oaep_label:4944454e5449545900 | hex)
    mac_key=$(printf '00000001494e544547524954590000000100' | bin | hmac "$seed")
    hmac_is=$(printf '%s%s' "${blob:72}" "$name" | bin | hmac "$mac_key")
    [ "$hmac_is" = "${blob:8:64}" ] || { echo "not for this TPM and this key" >&2; exit 1; }
    key=$(printf '0000000153544f5241474500%s00000080' "$name" | bin | hmac "$seed")
    printf '%s' "${blob:72}" | bin | openssl enc -d -aes-128-cfb -K "${key:0:32}" -iv 00000000000000000000000000000000 | tail -c +3 | url
}

"$@"
