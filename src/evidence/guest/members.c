#include "evidence/guest/members.h"

#include "base/base64.h"
#include "base/err.h"

#include <stdio.h>

enum { VERSION_MAX = 1000 * 1000 * 1000, WHERE_BYTES = 64 };

static const char *type_name(const struct guest_members *m, att_json_id id)
{
    static const char *const names[] = {
        "null", "a boolean", "a number", "a string", "an array", "an object"
    };

    return names[att_json_type(m->doc, id)];
}

static const char *place(char room[WHERE_BYTES], const struct guest_members *m, const char *name)
{
    (void)snprintf(room, WHERE_BYTES, "%s.%s", m->where, name);
    return room;
}

bool guest_member_bad(const struct guest_members *m, const char *name, const char *expected,
                      const char *found, struct att_err *err)
{
    char room[WHERE_BYTES];

    return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, place(room, m, name), expected, "%s", found);
}

att_json_id guest_member(const struct guest_members *m, const char *name)
{
    att_json_id id = att_json_get(m->doc, m->obj, name);

    return id != ATT_JSON_NONE && att_json_type(m->doc, id) == ATT_JSON_NULL ? ATT_JSON_NONE : id;
}

bool guest_member_object(const struct guest_members *m, const char *name, const char *where,
                         enum guest_need need, struct guest_members *ret, struct att_err *err)
{
    att_json_id id = guest_member(m, name);

    if (id == ATT_JSON_NONE && need == GUEST_REQUIRED)
        return guest_member_bad(m, name, "an object", "no such member", err);
    if (id != ATT_JSON_NONE && att_json_type(m->doc, id) != ATT_JSON_OBJECT)
        return guest_member_bad(m, name, "an object", type_name(m, id), err);
    *ret = (struct guest_members){ m->doc, m->arena, where, id };
    return true;
}

bool guest_member_text(const struct guest_members *m, const char *name, enum guest_need need,
                       struct att_span *ret, struct att_err *err)
{
    att_json_id id = guest_member(m, name);
    struct att_span text = { 0 };
    char room[WHERE_BYTES];

    if (id != ATT_JSON_NONE && att_json_type(m->doc, id) != ATT_JSON_STRING)
        return guest_member_bad(m, name, "a string", type_name(m, id), err);
    if (id != ATT_JSON_NONE && !att_json_string(m->doc, m->arena, id, &text))
        return att_fail_memory(err, place(room, m, name));
    if (text.len == 0 && need == GUEST_REQUIRED)
        return guest_member_bad(m, name, "a string", id == ATT_JSON_NONE ? "no such member" : "an empty one",
                                err);
    *ret = text;
    return true;
}

static bool decode(const struct guest_members *m, const char *name, struct att_span text,
                   struct att_span *ret, struct att_err *err)
{
    struct att_err inner = { 0 };
    char room[WHERE_BYTES];

    if (att_base64_decode(m->arena, ATT_BASE64_LENIENT, text, place(room, m, name), ret, &inner))
        return true;
    if (inner.code == ATT_BASE64_INVALID)
        return guest_member_bad(m, name, inner.expected, inner.found, err);
    if (err && err->code == ATT_OK)
        *err = inner;
    return false;
}

bool guest_member_bytes(const struct guest_members *m, const char *name, enum guest_need need,
                        struct att_span *ret, struct att_err *err)
{
    struct att_span text = { 0 }, bytes = { 0 };

    if (!guest_member_text(m, name, need, &text, err) || !decode(m, name, text, &bytes, err))
        return false;
    if (bytes.len == 0 && need == GUEST_REQUIRED)
        return guest_member_bad(m, name, "base64 of some bytes", "of none", err);
    *ret = bytes;
    return true;
}

static bool digits_read(struct att_span text, int64_t *ret)
{
    int64_t n = 0;

    if (text.len == 0 || text.len > 9)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        n = n * 10 + (text.ptr[i] - '0');
    }
    *ret = n;
    return true;
}

bool guest_member_number(const struct guest_members *m, const char *name, bool *ret_has, int64_t *ret,
                         struct att_err *err)
{
    static const char expected[] = "a whole number below 1000000000, or its digits";
    att_json_id id = guest_member(m, name);
    struct att_span text = { 0 };
    int64_t n = 0;

