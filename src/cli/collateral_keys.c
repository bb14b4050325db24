/* Whom bundle files are trusted from, and which vendors' roots count. */
#include "base/buf.h"
#include "base/err.h"
#include "cli/collateral.h"
#include "cli/files.h"
#include "cli/pem.h"

#include <attest/jwks.h>

bool coll_lib(struct cli *c, struct att_lib **ret, struct att_err *err)
{
    enum { ROOTS_MAX = 8 };
    struct att_root roots[ROOTS_MAX];
    const char *path = NULL;
    size_t count = 0;

    while ((path = cli_value_at(c, "trust-root", count)) != NULL) {
        if (count == ROOTS_MAX)
            return att_fail(err, ATT_USAGE, "trust-root", "at most 8", "more");
        roots[count].test_root = true;
        if (!cli_read(c, "trust-root", path, &roots[count++].pem, err))
            return false;
    }
    struct att_lib_options options = { .size = sizeof options, .roots = roots, .root_count = count };
    return att_lib_new(&options, ret, err);
}

/* A JWK for each certificate; which algorithm it signs with follows from its key, so each that fits is named once. */
static bool put_keys(struct cli *c, const struct pem_chain *chain, struct att_buf *out, struct att_err *err)
{
    static const char *const algorithms[] = { "RS256", "ES256", "ES384" };
    bool any = false;

    for (size_t i = 0; i < chain->count; i++) {
        bool fits = false;
        for (size_t a = 0; a < sizeof algorithms / sizeof algorithms[0] && !fits; a++) {
            struct att_err why = { 0 };
            struct att_span jwk = { 0 };
            fits = att_jwk_of_certificate(c->arena, chain->der[i], algorithms[a], (struct att_span){ 0 },
                                          &jwk, &why);
            if (fits && any)
                att_buf_putc(out, ',');
            if (fits)
                att_buf_put(out, jwk);
            any = any || fits;
        }
    }
    return any || att_fail(err, ATT_USAGE, "trust", "certificates with RSA, P-256 or P-384 keys", "others");
}

bool coll_trust(struct cli *c, struct att_span *ret_jwks, struct att_err *err)
{
    const char *path = cli_value(c, "trust");
    struct att_buf out = { 0 };
    struct pem_chain chain;
    struct att_span text = { 0 };

    if (!path)
        return att_fail(err, ATT_USAGE, "trust", "the certificate, or the JWK set, of who packs such files",
                        "none");
    if (!cli_read(c, "trust", path, &text, err))
        return false;
    if (text.len > 0 && text.ptr[0] == '{') {
        *ret_jwks = text;
        return true;
    }
    if (!pem_read(c, "trust", path, &chain, err))
        return false;
    att_buf_puts(&out, "{\"keys\":[");
    bool ok = put_keys(c, &chain, &out, err);
    att_buf_puts(&out, "]}");
    const char *copy = ok && !out.failed ? att_arena_dup(c->arena, att_buf_span(&out)) : NULL;
    *ret_jwks = att_span_of(copy, copy ? out.len : 0);
    att_buf_free(&out);
    return copy || (ok ? att_fail_memory(err, "trust") : false);
}
