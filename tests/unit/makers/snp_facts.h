/* SEV-SNP evidence read back with OpenSSL and the offsets of the format, as lines "name=value". Nothing of the verifier
 * and nothing of the makers' builders is used. */
#ifndef TESTS_SNP_FACTS_H
#define TESTS_SNP_FACTS_H

#include "makers/snp.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The vendor's public keys, learned from whole evidence: by them signers get their names. */
struct snp_known {
    EVP_PKEY *ark, *ask, *asvk, *vcek, *vlek;
};

struct snp_facts {
    struct att_buf text;
    const struct snp_known *known;
};

static void fact(struct snp_facts *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fact(struct snp_facts *f, const char *format, ...)
{
    char line[2048];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line)
        abort();
    att_buf_puts(&f->text, line);
    att_buf_putc(&f->text, '\n');
}

static void fact_hex(struct snp_facts *f, const char *name, const uint8_t *bytes, size_t len)
{
    char text[1024] = "";

    if (2 * len >= sizeof text)
        abort();
    for (size_t i = 0; i < len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    fact(f, "%s=%s", name, text);
}

static uint64_t le(const uint8_t *at, size_t bytes)
{
    uint64_t v = 0;

    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | at[i];
    return v;
}

/* -- report ---------------------------------------------------------------------------------------------------- */

static const char *half_state(const uint8_t half[72], const BIGNUM *order)
{
    static const uint8_t zeros[24];
    BIGNUM *v = BN_lebin2bn(half, 48, NULL);
    const char *state = memcmp(half + 48, zeros, 24) != 0 ? "padded"
                        : BN_is_zero(v)                   ? "zero"
                        : BN_cmp(v, order) >= 0           ? "too large"
                                                          : "in range";
    BN_free(v);
    return state;
}

static bool signature_holds(EVP_PKEY *key, const uint8_t *report)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *der = NULL;
    bool good = false;

    if (ECDSA_SIG_set0(sig, BN_lebin2bn(report + 0x2a0, 72, NULL), BN_lebin2bn(report + 0x2e8, 72, NULL)) ==
        1) {
        int len = i2d_ECDSA_SIG(sig, &der);
        good = len > 0 && EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, key) == 1 &&
               EVP_DigestVerify(ctx, der, (size_t)len, report, 0x2a0) == 1;
    }
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    ECDSA_SIG_free(sig);
    return good;
}