    if (id == ATT_JSON_NONE) {
        *ret_has = false;
        return true;
    }
    if (att_json_type(m->doc, id) == ATT_JSON_STRING) {
        if (!guest_member_text(m, name, GUEST_OPTIONAL, &text, err))
            return false;
        if (!digits_read(text, &n))
            return guest_member_bad(m, name, expected, "another string", err);
    } else if (!att_json_i64(m->doc, id, &n) || n < 0 || n >= VERSION_MAX) {
        return guest_member_bad(m, name, expected, "another value", err);
    }
    *ret_has = true;
    *ret = n;
    return true;
}

/* -- registers ------------------------------------------------------------------------------------------------ */

static bool index_read(const struct att_json *doc, att_json_id id, uint32_t taken, uint32_t *ret)
{
    int64_t n = -1;

    if (!att_json_i64(doc, id, &n) || n < 0 || n >= TPM_PCRS || (taken >> n & 1))
        return false;
    *ret = (uint32_t)n;
    return true;
}

static bool pcr_read(const struct guest_members *m, struct tpm_bank *bank, struct att_err *err)
{
    struct att_span digest = { 0 };
    uint32_t at = 0;

    if (att_json_type(m->doc, m->obj) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, m->where, "objects with Index and Digest", "%s",
                        type_name(m, m->obj));
    if (!index_read(m->doc, guest_member(m, "Index"), bank->pcrs, &at))
        return guest_member_bad(m, "Index", "a number from 0 to 23, each once", "something else", err);
    if (!guest_member_bytes(m, "Digest", GUEST_REQUIRED, &digest, err))
        return false;
    if (digest.len != att_hash_size(ATT_SHA256))
        return guest_member_bad(m, "Digest", "32 bytes, of the bank of SHA-256", "another length", err);
    memcpy(bank->value[at], digest.ptr, digest.len);
    bank->pcrs |= 1u << at;
    return true;
}

/* Clients send the list twice: once as indices alone. */
static bool set_agrees(const struct guest_members *m, uint32_t pcrs, struct att_err *err)
{
    static const char expected[] = "the registers of PCRs, each once";
    att_json_id set = guest_member(m, "PcrSet");
    uint32_t named = 0, at = 0;

    if (set == ATT_JSON_NONE)
        return true;
    if (att_json_type(m->doc, set) != ATT_JSON_ARRAY)
        return guest_member_bad(m, "PcrSet", expected, type_name(m, set), err);
    for (att_json_id id = att_json_first(m->doc, set); id != ATT_JSON_NONE; id = att_json_next(m->doc, id)) {
        if (!index_read(m->doc, id, named, &at))
            return guest_member_bad(m, "PcrSet", expected, "something else", err);
        named |= 1u << at;
    }
    return named == pcrs || guest_member_bad(m, "PcrSet", expected, "others", err);
}

bool guest_member_pcrs(const struct guest_members *m, struct tpm_pcrs **ret, struct att_err *err)
{
    att_json_id list = guest_member(m, "PCRs");
    struct guest_members item = { m->doc, m->arena, "guest.TpmInfo.PCRs", ATT_JSON_NONE };

    if (att_json_type(m->doc, list) != ATT_JSON_ARRAY || m->doc->nodes[list].count == 0 ||
        m->doc->nodes[list].count > TPM_PCRS)
        return guest_member_bad(m, "PCRs", "a list of 1 to 24 registers", "something else", err);
    struct tpm_pcrs *pcrs = att_arena_alloc(m->arena, 1, sizeof *pcrs);
    if (!pcrs)
        return att_fail_memory(err, "guest.TpmInfo.PCRs");
    for (item.obj = att_json_first(m->doc, list); item.obj != ATT_JSON_NONE;
         item.obj = att_json_next(m->doc, item.obj))
        if (!pcr_read(&item, &pcrs->bank[ATT_SHA256], err))
            return false;
    if (!set_agrees(m, pcrs->bank[ATT_SHA256].pcrs, err))
        return false;
    *ret = pcrs;
    return true;
}
