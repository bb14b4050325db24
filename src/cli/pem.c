#include "cli/pem.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/files.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

ATT_AUTO_PTR(x509_free, X509, X509_free)
ATT_AUTO_PTR(bio_free, BIO, BIO_free_all)

static bool next_certificate(struct att_span *rest, struct att_span *ret)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    static const char end[] = "-----END CERTIFICATE-----";
    const uint8_t *from = rest->len ? memmem(rest->ptr, rest->len, begin, sizeof begin - 1) : NULL;

    if (!from)
        return false;
    from += sizeof begin - 1;
    size_t left = rest->len - (size_t)(from - rest->ptr);
    const uint8_t *to = memmem(from, left, end, sizeof end - 1);
    if (!to)
        return false;
    *ret = att_span_of(from, (size_t)(to - from));
    *rest = att_span_of(to, rest->len - (size_t)(to - rest->ptr));
    return true;
}

static bool decode(struct att_arena *arena, const char *where, struct att_span lines, struct att_span *ret,
                   struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    for (size_t i = 0; i < lines.len; i++)
        if (lines.ptr[i] != ' ' && lines.ptr[i] != '\t' && lines.ptr[i] != '\r' && lines.ptr[i] != '\n')
            att_buf_putc(&text, (char)lines.ptr[i]);
    if (text.failed)
        return att_fail_memory(err, where);
    return att_base64_decode(arena, ATT_BASE64_STANDARD, att_buf_span(&text), where, ret, err);
}

/* EVP_PKEY_RSA, EVP_PKEY_EC; EVP_PKEY_NONE for what is no certificate. */
static int kind_of(struct att_span der)
{
    const unsigned char *p = der.ptr;
    ATT_AUTO(x509_free) X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;

    return key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
}

bool pem_read(struct cli *c, const char *where, const char *path, struct pem_chain *ret, struct att_err *err)
{
    struct pem_chain chain = { 0 };
    struct att_span rest;
    struct att_span lines;

    if (!cli_read(c, where, path, &rest, err))
        return false;
    while (next_certificate(&rest, &lines)) {
        if (chain.count == PEM_CERTIFICATES_MAX)
            return att_fail(err, ATT_LIMIT_EXCEEDED, where, "at most 16 certificates", "more");
        if (!decode(c->arena, where, lines, &chain.der[chain.count++], err))
            return false;
    }
    if (chain.count == 0)
        return att_fail(err, ATT_USAGE, where, "certificates in PEM", "none in the file");
    int kind = kind_of(chain.der[0]);
    if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC)
        return att_fail(err, ATT_USAGE, where, "a certificate with an RSA or EC key",
                        kind == EVP_PKEY_NONE ? "no certificate" : "another key");
    *ret = chain;
    return true;
}

bool pem_put_x5c(struct cli *c, const char *where, const char *path, struct att_json_writer *w,
                 struct att_err *err)
{
    struct pem_chain chain;

    if (!pem_read(c, where, path, &chain, err))
        return false;
    /* The service wants to be told what it then checks: the kind of key in the first certificate. */
    att_jw_object(w);
    att_jw_key(w, "kty");
    att_jw_str(w, kind_of(chain.der[0]) == EVP_PKEY_RSA ? "RSA" : "EC");
    att_jw_key(w, "x5c");
    att_jw_array(w);
    for (size_t i = 0; i < chain.count; i++) {
        ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
        att_base64_put(&text, chain.der[i]);
        if (text.failed)
            return att_fail_memory(err, where);
        att_jw_string(w, att_buf_span(&text));
    }
    att_jw_end_array(w);
    att_jw_end_object(w);
    return true;
}

static bool subject_of(struct att_arena *arena, const X509 *cert, const char **ret)
{
    ATT_AUTO(bio_free) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (!bio || X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
                                   XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) < 0)
        return false;
    long len = BIO_get_mem_data(bio, &text);
    *ret = len >= 0 ? att_arena_dup(arena, att_span_of(text, (size_t)len)) : NULL;
    return *ret != NULL;
}

static bool not_after_of(struct att_arena *arena, const X509 *cert, const char **ret)
{
    struct tm tm;
    struct att_time_text room;
    int64_t unix_s = 0;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1 ||
        !att_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                             &unix_s))
        return false;
    *ret = att_arena_dup(arena, att_str(att_time_text(&room, unix_s)));
    return *ret != NULL;
}

bool pem_show(struct att_arena *arena, struct att_span der, struct pem_shown *ret, struct att_err *err)
{
    const unsigned char *p = der.ptr;
    ATT_AUTO(x509_free) X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    unsigned char sha1[EVP_MAX_MD_SIZE];
    char thumbprint[2 * EVP_MAX_MD_SIZE + 1] = "";
    struct pem_shown shown = { 0 };
    unsigned len = 0;

    if (!cert || p != der.ptr + der.len)
        return att_fail(err, ATT_USAGE, "certificate", "one DER certificate", "something else");
    if (X509_digest(cert, EVP_sha1(), sha1, &len) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "certificate", "SHA-1", "a failure");
    for (unsigned i = 0; i < len; i++)
        (void)snprintf(thumbprint + 2 * (size_t)i, 3, "%02X", sha1[i]);
    shown.thumbprint = att_arena_dup(arena, att_str(thumbprint));
    if (!shown.thumbprint || !subject_of(arena, cert, &shown.subject) ||
        !not_after_of(arena, cert, &shown.not_after))
        return att_fail(err, ATT_USAGE, "certificate", "a subject and an end that can be shown", "others");
    *ret = shown;
    return true;
}
