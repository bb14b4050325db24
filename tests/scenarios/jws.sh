#!/bin/bash
# Certificates and tokens of policy signers, made with openssl alone so that nothing of ours vouches for itself.
#
# jws.sh signer NAME [KIND [ISSUER [CA]]]      NAME.key, NAME.pem, NAME.der; KIND ec (P-256), p384, rsa, rsa1024; ISSUER self or the
#                                              name of another one; CA the basic constraints, or none
# jws.sh dated NAME FROM TO                    a self-signed CA on P-256 that is good between two times, YYYYMMDDHHMMSSZ
# jws.sh sign KEY METHOD HEADER PAYLOAD        a compact JWS on standard output. METHOD: an algorithm of RFC 7518, PS256:N
#                                              (a salt of N bytes), der (ES256 as DER), bytes (the file KEY is the signature), none
# jws.sh url, jws.sh hash                      standard input in base64url; its SHA-256 in base64url
#
# In header and payload @NAME is NAME's certificate as a JSON string, @jwk:NAME its key, @now+60 a time.
set -eu

url() { openssl base64 -A | tr '+/' '-_' | tr -d =; }

settings() {
    [ -e jws.cnf ] || printf '[req]\ndistinguished_name=dn\n[dn]\n' > jws.cnf
}

new_key() {
    case $2 in
    ec) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" ;;
    p384) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$1.key" ;;
    rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -quiet -out "$1.key" ;;
    rsa*) openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" -quiet -out "$1.key" ;;
    esac 2> /dev/null
}

signer() {
    local name=$1 kind=${2:-ec} issuer=${3:-self} ca=${4:-critical,CA:TRUE} with=()
    settings
    new_key "$name" "$kind"
    [ "$issuer" = self ] || with=(-CA "$issuer.pem" -CAkey "$issuer.key")
    with+=(-addext keyUsage=digitalSignature,keyCertSign) # without any extension it would be of version 1
    [ "$ca" = none ] || with+=(-addext "basicConstraints=$ca")
    openssl req -config jws.cnf -x509 -new -key "$name.key" -subj "/CN=$name" -days 30 "${with[@]}" -out "$name.pem"
    openssl x509 -in "$name.pem" -outform der -out "$name.der"
}

dated() {
    settings
    new_key "$1" ec
    rm -rf "$1.ca" && mkdir "$1.ca" && : > "$1.ca/index"
    printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nbasicConstraints=critical,CA:TRUE\n' \
        "$1.ca" "$1.ca" > "$1.ca/cnf"
    openssl req -config jws.cnf -new -key "$1.key" -subj "/CN=$1" -out "$1.ca/csr"
    openssl ca -config "$1.ca/cnf" -batch -notext -selfsign -keyfile "$1.key" -in "$1.ca/csr" -startdate "$2" -enddate "$3" \
        -out "$1.pem" 2> /dev/null
    openssl x509 -in "$1.pem" -outform der -out "$1.der"
}

jwk() {
    local type
    type=$(openssl pkey -in "$1.key" -noout -text | head -1)
    case $type in
    *256*) ec_jwk "$1" P-256 32 ;;
    *384*) ec_jwk "$1" P-384 48 ;;
    *) printf '{"kty":"RSA","e":"AQAB","n":"%s"}' "$(openssl pkey -in "$1.key" -pubout -outform der | tail -c 261 | head -c 256 | url)" ;;
    esac
}

ec_jwk() {
    openssl pkey -in "$1.key" -pubout -outform der | tail -c $((2 * $3)) > "$1.point"
    printf '{"kty":"EC","crv":"%s","x":"%s","y":"%s"}' "$2" "$(head -c "$3" "$1.point" | url)" "$(tail -c "$3" "$1.point" | url)"
}

# The names in a text, each replaced.
filled() {
    local text=$1 done=
    while [[ $text =~ @(jwk:)?([a-z0-9]+)([+-][0-9]+)? ]]; do
        local what=${BASH_REMATCH[0]} kind=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]} by=${BASH_REMATCH[3]:-}
        done+=${text%%"$what"*}
        text=${text#*"$what"}
        if [ "$kind" ]; then
            done+=$(jwk "$name")
        elif [ "$name" = now ]; then
            done+=$(($(date +%s) ${by:-+0}))
        else
            done+="\"$(openssl base64 -A -in "$name.der")\""
        fi
    done
    printf %s "$done$text"
}

# ECDSA as DER to r and s of a fixed width (RFC 7518 3.4).
raw() {
    openssl asn1parse -inform der | sed -n 's/.*INTEGER *://p' | while read -r integer; do
        integer=$(printf "%$((2 * $1))s" "$integer" | tr ' ' 0)
        printf '%b' "$(sed 's/../\\x&/g' <<< "$integer")"
    done
}

signature() {
    local key=$1 method=$2
    case $method in
    none) cat > /dev/null ;;
    bytes) cat > /dev/null && cat "$key" ;;
    RS256 | RS384 | RS512) openssl dgst -sha"${method#RS}" -sign "$key.key" ;;
    PS256*)
        local salt=32
        [ "$method" = PS256 ] || salt=${method#PS256:}
        openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt "rsa_pss_saltlen:$salt" -sign "$key.key"
        ;;
    ES256) openssl dgst -sha256 -sign "$key.key" | raw 32 ;;
    ES384) openssl dgst -sha384 -sign "$key.key" | raw 48 ;;
    HS256) openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(od -An -v -tx1 "$key" | tr -d ' \n')" -binary ;;
    der) openssl dgst -sha256 -sign "$key.key" ;;
    esac
}

sign() {
    local signed
    signed=$(filled "$3" | url).$(filled "$4" | url)
    printf '%s.%s' "$signed" "$(printf %s "$signed" | signature "$1" "$2" | url)"
}

hash() { openssl dgst -sha256 -binary | url; }

"$@"
