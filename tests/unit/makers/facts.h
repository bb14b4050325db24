/* What a piece of evidence says, read back with OpenSSL, json-c and the offsets of the formats: nothing of makers/ is
 * used but the container. Each fact is a line "name=value"; random things (keys, signatures, serials of leaves) become
 * relations ("signed by root"), so that the facts of two pieces made with the same options are equal, and two pieces
 * that differ in one thing differ in the lines that speak of it.
 */
#ifndef TESTS_UNIT_MAKERS_FACTS_H
#define TESTS_UNIT_MAKERS_FACTS_H

#include <json-c/json.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "makers/sgx.h"
#include "makers/tdx.h"

/* Public keys with a name, learnt from evidence that is whole. */
struct known_key {
    const char *name;
    EVP_PKEY *key;
    uint8_t serial[20]; /* of the certificate it was learnt from */
    uint8_t id[20]; /* its subject key identifier: real vendors do not hash the key as RFC 5280 suggests */
};
struct known_keys {
    struct known_key row[8];
    size_t count;
};
struct facts {
    struct att_buf text;
    const struct known_keys *keys;
    const struct mk_evidence *ev;
    unsigned form;     /* version whose layout the quote was built with */
    size_t auth_bytes; /* of the QE, as built */
    size_t trailing;   /* zeros behind the quote, as built */
    size_t body_bytes; /* 384: an enclave; 584, 648: a trust domain */
    uint8_t pck_serial[20];
};

static void fact(struct facts *f, const char *value_format, ...) __attribute__((format(printf, 2, 3)));
static void fact(struct facts *f, const char *value_format, ...)
{
    char line[8192];
    va_list args;

    va_start(args, value_format);
    int n = vsnprintf(line, sizeof line, value_format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line)
        abort();
    att_buf_puts(&f->text, line);
    att_buf_putc(&f->text, '\n');
}

static char *hex_of(const uint8_t *bytes, size_t len) /* the caller frees */
{
    char *text = calloc(1, 2 * len + 1);
    for (size_t i = 0; text && i < len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static void fact_hex(struct facts *f, const char *name, const uint8_t *bytes, size_t len)
{
    char *text = hex_of(bytes, len);
    fact(f, "%s=%s", name, text);
    free(text);
}

static EVP_PKEY *key_of_point(const uint8_t xy[64])
{
    uint8_t encoded[65] = { 4 };
    EVP_PKEY *key = NULL;

    memcpy(encoded + 1, xy, 64);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){ "P-256" }, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static bool raw_verifies(EVP_PKEY *key, struct att_span message, const uint8_t sig[64])
{
    ECDSA_SIG *s = ECDSA_SIG_new();
    uint8_t *der = NULL;
    bool ok = false;

    if (ECDSA_SIG_set0(s, BN_bin2bn(sig, 32, NULL), BN_bin2bn(sig + 32, 32, NULL)) == 1) {
        int len = i2d_ECDSA_SIG(s, &der);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        ok = len > 0 && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
             EVP_DigestVerify(ctx, der, (size_t)len, message.ptr, message.len) == 1;
        EVP_MD_CTX_free(ctx);
    }
    OPENSSL_free(der);
    ECDSA_SIG_free(s);
    return ok;
}

static EVP_PKEY *key_named(const struct known_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->row[i].name, name) == 0)
            return keys->row[i].key;
    return NULL;
}

static const char *name_of_key(const struct known_keys *keys, const EVP_PKEY *key)
{
    for (size_t i = 0; key && i < keys->count; i++)
        if (EVP_PKEY_eq(keys->row[i].key, key) == 1)
            return keys->row[i].name;
    return "unknown";
}

static const char *name_of_id(const struct known_keys *keys, const ASN1_OCTET_STRING *id)
{
    for (size_t i = 0; id && i < keys->count; i++)
        if (ASN1_STRING_length(id) == 20 && memcmp(ASN1_STRING_get0_data(id), keys->row[i].id, 20) == 0)
            return keys->row[i].name;
    return id ? "unknown" : "none";
}

