/* The body of an attestation request. Clients disagree on the case of names and on the form of base64, so
 * both are taken leniently; the same member twice, in any case, is refused. */
#include "api/internal.h"

#include "base/base64.h"
#include "base/err.h"
#include "codec/json.h"

#include <stdio.h>
#include <strings.h>

/* No evidence is so short, and none of this length encodes to hexadecimal digits alone. */
enum { HEX_DIGITS_MIN = 128 };

struct envelope {
    struct att_json json;
    struct att_arena *arena;
};

static att_json_id member(const struct envelope *e, att_json_id obj, const char *name)
{
    att_json_id id = att_json_get(&e->json, obj, name);

    /* null is how some serialisers write "absent" */
    return id != ATT_JSON_NONE && att_json_type(&e->json, id) == ATT_JSON_NULL ? ATT_JSON_NONE : id;
}

static const char *type_name(const struct envelope *e, att_json_id id)
{
    static const char *const names[] = {
        "null", "a boolean", "a number", "a string", "an array", "an object"
    };
    return names[att_json_type(&e->json, id)];
}

static bool text_of(const struct envelope *e, att_json_id id, const char *where, struct att_span *ret,
                    struct att_err *err)
{
    if (att_json_type(&e->json, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_PARAMETER_INVALID, where, "a string", "%s", type_name(e, id));
    return att_json_string(&e->json, e->arena, id, ret) || att_fail_memory(err, where);
}

static bool bytes_of(const struct envelope *e, att_json_id id, const char *where, struct att_span *ret,
                     struct att_err *err)
{
    struct att_span text = { 0 };

    return text_of(e, id, where, &text, err) &&
           att_base64_decode(e->arena, ATT_BASE64_LENIENT, text, where, ret, err);
}

static bool all_hex_digits(struct att_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

/* Hexadecimal digits are base64url digits too: without this look a quote in the wrong form would be refused for
 * the nonsense that it decodes to. */
static bool evidence_of(const struct envelope *e, att_json_id id, const char *where, struct att_span *ret,
                        struct att_err *err)
{
    struct att_span text = { 0 };

    if (!text_of(e, id, where, &text, err))
        return false;
    if (text.len >= HEX_DIGITS_MIN && all_hex_digits(text))
        return att_fail(err, ATT_BASE64_INVALID, where, "base64url",
                        "hexadecimal: %zu digits and nothing else", text.len);
    return att_base64_decode(e->arena, ATT_BASE64_LENIENT, text, where, ret, err);
}

static bool is_word(struct att_span text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.ptr, word, text.len) == 0;
}

/* {"data": base64url, "dataType": "JSON"|"Binary"}; empty data counts as absent: a known client always sends
 * the object. */
static bool bound_data(const struct envelope *e, const char *name, struct att_bound_data *ret,
                       struct att_err *err)
{
    att_json_id obj = member(e, ATT_JSON_ROOT, name);
    struct att_bound_data out = { 0 };
    struct att_span type = { 0 };
    struct att_shown shown;
    char where_data[40], where_type[40];

    *ret = out;
    if (obj == ATT_JSON_NONE)
        return true;
    if (att_json_type(&e->json, obj) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_PARAMETER_INVALID, name, "an object with data and dataType", "%s",
                        type_name(e, obj));
    (void)snprintf(where_data, sizeof where_data, "%s.data", name);
    (void)snprintf(where_type, sizeof where_type, "%s.dataType", name);