static void read_fields(struct snp_facts *f, const uint8_t *r)
{
    static const struct {
        const char *name;
        size_t at, len;
    } rows[] = {
        { "version", 0x000, 4 },
        { "guest_svn", 0x004, 4 },
        { "policy", 0x008, 8 },
        { "family_id", 0x010, 16 },
        { "image_id", 0x020, 16 },
        { "vmpl", 0x030, 4 },
        { "algo", 0x034, 4 },
        { "current", 0x038, 8 },
        { "platform_info", 0x040, 8 },
        { "key_info", 0x048, 4 },
        { "reserved_4c", 0x04c, 4 },
        { "report_data", 0x050, 64 },
        { "measurement", 0x090, 48 },
        { "host_data", 0x0c0, 32 },
        { "id_key", 0x0e0, 48 },
        { "author_key", 0x110, 48 },
        { "report_id", 0x140, 32 },
        { "report_id_ma", 0x160, 32 },
        { "reported", 0x180, 8 },
        { "cpuid", 0x188, 3 },
        { "reserved_18b", 0x18b, 21 },
        { "chip_id", 0x1a0, 64 },
        { "committed", 0x1e0, 8 },
        { "current_version", 0x1e8, 4 },
        { "committed_version", 0x1ec, 4 },
        { "launch", 0x1f0, 8 },
        { "launch_mit", 0x1f8, 8 },
        { "current_mit", 0x200, 8 },
        { "reserved_208", 0x208, 152 },
        { "tail", 0x330, 368 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fact_hex(f, rows[i].name, r + rows[i].at, rows[i].len);
}

static void read_report(struct snp_facts *f, struct att_span report)
{
    fact(f, "report=%zu bytes", report.len);
    if (report.len < 0x4a0)
        return;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    read_fields(f, report.ptr);
    fact(f, "r=%s", half_state(report.ptr + 0x2a0, EC_GROUP_get0_order(group)));
    fact(f, "s=%s", half_state(report.ptr + 0x2e8, EC_GROUP_get0_order(group)));
    fact(f, "signed_by=%s",
         signature_holds(f->known->vcek, report.ptr)   ? "vcek"
         : signature_holds(f->known->vlek, report.ptr) ? "vlek"
                                                       : "nobody");
    EC_GROUP_free(group);
}

/* -- certificates ---------------------------------------------------------------------------------------------- */

static const char *key_name(const struct snp_known *k, EVP_PKEY *key)
{
    const struct {
        EVP_PKEY *key;
        const char *name;
    } rows[] = {
        { k->ark, "ark" }, { k->ask, "ask" }, { k->asvk, "asvk" }, { k->vcek, "vcek" }, { k->vlek, "vlek" }
    };

    for (size_t i = 0; key && i < 5; i++)
        if (rows[i].key && EVP_PKEY_eq(rows[i].key, key) == 1)
            return rows[i].name;
    return "another";
}

static const char *cert_signer(const struct snp_known *k, X509 *cert)
{
    return X509_verify(cert, k->ark) == 1    ? "ark"
           : X509_verify(cert, k->ask) == 1  ? "ask"
           : X509_verify(cert, k->asvk) == 1 ? "asvk"
                                             : "nobody";
}

static void fact_name(struct snp_facts *f, const char *label, const char *what, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
    long len = BIO_get_mem_data(bio, &text);
    fact(f, "%s.%s=%.*s", label, what, (int)len, text);
    BIO_free(bio);
}

static void fact_time(struct snp_facts *f, const char *label, const char *what, const ASN1_TIME *t,
                      int64_t at)
{
    int days = 0, seconds = 0;
    ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)at);

    ASN1_TIME_diff(&days, &seconds, now, t);
    fact(f, "%s.%s=%d d %d s", label, what, days, seconds);
    ASN1_TIME_free(now);
}

static void read_extensions(struct snp_facts *f, const char *label, const X509 *cert)
{
    for (int i = 0; i < X509_get_ext_count(cert); i++) {
        X509_EXTENSION *e = X509_get_ext(cert, i);
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(e);
        char oid[80], name[200];
        OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(e), 1);
        int before = 0;
        for (int j = 0; j < i; j++)
            before +=
                OBJ_cmp(X509_EXTENSION_get_object(X509_get_ext(cert, j)), X509_EXTENSION_get_object(e)) == 0;
        (void)snprintf(name, sizeof name, "%s.ext.%s%s", label, oid, before ? ".again" : "");
        fact_hex(f, name, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    }
}

static void read_cert(struct snp_facts *f, const char *label, X509 *cert, int64_t at)
{
    const X509_ALGOR *alg = NULL;
    const ASN1_OBJECT *oid = NULL;
    char serial[64] = "", name[80];
    const ASN1_INTEGER *number = X509_get0_serialNumber(cert);

    fact_name(f, label, "subject", X509_get_subject_name(cert));
    fact_name(f, label, "issuer", X509_get_issuer_name(cert));
    for (int i = 0; i < ASN1_STRING_length(number); i++)
        (void)snprintf(serial + 2 * i, 3, "%02x", ASN1_STRING_get0_data(number)[i]);
    fact(f, "%s.serial=%s", label, serial);
    fact_time(f, label, "not_before", X509_get0_notBefore(cert), at);
    fact_time(f, label, "not_after", X509_get0_notAfter(cert), at);
    fact(f, "%s.key=%s", label, key_name(f->known, X509_get0_pubkey(cert)));
    fact(f, "%s.signed_by=%s", label, cert_signer(f->known, cert));
    X509_get0_signature(NULL, &alg, cert);
    X509_ALGOR_get0(&oid, NULL, NULL, alg);
    (void)snprintf(name, sizeof name, "%s.algorithm", label);
    uint8_t *der = NULL;
    int len = i2d_X509_ALGOR(alg, &der);
    fact_hex(f, name, der, (size_t)len);
    OPENSSL_free(der);
    read_extensions(f, label, cert);
}

