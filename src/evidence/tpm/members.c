#include "evidence/tpm/members.h"

#include "base/base64.h"
#include "base/err.h"

#include <stdio.h>

const char *tpm_path(struct tpm_path *room, const char *where, const char *name)
{
    (void)snprintf(room->text, sizeof room->text, "%s.%s", where, name);
    return room->text;
}

const char *tpm_path_item(struct tpm_path *room, const char *where, const char *name, size_t i)
{
    (void)snprintf(room->text, sizeof room->text, "%s.%s[%zu]", where, name, i);
    return room->text;
}

bool tpm_want(const struct tpm_reading *r, att_json_id obj, const char *where, const char *name,
              enum att_json_type type, att_json_id *ret)
{
    return att_json_want(r->doc, obj, where, name, type, ret, r->err) ||
           att_fail_as(r->err, ATT_TPM_REQUEST_MALFORMED, "");
}

bool tpm_may(const struct tpm_reading *r, att_json_id obj, const char *where, const char *name,
             enum att_json_type type, att_json_id *ret)
{
    if (att_json_get(r->doc, obj, name) != ATT_JSON_NONE)
        return tpm_want(r, obj, where, name, type, ret);
    *ret = ATT_JSON_NONE;
    return true;
}

bool tpm_want_text(const struct tpm_reading *r, att_json_id obj, const char *where, const char *name,
                   struct att_span *ret)
{
    return att_json_want_string(r->doc, r->arena, obj, where, name, ret, r->err) ||
           att_fail_as(r->err, ATT_TPM_REQUEST_MALFORMED, "");
}

bool tpm_decode(const struct tpm_reading *r, att_json_id id, const char *where, size_t max,
                struct att_span *ret)
{
    struct att_span text = { 0 }, bytes = { 0 };
    char expected[48];

    if (!att_json_string(r->doc, r->arena, id, &text))
        return att_fail_memory(r->err, where);
    if (!att_base64_decode(r->arena, ATT_BASE64_LENIENT, text, where, &bytes, r->err))
        return att_fail_as(r->err, ATT_TPM_REQUEST_MALFORMED, "");
    (void)snprintf(expected, sizeof expected, "at most %zu bytes", max);
    if (bytes.len > max)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, where, expected, "%zu bytes", bytes.len);
    *ret = bytes;
    return true;
}

bool tpm_want_bytes(const struct tpm_reading *r, att_json_id obj, const char *where, const char *name,
                    size_t max, struct att_span *ret)
{
    struct tpm_path path;
    att_json_id id = 0;

    return tpm_want(r, obj, where, name, ATT_JSON_STRING, &id) &&
           tpm_decode(r, id, tpm_path(&path, where, name), max, ret);
}

bool tpm_may_bytes(const struct tpm_reading *r, att_json_id obj, const char *where, const char *name,
                   size_t max, struct att_span *ret)
{
    *ret = (struct att_span){ 0 };
    return att_json_get(r->doc, obj, name) == ATT_JSON_NONE || tpm_want_bytes(r, obj, where, name, max, ret);
}