static bool id_is_sha1(const EVP_PKEY *key, const ASN1_OCTET_STRING *id)
{
    uint8_t encoded[65], digest[20];
    size_t n;

    return id && ASN1_STRING_length(id) == 20 &&
           EVP_PKEY_get_octet_string_param(key, "pub", encoded, sizeof encoded, &n) == 1 &&
           EVP_Digest(encoded, n, digest, NULL, EVP_sha1(), NULL) == 1 &&
           memcmp(ASN1_STRING_get0_data(id), digest, 20) == 0;
}

/* -- certificates --------------------------------------------------------------------------------------------- */

static void fact_name(struct facts *f, const char *where, const char *what, X509_NAME *name)
{
    char *text = X509_NAME_oneline(name, NULL, 0);
    fact(f, "%s.%s=%s", where, what, text);
    OPENSSL_free(text);
}

static void fact_time(struct facts *f, const char *where, const char *what, const ASN1_TIME *t)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(t, &tm) == 1)
        fact(f, "%s.%s=%04d-%02d-%02dT%02d:%02d:%02dZ", where, what, tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    else
        fact(f, "%s.%s=unreadable", where, what);
}

static const char *name_of_serial(const struct facts *f, const uint8_t serial[20])
{
    for (size_t i = 0; i < f->keys->count; i++)
        if (memcmp(serial, f->keys->row[i].serial, 20) == 0)
            return f->keys->row[i].name;
    return memcmp(serial, f->pck_serial, 20) == 0 ? "pck" : "unknown";
}

static bool serial_bytes(const ASN1_INTEGER *serial, uint8_t ret[20])
{
    BIGNUM *bn = ASN1_INTEGER_to_BN(serial, NULL);
    bool ok = bn && BN_bn2binpad(bn, ret, 20) == 20;
    BN_free(bn);
    return ok;
}

/* The SGX extension member by member, by OpenSSL's own decoder; what it cannot read is one line of hex. */
static bool sgx_members(struct facts *f, const char *where, const char *at, const uint8_t *der, size_t len)
{
    const unsigned char *cursor = der;
    STACK_OF(ASN1_TYPE) *list = d2i_ASN1_SEQUENCE_ANY(NULL, &cursor, (long)len);
    bool ok = list && cursor == der + len;

    if (ok)
        fact(f, "%s.members=%d", at, sk_ASN1_TYPE_num(list));

    for (int i = 0; ok && i < sk_ASN1_TYPE_num(list); i++) {
        ASN1_TYPE *pair = sk_ASN1_TYPE_value(list, i);
        const unsigned char *p = pair->type == V_ASN1_SEQUENCE ? pair->value.sequence->data : NULL;
        STACK_OF(ASN1_TYPE) *two = p ? d2i_ASN1_SEQUENCE_ANY(NULL, &p, pair->value.sequence->length) : NULL;
        ok = two && sk_ASN1_TYPE_num(two) == 2 && sk_ASN1_TYPE_value(two, 0)->type == V_ASN1_OBJECT;
        if (ok) {
            char oid[80], name[300];
            unsigned char *value = NULL;
            ASN1_TYPE *v = sk_ASN1_TYPE_value(two, 1);
            int n = i2d_ASN1_TYPE(v, &value);
            OBJ_obj2txt(oid, sizeof oid, sk_ASN1_TYPE_value(two, 0)->value.object, 1);
            (void)snprintf(name, sizeof name, "%s%s", where, oid + strlen("1.2.840.113741.1.13.1"));
            if (v->type == V_ASN1_SEQUENCE)
                ok = sgx_members(f, where, name, value, (size_t)n);
            else
                fact_hex(f, name, value, (size_t)n);
            OPENSSL_free(value);
        }
        sk_ASN1_TYPE_pop_free(two, ASN1_TYPE_free);
    }
    sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
    return ok;
}