    att_json_id id = member(e, obj, "dataType");
    if (id != ATT_JSON_NONE && !text_of(e, id, where_type, &type, err))
        return false;
    out.json = is_word(type, "JSON");
    if (!out.json && type.len > 0 && !is_word(type, "Binary"))
        return att_fail(err, ATT_PARAMETER_INVALID, where_type, "JSON or Binary", "%s",
                        att_shown(&shown, type));
    id = member(e, obj, "data");
    if (id == ATT_JSON_NONE)
        return type.len == 0 ||
               att_fail(err, ATT_PARAMETER_MISSING, where_data, "base64url data", "a type without data");
    if (!bytes_of(e, id, where_data, &out.bytes, err))
        return false;
    out.present = out.bytes.len > 0;
    *ret = out;
    return true;
}

/* 2018: the held data itself is the member, always binary. */
static bool held_data(const struct envelope *e, struct att_bound_data *ret, struct att_err *err)
{
    att_json_id id = member(e, ATT_JSON_ROOT, "EnclaveHeldData");

    if (id == ATT_JSON_NONE)
        return true;
    if (ret->present)
        return att_fail(err, ATT_PARAMETER_INVALID, "EnclaveHeldData", "held data or runtimeData", "both");
    if (!bytes_of(e, id, "EnclaveHeldData", &ret->bytes, err))
        return false;
    ret->present = ret->bytes.len > 0;
    return true;
}

/* A string as sent, or the digits of a number as sent: one client sends 64-bit numbers that a double would
 * round. */
static bool nonce(const struct envelope *e, struct service_attest_in *ret, struct att_err *err)
{
    att_json_id id = member(e, ATT_JSON_ROOT, "nonce");

    if (id == ATT_JSON_NONE)
        return true;
    ret->has_nonce = true;
    if (att_json_type(&e->json, id) == ATT_JSON_NUMBER) {
        ret->nonce = att_json_source(&e->json, id);
        return true;
    }
    return text_of(e, id, "nonce", &ret->nonce, err);
}

static bool draft(const struct envelope *e, struct service_attest_in *ret, struct att_err *err)
{
    att_json_id id = member(e, ATT_JSON_ROOT, "draftPolicyForAttestation");

    if (id == ATT_JSON_NONE)
        return true;
    ret->has_draft_policy = true;
    return text_of(e, id, "draftPolicyForAttestation", &ret->draft_policy, err);
}

/* Attestation information holds the guest's runtime claims itself; data beside it would be compared with nothing. */
static bool guest_alone(const struct service_attest_in *in, struct att_err *err)
{
    static const char expected[] = "none: attestation information has its own";

    if (in->evidence.len == 0 || in->evidence.ptr[0] != '{') /* a report of the paravisor is for attestctl */
        return att_fail(err, ATT_GUEST_REQUEST_MALFORMED, "attestationInfo", "base64url of a JSON object",
                        "something else");
    if (in->runtime.present)
        return att_fail(err, ATT_PARAMETER_INVALID, "runtimeData", expected, "some");
    return !in->init_time.present || att_fail(err, ATT_PARAMETER_INVALID, "initTimeData", expected, "some");
}

bool api_envelope_read(const struct api_envelope *from, struct service_attest_in *ret, struct att_err *err)
{
    struct envelope e = { .arena = from->arena };
    struct att_json_options options = { .limits = from->limits, .fold_case = true };
    struct service_attest_in in = { .evidence_type = ret->evidence_type };
    bool old = from->version == API_2018_09_01_PREVIEW;

    if (from->body.len == 0)
        return att_fail(err, ATT_REQUEST_MALFORMED, "body", "a JSON object", "nothing");
    if (!att_json_parse(e.arena, from->body, &options, &e.json, err))
        return false;
    if (att_json_type(&e.json, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_REQUEST_MALFORMED, "body", "a JSON object", "%s",
                        type_name(&e, ATT_JSON_ROOT));
    att_json_id id = member(&e, ATT_JSON_ROOT, from->evidence_name);
    if (id == ATT_JSON_NONE && old) /* the 2018 form calls it Quote for both types */
        id = member(&e, ATT_JSON_ROOT, "quote");
    if (id == ATT_JSON_NONE)
        return att_fail(err, ATT_PARAMETER_MISSING, from->evidence_name, "base64url evidence",
                        "no such member");
    if (!evidence_of(&e, id, from->evidence_name, &in.evidence, err) ||
        !bound_data(&e, "runtimeData", &in.runtime, err) ||
        !bound_data(&e, "initTimeData", &in.init_time, err) || !nonce(&e, &in, err) || !draft(&e, &in, err))
        return false;
    if (old && !held_data(&e, &in.runtime, err))
        return false;
    if (strcmp(in.evidence_type, "azure-guest") == 0 && !guest_alone(&in, err))
        return false;
    bool snp = strcmp(in.evidence_type, "sev-snp") == 0;
    if (snp && !api_snp_read(from->arena, from->limits, in.evidence, &in, err))
        return false;
    *ret = in;
    return true;
}
