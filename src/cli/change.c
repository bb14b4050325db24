/* What the commands that change something share. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/provider.h"

#include <openssl/x509.h>

ATT_AUTO_PTR(x509_free, X509, X509_free)

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

/* The service wants to be told what it then checks: the kind of key in the first certificate. */
static bool put_kty(struct cli *c, const char *where, struct att_span base64, struct att_json_writer *w,
                    struct att_err *err)
{
    struct att_span der;

    if (!att_base64_decode(c->arena, ATT_BASE64_STANDARD, base64, where, &der, err))
        return false;
    const unsigned char *p = der.ptr;
    ATT_AUTO(x509_free) X509 *cert = d2i_X509(NULL, &p, (long)der.len);
    EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;
    int kind = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
    if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC)
        return att_fail(err, ATT_USAGE, where, "a certificate with an RSA or EC key",
                        cert ? "another key" : "no certificate");
    att_jw_key(w, "kty");
    att_jw_str(w, kind == EVP_PKEY_RSA ? "RSA" : "EC");
    return true;
}

bool pem_put_x5c(struct cli *c, const char *where, const char *path, struct att_json_writer *w,
                 struct att_err *err)
{
    struct att_span rest;
    struct att_span lines;
    size_t count = 0;

    if (!cli_read(c, where, path, &rest, err))
        return false;
    att_jw_object(w);
    for (; next_certificate(&rest, &lines); count++) {
        ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
        for (size_t i = 0; i < lines.len; i++)
            if (lines.ptr[i] != ' ' && lines.ptr[i] != '\t' && lines.ptr[i] != '\r' && lines.ptr[i] != '\n')
                att_buf_putc(&text, (char)lines.ptr[i]);
        if (text.failed)
            return att_fail_memory(err, where);
        if (count == 0) {
            if (!put_kty(c, where, att_buf_span(&text), w, err))
                return false;
            att_jw_key(w, "x5c");
            att_jw_array(w);
        }
        att_jw_string(w, att_buf_span(&text));
    }
    if (count == 0)
        return att_fail(err, ATT_USAGE, where, "certificates in PEM", "none in the file");
    att_jw_end_array(w);
    att_jw_end_object(w);
    return true;
}

enum cli_exit answer_change(struct cli *c, const struct remote_answer *a, const char *verb, const char *what)
{
    if (c->json) {
        remote_put_json(c, a);
        return CLI_YES;
    }
    att_buf_printf(&c->out, "%s ", verb);
    cli_put_plain(&c->out, what);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

enum cli_exit run_remove(struct remote *r, const char *path, const char *if_match, const char *what)
{
    struct remote_request q = { .method = "DELETE", .path = path, .if_match = if_match };
    struct remote_answer a = { 0 };

    if (!remote_call(r, &q, &a))
        return r->exit;
    return answer_change(r->c, &a, a.status == 204 ? "was not there:" : "deleted", what);
}