static void cert_extensions(struct facts *f, const char *where, X509 *cert)
{
    int sgx = 0;

    for (int i = 0; i < X509_get_ext_count(cert); i++) {
        X509_EXTENSION *ext = X509_get_ext(cert, i);
        const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(ext);
        const uint8_t *der = ASN1_STRING_get0_data(data);
        size_t len = (size_t)ASN1_STRING_length(data);
        char oid[80], name[160];
        OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(ext), 1);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));
        if (nid == NID_subject_key_identifier || nid == NID_authority_key_identifier)
            continue; /* told as relations */
        const char *critical = X509_EXTENSION_get_critical(ext) ? "critical" : "plain";
        if (strcmp(oid, "1.2.840.113741.1.13.1") != 0) {
            (void)snprintf(name, sizeof name, "%s.ext.%s.%s", where, oid, critical);
            fact_hex(f, name, der, len);
            continue;
        }
        (void)snprintf(name, sizeof name, "%s.sgx%d", where, sgx++);
        fact(f, "%s=%s", name, critical);
        if (!sgx_members(f, name, name, der, len))
            fact(f, "%s.der=unreadable", name);
    }
    fact(f, "%s.sgx.count=%d", where, sgx);
}

static void cert_facts(struct facts *f, const char *where, X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    uint8_t serial[20] = { 0 };
    const char *signer = "nobody known";

    fact_name(f, where, "subject", X509_get_subject_name(cert));
    fact_name(f, where, "issuer", X509_get_issuer_name(cert));
    fact_time(f, where, "not_before", X509_get0_notBefore(cert));
    fact_time(f, where, "not_after", X509_get0_notAfter(cert));
    fact(f, "%s.version=%ld", where, X509_get_version(cert) + 1);
    fact(f, "%s.key=%s", where, name_of_key(f->keys, key));
    for (size_t i = 0; i < f->keys->count && strcmp(signer, "nobody known") == 0; i++)
        if (X509_verify(cert, f->keys->row[i].key) == 1)
            signer = f->keys->row[i].name;
    if (X509_verify(cert, key) == 1)
        signer = "itself";
    fact(f, "%s.signed_by=%s", where, signer);
    fact(f, "%s.algorithm=%s", where, OBJ_nid2sn(X509_get_signature_nid(cert)));
    fact(f, "%s.authority=%s", where, name_of_id(f->keys, X509_get0_authority_key_id(cert)));
    fact(f, "%s.subject_id=%s", where, name_of_id(f->keys, X509_get0_subject_key_id(cert)));
    fact(f, "%s.id_is_sha1=%s", where, id_is_sha1(key, X509_get0_subject_key_id(cert)) ? "yes" : "no");
    if (!serial_bytes(X509_get0_serialNumber(cert), serial))
        fact(f, "%s.serial=of another length", where);
    else if (strcmp(name_of_key(f->keys, key), "pck") == 0)
        fact(f, "%s.serial=%.4s...", where, (const char *)serial);
    else
        fact(f, "%s.serial=%s", where, name_of_serial(f, serial));
    cert_extensions(f, where, cert);
}

static void chain_facts(struct facts *f, const char *where, struct att_span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.len ? pem.ptr : (const uint8_t *)"", (int)pem.len);
    char *name, *header;
    unsigned char *der;
    long len;
    int i = 0;

    while (PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
        char at[64];
        const unsigned char *cursor = der;
        X509 *cert = d2i_X509(NULL, &cursor, len);
        (void)snprintf(at, sizeof at, "%s[%d]", where, i++);
        if (cert)
            cert_facts(f, at, cert);
        fact(f, "%s.der=%s", at, !cert ? "unreadable" : cursor == der + len ? "whole" : "trailing bytes");
        X509_free(cert);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    fact(f, "%s.count=%d", where, i);
    BIO_free(bio);
}

/* -- revocation lists ----------------------------------------------------------------------------------------- */

static void crl_entries(struct facts *f, const char *where, X509_CRL *crl)
{
    STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);

    fact(f, "%s.entries=%d", where, list ? sk_X509_REVOKED_num(list) : -1);
    for (int i = 0; list && i < sk_X509_REVOKED_num(list); i++) {
        uint8_t serial[20];
        if (!serial_bytes(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(list, i)), serial))
            fact(f, "%s.revoked[%d]=long", where, i);
        else
            fact(f, "%s.revoked[%d]=%s", where, i, name_of_serial(f, serial));
    }
}

