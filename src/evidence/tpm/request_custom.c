/* Claims that the client makes about itself: all strings on the wire, with the type that they stand for. */
#include "base/err.h"
#include "evidence/tpm/request.h"

static bool number_read(struct att_span text, int64_t *ret)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    size_t i = negative ? 1 : 0;
    int64_t n = 0;

    if (i == text.len)
        return false;
    for (; i < text.len; i++) {
        int digit = text.ptr[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
            (negative ? __builtin_sub_overflow(n, digit, &n) : __builtin_add_overflow(n, digit, &n)))
            return false;
    }
    *ret = n;
    return true;
}

/* `word` is of lower-case letters; the text may be in any case. */
static bool same_word(struct att_span text, const char *word)
{
    bool same = text.len == strlen(word);

    for (size_t i = 0; same && i < text.len; i++)
        same = (text.ptr[i] | 0x20) == word[i];
    return same;
}

/* The spelling of types is not published: in any case. */
static bool value_read(const struct tpm_reading *r, struct att_span type, struct att_span text,
                       const char *where, struct att_value *ret)
{
    struct tpm_path path;

    *ret = (struct att_value){ .kind = ATT_CLAIM_STRING, .text = text };
    if (same_word(type, "string"))
        return true;
    if (same_word(type, "integer")) {
        *ret = (struct att_value){ .kind = ATT_CLAIM_INT };
        return number_read(text, &ret->integer) ||
               att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "value"),
                        "a whole number of at most 64 bits", "another text");
    }
    if (same_word(type, "boolean")) {
        *ret = (struct att_value){ .kind = ATT_CLAIM_BOOL, .boolean = same_word(text, "true") };
        return ret->boolean || same_word(text, "false") ||
               att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "value"), "true or false",
                        "another text");
    }
    return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "value_type"),
                    "string, integer or boolean", "\"%s\"", att_shown(&(struct att_shown){ 0 }, type));
}

static bool name_fits(const struct tpm_reading *r, struct att_span name, const char *where)
{
    struct tpm_path path;

    (void)tpm_path(&path, where, "name");
    if (name.len == 0 || name.len > TPM_CUSTOM_NAME_BYTES_MAX)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, path.text, "1 to 256 bytes", "%zu", name.len);
    if (tpm_claim_name_taken(name))
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, path.text,
                        "a name that the service does not use for what it has verified", "\"%s\"",
                        att_shown(&(struct att_shown){ 0 }, name));
    return true;
}

static bool one_read(const struct tpm_reading *r, att_json_id id, const char *where, struct tpm_custom *ret)
{
    struct att_span type = { 0 }, text = { 0 };
    struct tpm_path path;

    if (!tpm_want_text(r, id, where, "name", &ret->name) || !tpm_want_text(r, id, where, "value", &text) ||
        !tpm_want_text(r, id, where, "value_type", &type) || !name_fits(r, ret->name, where))
        return false;
    if (text.len > TPM_CUSTOM_VALUE_BYTES_MAX)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "value"),
                        "at most 8192 bytes", "%zu bytes", text.len);
    return value_read(r, type, text, where, &ret->value);
}

bool tpm_custom_read(const struct tpm_reading *r, struct tpm_request *q)
{
    struct tpm_path path;
    att_json_id claims = 0;

    if (!tpm_may(r, q->outside.members, "tpm", "custom_claims", ATT_JSON_ARRAY, &claims))
        return false;
    for (att_json_id at = att_json_first(r->doc, claims); at != ATT_JSON_NONE;
         at = att_json_next(r->doc, at)) {
        const char *where = tpm_path_item(&path, "tpm", "custom_claims", q->custom_count);
        if (q->custom_count == TPM_CUSTOM_MAX)
            return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, where, "at most 64 claims", "more");
        if (!one_read(r, at, where, &q->custom[q->custom_count]))
            return false;
        q->custom_count++;
    }
    return true;
}
