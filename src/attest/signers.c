/* A set of policy signers: each key checked, then written in the one form that is kept; and that set with one more or
 * one less. */
#include <attest/signers.h>

#include "attest/signer_key.h"
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

static bool signer_read(const struct att_signer_rules *rules, const struct att_json *doc, att_json_id id,
                        const char *where, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_signer_key_free) struct att_signer_key key = { .x5c = { .count = 0 } };

    return att_signer_key_read(rules, doc, id, where, &key, err) && att_signer_key_check(rules, &key, err) &&
           att_x5c_ends_in_ca(&key.x5c, err) && att_signer_key_write(&key, rules->arena, ret, err);
}

static int by_bytes(const void *a, const void *b)
{
    const struct att_span *x = a, *y = b;
    size_t len = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->ptr, y->ptr, len);

    if (order != 0)
        return order;
    return x->len < y->len ? -1 : x->len > y->len;
}

/* Sorted, and what stands there twice once. */
static bool write_set(struct att_arena *arena, struct att_span *keys, size_t count, struct att_span *ret_json,
                      size_t *ret_count, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    size_t written = 0;

    qsort(keys, count, sizeof *keys, by_bytes);
    att_buf_puts(&out, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && att_span_eq(keys[i], keys[i - 1]))
            continue;
        if (written++ > 0)
            att_buf_putc(&out, ',');
        att_buf_put(&out, keys[i]);
    }
    att_buf_puts(&out, "]}");
    char *copy = out.failed ? NULL : att_arena_dup(arena, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(err, "keys");
    *ret_json = att_span_of(copy, out.len);
    *ret_count = written;
    return true;
}

static bool read_keys(const struct att_signer_rules *rules, const struct att_json *doc, att_json_id set,
                      struct att_span *keys, size_t *ret_count, struct att_err *err)
{
    char where[ATT_X5C_WHERE_BYTES];
    size_t count = 0;

    for (att_json_id at = att_json_first(doc, set); at != ATT_JSON_NONE; at = att_json_next(doc, at)) {
        if (count == ATT_SIGNERS_MAX)
            return att_fail(err, ATT_LIMIT_EXCEEDED, "keys", "at most 32 keys", "more");
        (void)snprintf(where, sizeof where, "keys[%zu]", count);
        if (!signer_read(rules, doc, at, where, &keys[count], err))
            return false;
        count++;
    }
    *ret_count = count;
    return true;
}

bool att_signers_read(struct att_arena *arena, struct att_span json,
                      const struct att_signers_options *options, struct att_span *ret_json, size_t *ret_count,
                      struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = NULL;
    struct att_span keys[ATT_SIGNERS_MAX];
    struct att_json doc;
    att_json_id set = ATT_JSON_NONE;
    size_t count = 0;

    if (options && options->size != sizeof *options)
        return att_fail(err, ATT_INTERNAL, "options.size", "sizeof(struct att_signers_options)",
                        "another size");
    const struct att_limits *limits = options && options->limits ? options->limits : &att_limits_default;
    const struct att_json_options json_options = { .limits = limits };
    if (!att_json_parse(arena, json, &json_options, &doc, err) ||
        !att_json_want(&doc, ATT_JSON_ROOT, "", "keys", ATT_JSON_ARRAY, &set, err))
        return false;
    c = att_crypto_new();
    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, "keys", "a working crypto library", "none");
    const struct att_signer_rules rules = { .crypto = c,
                                            .arena = arena,
                                            .limits = limits,
                                            .rsa_bits_min =
                                                att_signer_rsa_bits(options ? options->rsa_bits_min : 0) };
    return read_keys(&rules, &doc, set, keys, &count, err) &&
           write_set(arena, keys, count, ret_json, ret_count, err);
}

/* -- one more, one less ------------------------------------------------------------------------------------- */