static void crl_facts(struct facts *f, const char *where, struct att_span der)
{
    const unsigned char *cursor = der.ptr;
    X509_CRL *crl = der.len ? d2i_X509_CRL(NULL, &cursor, (long)der.len) : NULL;
    const char *signer = "nobody known";
    AUTHORITY_KEYID *authority;
    ASN1_INTEGER *number;

    fact(f, "%s.der=%s", where,
         !crl                          ? "unreadable"
         : cursor == der.ptr + der.len ? "whole"
                                       : "trailing bytes");
    if (!crl)
        return;
    for (size_t i = 0; i < f->keys->count && strcmp(signer, "nobody known") == 0; i++)
        if (X509_CRL_verify(crl, f->keys->row[i].key) == 1)
            signer = f->keys->row[i].name;
    authority = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
    number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    fact(f, "%s.version=%ld", where, X509_CRL_get_version(crl) + 1);
    fact(f, "%s.signed_by=%s", where, signer);
    fact_name(f, where, "issuer", X509_CRL_get_issuer(crl));
    fact_time(f, where, "this_update", X509_CRL_get0_lastUpdate(crl));
    fact_time(f, where, "next_update", X509_CRL_get0_nextUpdate(crl));
    fact(f, "%s.authority=%s", where, authority ? name_of_id(f->keys, authority->keyid) : "none");
    fact(f, "%s.number=%s", where, number ? "there" : "none");
    crl_entries(f, where, crl);
    AUTHORITY_KEYID_free(authority);
    ASN1_INTEGER_free(number);
    X509_CRL_free(crl);
}

/* -- collateral texts ----------------------------------------------------------------------------------------- */