static void read_der(struct snp_facts *f, const char *label, const uint8_t *der, size_t len, int64_t at)
{
    const uint8_t *cursor = der;
    X509 *cert = d2i_X509(NULL, &cursor, (long)len);

    fact(f, "%s.behind=%s", label, !cert ? "no certificate" : cursor == der + len ? "nothing" : "something");
    if (cert)
        read_cert(f, label, cert, at);
    X509_free(cert);
}

static void read_chain(struct snp_facts *f, struct att_span pem, int64_t at)
{
    BIO *bio = BIO_new_mem_buf(pem.len ? pem.ptr : (const uint8_t *)"", (int)pem.len);
    char *name = NULL, *header = NULL, label[32];
    unsigned char *der = NULL;
    long len = 0;
    int count = 0;

    fact(f, "chain.lines=%s", memchr(pem.ptr ? pem.ptr : (const uint8_t *)"", '\r', pem.len) ? "CRLF" : "LF");
    fact(f, "chain.nul=%s", memchr(pem.ptr ? pem.ptr : (const uint8_t *)"", '\0', pem.len) ? "yes" : "no");
    while (PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
        (void)snprintf(label, sizeof label, "chain[%d]", count++);
        read_der(f, label, der, (size_t)len, at);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    fact(f, "chain.count=%d", count);
    BIO_free(bio);
}

/* -- certificate table ----------------------------------------------------------------------------------------- */

static void read_table(struct snp_facts *f, struct att_span table, int64_t at)
{
    static const uint8_t zeros[24];
    size_t i = 0, end = 0;

    for (; i < 6 && 24 * (i + 1) <= table.len; i++) {
        const uint8_t *e = table.ptr + 24 * i;
        uint64_t offset = le(e + 16, 4), len = le(e + 20, 4);
        char label[32];
        if (memcmp(e, zeros, 24) == 0)
            break;
        (void)snprintf(label, sizeof label, "table[%zu]", i);
        fact(f, "%s.guid=%02x%02x%02x%02x", label, e[0], e[1], e[2], e[3]);
        fact(f, "%s.place=%s", label,
             offset + len > table.len ? "outside"
             : offset < 96            ? "entries"
                                      : "inside");
        fact(f, "%s.order=%s", label, offset == end || i == 0 ? "next" : "not next");
        end = (size_t)(offset + len);
        if (offset + len <= table.len)
            read_der(f, label, table.ptr + offset, (size_t)len, at);
    }
    fact(f, "table.count=%zu", i);
    fact(f, "table.behind=%zd", (ssize_t)table.len - (ssize_t)end);
    fact(f, "table.ended=%s", 24 * (i + 1) <= table.len ? "yes" : "no");
}

/* -- revocation lists ------------------------------------------------------------------------------------------ */

static void read_crl(struct snp_facts *f, const char *label, struct att_span der, int64_t at)
{
    const uint8_t *cursor = der.ptr;
    X509_CRL *crl = d2i_X509_CRL(NULL, &cursor, (long)der.len);

    fact(f, "%s.behind=%s", label, !crl ? "no list" : cursor == der.ptr + der.len ? "nothing" : "something");
    if (!crl)
        return;
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
    int count = revoked ? sk_X509_REVOKED_num(revoked) : 0;
    fact_name(f, label, "issuer", X509_CRL_get_issuer(crl));
    fact_time(f, label, "this_update", X509_CRL_get0_lastUpdate(crl), at);
    fact_time(f, label, "next_update", X509_CRL_get0_nextUpdate(crl), at);
    fact(f, "%s.signed_by=%s", label,
         X509_CRL_verify(crl, f->known->ark) == 1    ? "ark"
         : X509_CRL_verify(crl, f->known->ask) == 1  ? "ask"
         : X509_CRL_verify(crl, f->known->asvk) == 1 ? "asvk"
                                                     : "nobody");
    fact(f, "%s.revoked=%d", label, count);
    for (int i = 0; i < count; i++) {
        const ASN1_INTEGER *serial = X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i));
        char name[64];
        (void)snprintf(name, sizeof name, "%s.revoked[%d]", label, i);
        fact_hex(f, name, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
    }
    X509_CRL_free(crl);
}

