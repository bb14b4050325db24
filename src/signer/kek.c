#include "signer/kek.h"

#include "base/err.h"

/* Which kind `where` names; the row without a prefix, the last, is a path. */
static const struct {
    const char *prefix;
    bool (*open)(const struct signer_options *options, const char *rest, struct kek **ret,
                 struct att_err *err);
} kinds[] = {
    { "credential:", kek_credential_open },
    { "pkcs11:", kek_token_open },
    { "", kek_file_open },
};

bool kek_open(const struct signer_options *options, const char *where, struct kek **ret, struct att_err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i].prefix);
        if (strncmp(where, kinds[i].prefix, len) == 0)
            return kinds[i].open(options, where + len, ret, err);
    }
    return att_fail(err, ATT_INTERNAL, "key_encryption_key", "a known kind", "another");
}

void kek_close(struct kek *k)
{
    if (k)
        k->ops->close(k);
}

/* -- the set ---------------------------------------------------------------------------------------------- */

static bool add(const struct signer_options *options, const char *where, struct keks *k, struct att_err *err)
{
    if (k->count == KEKS_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key_previous", "at most 8 keys", "more");
    if (!kek_open(options, where, &k->of[k->count], err))
        return false;
    k->count++;
    return true;
}

bool keks_open(const struct signer_options *options, struct keks *ret, struct att_err *err)
{
    struct keks set = { 0 };
    bool ok = options->kek
                  ? add(options, options->kek, &set, err)
                  : att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key", "where it is", "nothing");

    for (size_t i = 0; ok && options->kek_previous && options->kek_previous[i]; i++)
        ok = add(options, options->kek_previous[i], &set, err);
    if (!ok) {
        keks_close(&set);
        return false;
    }
    *ret = set;
    return true;
}

void keks_close(struct keks *k)
{
    for (size_t i = 0; i < k->count; i++)
        kek_close(k->of[i]);
    *k = (struct keks){ 0 };
}

bool keks_seal(const struct keks *k, struct att_arena *arena, struct att_span label, struct att_span secret,
               struct att_span *ret, struct att_err *err)
{
    return k->of[0]->ops->seal(k->of[0], arena, label, secret, ret, err);
}

/* Only "does not open" leads to the next one: a token that does not answer is no reason to try an older key. */
bool keks_unseal(const struct keks *k, struct att_arena *arena, struct att_span label, struct att_span sealed,
                 struct att_span *ret, size_t *ret_by, struct att_err *err)
{
    struct att_err first = { 0 };

    for (size_t i = 0; i < k->count; i++) {
        struct att_err why = { 0 };
        if (k->of[i]->ops->open(k->of[i], arena, label, sealed, ret, &why)) {
            *ret_by = i;
            return true;
        }
        if (i == 0 || why.code != ATT_SEAL_INVALID)
            first = why;
        if (why.code != ATT_SEAL_INVALID)
            break;
    }
    if (err && err->code == ATT_OK)
        *err = first;
    return false;
}

bool keks_derive(const struct keks *k, const char *info, uint8_t ret[32], struct att_err *err)
{
    return k->of[0]->ops->derive(k->of[0], info, ret, err);
}