static void json_facts(struct facts *f, const char *path, struct json_object *v)
{
    char at[256];

    if (json_object_is_type(v, json_type_object)) {
        json_object_object_foreach(v, name, member)
        {
            (void)snprintf(at, sizeof at, "%s.%s", path, name);
            json_facts(f, at, member);
        }
        return;
    }
    if (!json_object_is_type(v, json_type_array)) {
        fact(f, "%s=%s", path, json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
        return;
    }
    fact(f, "%s.count=%zu", path, json_object_array_length(v));
    for (size_t i = 0; i < json_object_array_length(v); i++) {
        (void)snprintf(at, sizeof at, "%s[%zu]", path, i);
        json_facts(f, at, json_object_array_get_idx(v, i));
    }
}

/* Signed bytes by plain text search: from behind `{"NAME":` to before `,"signature":"`. */
static void signature_facts(struct facts *f, const char *where, const char *text, const char *name)
{
    char open[64];
    uint8_t sig[64];
    int n = snprintf(open, sizeof open, "{\"%s\":", name);
    const char *end = strstr(text, ",\"signature\":\"");
    const char *second = strstr(text, ",\"tcbInfo\":{},\"signature\""); /* the one break that hides the end */
    const char *signer = "nobody known";

    if (second)
        end = second;
    if (strncmp(text, open, (size_t)n) != 0 || !end) {
        fact(f, "%s.envelope=unreadable", where);
        return;
    }
    const char *digits = strstr(text, "\"signature\":\"") + strlen("\"signature\":\"");
    size_t count = strspn(digits, "0123456789abcdef");
    fact(f, "%s.signature.digits=%zu", where, count);
    /* A short one is nobody's: read into zeros, the one in 256 that lost a zero would be whole again. */
    for (size_t i = 0; i < 64; i++)
        sig[i] = (uint8_t)strtoul((char[]){ digits[2 * i], digits[2 * i + 1], 0 }, NULL, 16);
    for (size_t i = 0; count == 128 && i < f->keys->count && strcmp(signer, "nobody known") == 0; i++)
        if (raw_verifies(f->keys->row[i].key, att_span_of(text + n, (size_t)(end - text - n)), sig))
            signer = f->keys->row[i].name;
    fact(f, "%s.signed_by=%s", where, signer);
}

static void text_facts(struct facts *f, const char *where, const char *name, enum mk_item item)
{
    struct att_span s = mk_item(f->ev, item);
    char *text = calloc(1, s.len + 130); /* zeros behind: a short signature is read into them */
    struct json_tokener *tok = json_tokener_new();

    if (s.len > 0)
        memcpy(text, s.ptr, s.len);
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
    struct json_object *root = json_tokener_parse_ex(tok, text, (int)strlen(text) + 1);
    fact(f, "%s.json=%s", where, json_tokener_error_desc(json_tokener_get_error(tok)));
    struct json_object *body = NULL;
    if (root && json_object_object_get_ex(root, name, &body)) {
        const char *again =
            json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        fact(f, "%s.compact=%s", where, strcmp(again, text) == 0 ? "yes" : "no");
        json_facts(f, where, body);
    }
    if (s.len > 0)
        signature_facts(f, where, text, name);
    if (body && json_object_is_type(body, json_type_object)) {
        ATT_AUTO(att_buf_free) struct att_buf order = { 0 };
        json_object_object_foreach(body, member, value)
        {
            (void)value;
            att_buf_printf(&order, "%s ", member);
        }
        fact(f, "%s.order=%.*s", where, (int)order.len, (const char *)order.ptr);
    }
    json_object_put(root);
    json_tokener_free(tok);
    free(text);
}

/* -- quote ---------------------------------------------------------------------------------------------------- */

static uint32_t le(const uint8_t *p, size_t bytes)
{
    uint32_t v = 0;
    for (size_t i = 0; i < bytes; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

/* In rows of 32 bytes named by their offset, so that a difference says where it is. */
static void fact_rows(struct facts *f, const char *name, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += 32) {
        char row[64];
        (void)snprintf(row, sizeof row, "%s.%zu", name, at);
        fact_hex(f, row, bytes + at, len - at < 32 ? len - at : 32);
    }
}

/* How far a length field is from what it should be. */
static void fact_length(struct facts *f, const char *name, uint32_t written, size_t right)
{
    if (written == 0 && right > 0)
        fact(f, "%s=zero", name);
    else if (written == UINT32_MAX)
        fact(f, "%s=all ones", name);
    else
        fact(f, "%s=%+lld", name, (long long)written - (long long)right);
}

static void header_facts(struct facts *f, const uint8_t *q)
{
    fact(f, "header.version=%u", le(q, 2));
    fact(f, "header.key_type=%u", le(q + 2, 2));
    fact(f, "header.tee_type=%u", le(q + 4, 4));
    fact(f, "header.qe_svn=%u", le(q + 8, 2));
    fact(f, "header.pce_svn=%u", le(q + 10, 2));
    fact_hex(f, "header.vendor_id", q + 12, 16);
    fact_hex(f, "header.user_data", q + 28, 20);
    if (f->form == 5) {
        fact(f, "descriptor.type=%u", le(q + 48, 2));
        fact_length(f, "descriptor.size", le(q + 50, 4), f->body_bytes);
    }
}

static void key_facts(struct facts *f, struct att_span signed_bytes, const uint8_t *section)
{
    static const uint8_t zero[64];
    EVP_PKEY *key = key_of_point(section + 64);

    fact(f, "attestation_key=%s",
         memcmp(section + 64, zero, 64) == 0 ? "zero"
         : key                               ? "on the curve"
                                             : "off the curve");
    if (!key)
        fact(f, "quote_signature=unusable key");
    else if (memcmp(section, zero, 64) == 0)
        fact(f, "quote_signature=zero");
    else
        fact(f, "quote_signature=%s", raw_verifies(key, signed_bytes, section) ? "good" : "bad");
    EVP_PKEY_free(key);
}

static void qe_facts(struct facts *f, const uint8_t *section, const uint8_t *qe)
{
    uint8_t digest[64] = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf bound = { 0 };
    EVP_PKEY *pck = key_named(f->keys, "pck");

    att_buf_put(&bound, att_span_of(section + 64, 64));
    att_buf_put(&bound, att_span_of(qe + 450, f->auth_bytes));
    (void)EVP_Digest(bound.ptr, bound.len, digest, NULL, EVP_sha256(), NULL);
    fact_rows(f, "qe.report", qe, 320);
    fact(f, "qe.data.hash=%s", memcmp(qe + 320, digest, 32) == 0 ? "good" : "bad");
    fact(f, "qe.data.tail=%s", memcmp(qe + 352, digest + 32, 32) == 0 ? "zero" : "not zero");
    fact(f, "qe.signature=%s", raw_verifies(pck, att_span_of(qe, 384), qe + 384) ? "good" : "bad");
    fact_length(f, "qe.auth.length", le(qe + 448, 2), f->auth_bytes);
    fact_hex(f, "qe.auth", qe + 450, f->auth_bytes);
}

static void quote_facts(struct facts *f)
{
    struct att_span q = mk_item(f->ev, MK_QUOTE);
    struct att_span chain = mk_item(f->ev, MK_PCK_CHAIN);
    size_t section_at = 48 + (f->form == 5 ? 6u : 0u) + f->body_bytes + 4;
    size_t qe_at = section_at + 128 + (f->form >= 4 ? 6u : 0u);
    size_t cert_at = qe_at + 450 + f->auth_bytes + 6;

    if (q.len < cert_at) {
        fact(f, "quote=%zu bytes", q.len);
        return;
    }
    const uint8_t *p = q.ptr;
    size_t used = q.len - f->trailing;
    header_facts(f, p);
    fact_rows(f, "body", p + section_at - 4 - f->body_bytes, f->body_bytes);
    fact_length(f, "section.length", le(p + section_at - 4, 4), used - section_at);
    key_facts(f, att_span_of(p, section_at - 4), p + section_at);
    if (f->form >= 4) {
        fact(f, "outer.type=%u", le(p + section_at + 128, 2));
        fact_length(f, "outer.length", le(p + section_at + 130, 4), used - qe_at);
    }
    qe_facts(f, p + section_at, p + qe_at);
    fact(f, "cert.type=%u", le(p + cert_at - 6, 2));
    fact_length(f, "cert.length", le(p + cert_at - 4, 4), used - cert_at);
    fact(f, "cert.is_chain=%s",
         used - cert_at >= chain.len && (chain.len == 0 || memcmp(p + cert_at, chain.ptr, chain.len) == 0)
             ? "yes"
             : "no");
    fact(f, "cert.behind_chain=%zu", used - cert_at - chain.len);
    chain_facts(f, "chain", att_span_of(p + cert_at, used - cert_at));
}

static void oe_facts(struct facts *f)
{
    struct att_span r = mk_item(f->ev, MK_REPORT), q = mk_item(f->ev, MK_QUOTE);

    if (!f->ev->present[MK_REPORT])
        return;
    fact(f, "oe.extra=%+lld", (long long)r.len - (long long)q.len - 16);
    if (r.len < 16)
        return;
    uint64_t size = le(r.ptr + 8, 4) | (uint64_t)le(r.ptr + 12, 4) << 32;
    fact(f, "oe.version=%u", le(r.ptr, 4));
    fact(f, "oe.type=%u", le(r.ptr + 4, 4));
    if ((size == 0 && q.len > 0) || size > UINT32_MAX)
        fact(f, "oe.size=%llx", (unsigned long long)size);
    else
        fact(f, "oe.size=%+lld", (long long)size - (long long)q.len);
    fact(f, "oe.content=%s",
         r.len >= 16 + q.len && (q.len == 0 || memcmp(r.ptr + 16, q.ptr, q.len) == 0) ? "quote" : "no");
}

static void data_fact(struct facts *f, const char *name, enum mk_item item, const uint8_t *hash)
{
    struct att_span data = mk_item(f->ev, item);
    uint8_t digest[32];

    (void)EVP_Digest(data.len ? data.ptr : (const uint8_t *)"", data.len, digest, NULL, EVP_sha256(), NULL);
    fact(f, "%s=%s", name,
         !f->ev->present[item]           ? "absent"
         : memcmp(digest, hash, 32) == 0 ? "bound"
                                         : "not bound");
}

static inline void facts_read(struct facts *f)
{
    struct att_span q = mk_item(f->ev, MK_QUOTE), chain = mk_item(f->ev, MK_PCK_CHAIN);
    BIO *bio = BIO_new_mem_buf(chain.len ? chain.ptr : (const uint8_t *)"", (int)chain.len);
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    if (leaf)
        (void)serial_bytes(X509_get0_serialNumber(leaf), f->pck_serial);
    X509_free(leaf);
    BIO_free(bio);

    for (int i = 0; i < MK_ITEM_COUNT; i++)
        fact(f, "present.%s=%s", mk_item_file((enum mk_item)i), f->ev->present[i] ? "yes" : "no");
    quote_facts(f);
    oe_facts(f);
    if (q.len > 48 + 6 + f->body_bytes) {
        const uint8_t *body = q.ptr + 48 + (f->form == 5 ? 6 : 0);
        bool enclave = f->body_bytes == 384;
        data_fact(f, "runtime_data", MK_RUNTIME_DATA, body + (enclave ? 320 : 520));
        data_fact(f, "init_time_data", MK_INIT_TIME_DATA, body + (enclave ? 192 : 184));
    }
    chain_facts(f, "root", mk_item(f->ev, MK_ROOT_CA));
    chain_facts(f, "pck_crl_chain", mk_item(f->ev, MK_PCK_CRL_ISSUER_CHAIN));
    chain_facts(f, "tcb_chain", mk_item(f->ev, MK_TCB_INFO_ISSUER_CHAIN));
    chain_facts(f, "qe_chain", mk_item(f->ev, MK_QE_IDENTITY_ISSUER_CHAIN));
    crl_facts(f, "pck_crl", mk_item(f->ev, MK_PCK_CRL));
    crl_facts(f, "root_crl", mk_item(f->ev, MK_ROOT_CA_CRL));
    text_facts(f, "tcb", "tcbInfo", MK_TCB_INFO);
    text_facts(f, "qeid", "enclaveIdentity", MK_QE_IDENTITY);
    if (f->text.failed)
        abort();
    att_buf_putc(&f->text, '\0');
}

/* -- learning the keys ---------------------------------------------------------------------------------------- */

static void learn(struct known_keys *keys, const char *name, struct att_span pem, int index)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *cert = NULL;

    for (int i = 0; i <= index; i++) {
        X509_free(cert);
        cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    }
    if (!cert || keys->count >= 8)
        abort();
    struct known_key *row = &keys->row[keys->count++];
    *row = (struct known_key){ .name = name, .key = X509_get_pubkey(cert) };
    (void)serial_bytes(X509_get0_serialNumber(cert), row->serial);
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(cert);
    if (id && ASN1_STRING_length(id) == 20)
        memcpy(row->id, ASN1_STRING_get0_data(id), 20);
    X509_free(cert);
    BIO_free(bio);
}

/* From whole evidence under each CA; either may be NULL. */
static void keys_learn(struct known_keys *keys, const struct mk_evidence *processor,
                       const struct mk_evidence *platform)
{
    const struct mk_evidence *any = processor ? processor : platform;

    learn(keys, "root", mk_item(any, MK_ROOT_CA),
          0); /* first: most is signed by it, and looking ends there */
    if (processor)
        learn(keys, "processor", mk_item(processor, MK_PCK_CHAIN), 1);
    if (platform)
        learn(keys, "platform", mk_item(platform, MK_PCK_CHAIN), 1);
    learn(keys, "tcb", mk_item(any, MK_TCB_INFO_ISSUER_CHAIN), 0);
    learn(keys, "pck", mk_item(any, MK_PCK_CHAIN), 0);
}

static inline void keys_forget(struct known_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        EVP_PKEY_free(keys->row[i].key);
    keys->count = 0;
}

static inline bool has_fact(const struct facts *f, const char *line)
{
    size_t n = strlen(line);

    for (const char *at = (const char *)f->text.ptr; at && *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, n) == 0 && at[n] == '\n')
            return true;
    return false;
}

#endif