/* -- bound data ------------------------------------------------------------------------------------------------ */

static void read_bound(struct snp_facts *f, const char *label, struct att_span data, bool present,
                       struct att_span report, size_t at)
{
    uint8_t hash[32];

    fact(f, "%s=%s, %zu bytes", label, present ? "there" : "absent", data.len);
    if (!present || report.len < at + 32)
        return;
    EVP_Digest(data.ptr ? data.ptr : (const uint8_t *)"", data.len, hash, NULL, EVP_sha256(), NULL);
    fact(f, "%s.bound=%s", label, memcmp(hash, report.ptr + at, 32) == 0 ? "yes" : "no");
}

static void snp_facts_read(struct snp_facts *f, const struct mk_snp_evidence *ev,
                           const struct snp_known *known)
{
    struct att_span report = mk_snp_item(ev, MK_SNP_REPORT), ext = mk_snp_item(ev, MK_SNP_EXT_REPORT);
    int64_t at = ev->options.at_unix_s;

    *f = (struct snp_facts){ .known = known };
    read_report(f, report);
    read_bound(f, "runtime", mk_snp_item(ev, MK_SNP_RUNTIME_DATA), ev->present[MK_SNP_RUNTIME_DATA], report,
               0x50);
    read_bound(f, "init_time", mk_snp_item(ev, MK_SNP_INIT_TIME_DATA), ev->present[MK_SNP_INIT_TIME_DATA],
               report, 0xc0);
    fact(f, "chain=%s", ev->present[MK_SNP_CHAIN] ? "there" : "absent");
    read_chain(f, mk_snp_item(ev, MK_SNP_CHAIN), at);
    fact(f, "ext_report.begins=%s",
         ext.len >= report.len && memcmp(ext.ptr, report.ptr, report.len) == 0 ? "like the report"
                                                                               : "otherwise");
    read_table(f, att_span_of(ext.ptr + report.len, ext.len - report.len), at);
    read_crl(f, "vcek_crl", mk_snp_item(ev, MK_SNP_VCEK_CRL), at);
    read_crl(f, "vlek_crl", mk_snp_item(ev, MK_SNP_VLEK_CRL), at);
    att_buf_putc(&f->text, '\0');
    if (f->text.failed)
        abort();
}

/* Is S more than half of the order? Random in whole evidence, so none of the facts. */
static inline bool snp_s_is_upper(const struct mk_snp_evidence *ev)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    BIGNUM *s = BN_lebin2bn(mk_snp_item(ev, MK_SNP_REPORT).ptr + 0x2e8, 48, NULL);
    BIGNUM *other = BN_new();

    BN_sub(other, EC_GROUP_get0_order(group), s);
    bool upper = BN_cmp(s, other) > 0;
    BN_free(s);
    BN_free(other);
    EC_GROUP_free(group);
    return upper;
}

/* -- learning -------------------------------------------------------------------------------------------------- */

static EVP_PKEY *key_in_chain(const struct mk_snp_evidence *ev, int place)
{
    struct att_span pem = mk_snp_item(ev, MK_SNP_CHAIN);
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;

    for (int i = 0; (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL; i++) {
        if (i == place)
            key = X509_get_pubkey(cert);
        X509_free(cert);
    }
    BIO_free(bio);
    return key;
}

static void snp_known_learn(struct snp_known *k, const struct mk_snp_evidence *vcek,
                            const struct mk_snp_evidence *vlek)
{
    *k = (struct snp_known){ .vcek = key_in_chain(vcek, 0),
                             .ask = key_in_chain(vcek, 1),
                             .ark = key_in_chain(vcek, 2),
                             .vlek = key_in_chain(vlek, 0),
                             .asvk = key_in_chain(vlek, 1) };
}

static void snp_known_forget(struct snp_known *k)
{
    EVP_PKEY_free(k->ark);
    EVP_PKEY_free(k->ask);
    EVP_PKEY_free(k->asvk);
    EVP_PKEY_free(k->vcek);
    EVP_PKEY_free(k->vlek);
}

#endif
