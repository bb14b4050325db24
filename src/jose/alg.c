#include "jose/alg.h"

#include "base/err.h"

struct row {
    const char *name;
    enum att_key_type key;
};

static const struct row rows[] = {
    [ATT_ES256] = { "ES256", ATT_KEY_P256 }, [ATT_ES384] = { "ES384", ATT_KEY_P384 },
    [ATT_ES512] = { "ES512", ATT_KEY_P521 }, [ATT_RS256] = { "RS256", ATT_KEY_RSA },
    [ATT_RS384] = { "RS384", ATT_KEY_RSA },  [ATT_RS512] = { "RS512", ATT_KEY_RSA },
    [ATT_PS256] = { "PS256", ATT_KEY_RSA },  [ATT_PS384] = { "PS384", ATT_KEY_RSA },
    [ATT_PS512] = { "PS512", ATT_KEY_RSA },
};
enum { ROWS = sizeof rows / sizeof rows[0] };
_Static_assert(ROWS <= 32, "sets of algorithms are kept in 32 bits");

bool att_alg_of(struct att_span name, enum att_sig_alg *ret)
{
    for (unsigned i = 0; i < ROWS; i++) {
        if (att_span_is(name, rows[i].name)) {
            *ret = (enum att_sig_alg)i;
            return true;
        }
    }
    return false;
}

const char *att_alg_name(enum att_sig_alg alg)
{
    return (unsigned)alg < ROWS ? rows[alg].name : "";
}

bool att_alg_fits(enum att_sig_alg alg, enum att_key_type key)
{
    return (unsigned)alg < ROWS && rows[alg].key == key;
}

bool att_alg_set(const char *names, unsigned *ret, struct att_err *err)
{
    struct att_shown shown;
    unsigned set = 0;

    for (const char *at = names;; at++) {
        size_t len = strcspn(at, " ");
        enum att_sig_alg alg = ATT_ES256;
        if (!att_alg_of(att_span_of(at, len), &alg))
            return att_fail(err, ATT_TOKEN_ALGORITHM, "algs", "names such as RS256, one space between",
                            "'%s'", att_shown(&shown, att_span_of(at, len)));
        set |= att_alg_bit(alg);
        at += len;
        if (*at == '\0')
            break;
    }
    *ret = set;
    return true;
}