/* The first certificate of a key in the kept form: the text that stands for it. */
static bool first_certificate(struct att_arena *arena, const struct att_json *doc, att_json_id key,
                              const char *where, struct att_span *ret, struct att_err *err)
{
    att_json_id x5c = ATT_JSON_NONE;

    if (!att_json_want(doc, key, where, "x5c", ATT_JSON_ARRAY, &x5c, err))
        return false;
    att_json_id first = att_json_first(doc, x5c);
    if (att_json_type(doc, first) != ATT_JSON_STRING)
        return att_fail(err, ATT_JSON_TYPE, where, "certificates as strings", "something else");
    return att_json_string(doc, arena, first, ret) ? true : att_fail_memory(err, where);
}

static bool certificate_of(struct att_arena *arena, struct att_span key, struct att_span *ret,
                           struct att_err *err)
{
    struct att_json doc;

    return att_json_parse(arena, key, NULL, &doc, err) &&
           first_certificate(arena, &doc, ATT_JSON_ROOT, "key", ret, err);
}

/* The keys of a kept set whose first certificate is another one, each as it stands there. */
static bool others(struct att_arena *arena, struct att_span kept, struct att_span certificate,
                   struct att_span *keys, size_t *ret_count, bool *ret_there, struct att_err *err)
{
    struct att_json doc;
    att_json_id set = ATT_JSON_NONE;
    size_t count = 0;
    bool there = false;

    if (kept.len > 0) {
        if (!att_json_parse(arena, kept, NULL, &doc, err) ||
            !att_json_want(&doc, ATT_JSON_ROOT, "", "keys", ATT_JSON_ARRAY, &set, err))
            return false;
        for (att_json_id at = att_json_first(&doc, set); at != ATT_JSON_NONE; at = att_json_next(&doc, at)) {
            struct att_span first = { 0 };
            if (!first_certificate(arena, &doc, at, "keys", &first, err))
                return false;
            if (att_span_eq(first, certificate)) {
                there = true;
                continue;
            }
            if (count == ATT_SIGNERS_MAX)
                return att_fail(err, ATT_LIMIT_EXCEEDED, "keys", "at most 32 keys", "more");
            keys[count++] = att_json_source(&doc, at);
        }
    }
    *ret_count = count;
    *ret_there = there;
    return true;
}

/* The set as it is, in memory of its own. */
static bool unchanged(struct att_arena *arena, struct att_span kept, struct att_span *ret_json,
                      bool *ret_changed, struct att_err *err)
{
    struct att_span set = kept.len > 0 ? kept : att_str("{\"keys\":[]}");
    char *copy = att_arena_dup(arena, set);

    if (!copy)
        return att_fail_memory(err, "keys");
    *ret_json = att_span_of(copy, set.len);
    *ret_changed = false;
    return true;
}

bool att_signers_add(struct att_arena *arena, struct att_span kept, struct att_span key,
                     struct att_span *ret_json, bool *ret_changed, struct att_err *err)
{
    struct att_span keys[ATT_SIGNERS_MAX + 1], certificate = { 0 };
    size_t count = 0;
    bool there = false;

    if (!certificate_of(arena, key, &certificate, err) ||
        !others(arena, kept, certificate, keys, &count, &there, err))
        return false;
    if (there)
        return unchanged(arena, kept, ret_json, ret_changed, err);
    if (count == ATT_SIGNERS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "keys", "at most 32 keys", "one more");
    keys[count++] = key;
    if (!write_set(arena, keys, count, ret_json, &count, err))
        return false;
    *ret_changed = true;
    return true;
}

bool att_signers_remove(struct att_arena *arena, struct att_span kept, struct att_span key,
                        struct att_span *ret_json, bool *ret_changed, struct att_err *err)
{
    struct att_span keys[ATT_SIGNERS_MAX], certificate = { 0 };
    size_t count = 0;
    bool there = false;

    if (!certificate_of(arena, key, &certificate, err) ||
        !others(arena, kept, certificate, keys, &count, &there, err))
        return false;
    if (!there)
        return unchanged(arena, kept, ret_json, ret_changed, err);
    if (count == 0)
        return att_fail(err, ATT_POLICY_SIGNER_LAST, "keys", "a policy signer that stays", "none but this");
    if (!write_set(arena, keys, count, ret_json, &count, err))
        return false;
    *ret_changed = true;
    return true;
}
