/* The current payload: quotes, logs of firmware and of IMA, keys. */
#include "base/err.h"
#include "evidence/tpm/request.h"

static bool log_form(const struct tpm_reading *r, att_json_id log, const char *where, enum log_form *ret)
{
    struct att_span type = { 0 };
    struct tpm_path path;

    if (!tpm_want_text(r, log, where, "type", &type))
        return false;
    if (!att_span_is(type, "TCG") && !att_span_is(type, "IMA"))
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "type"), "TCG or IMA",
                        "\"%s\"", att_shown(&(struct att_shown){ 0 }, type));
    *ret = att_span_is(type, "IMA") ? LOG_IMA : LOG_TCG;
    return true;
}

static bool logs_read(const struct tpm_reading *r, att_json_id id, size_t max, struct tpm_attestation *a)
{
    struct tpm_path path;
    att_json_id logs = 0;

    if (!tpm_want(r, id, a->where, "logs", ATT_JSON_ARRAY, &logs))
        return false;
    for (att_json_id at = att_json_first(r->doc, logs); at != ATT_JSON_NONE; at = att_json_next(r->doc, at)) {
        const char *where = tpm_path_item(&path, a->where, "logs", a->log_count);
        if (a->log_count == TPM_LOGS_MAX)
            return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, where, "at most 8 logs", "more");
        struct tpm_log *log = &a->logs[a->log_count++];
        if (!log_form(r, at, where, &log->form) || !tpm_want_bytes(r, at, where, "log", max, &log->bytes))
            return false;
    }
    return true;
}

static bool register_read(const struct tpm_reading *r, att_json_id id, const char *where, enum att_hash bank,
                          struct tpm_bank *ret)
{
    size_t size = att_hash_size(bank);
    struct att_span digest = { 0 };
    struct tpm_path path;
    uint32_t index = 0;

    if (!att_json_want_u32(r->doc, id, where, "index", TPM_PCRS - 1, &index, r->err))
        return att_fail_as(r->err, ATT_TPM_REQUEST_MALFORMED, "");
    if (ret->pcrs & 1u << index)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "index"),
                        "each register once", "register %u twice", index);
    if (!tpm_want_bytes(r, id, where, "digest", TPM_DIGEST_BYTES_MAX, &digest))
        return false;
    if (digest.len != size)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "digest"),
                        "as many bytes as the bank's hash has", "%zu", digest.len);
    ret->pcrs |= 1u << index;
    memcpy(ret->value[index], digest.ptr, size);
    return true;
}

static bool bank_read(const struct tpm_reading *r, att_json_id id, const char *where, struct tpm_pcrs *pcrs)
{
    enum att_hash bank = ATT_SHA1;
    struct tpm_path path;
    att_json_id values = 0;
    uint32_t alg = 0;
    size_t i = 0;

    if (!att_json_want_u32(r->doc, id, where, "algorithm", UINT16_MAX, &alg, r->err))
        return att_fail_as(r->err, ATT_TPM_REQUEST_MALFORMED, "");
    if (!tpm_hash_of(alg, &bank))
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "algorithm"),
                        "4, 11, 12 or 13", "%u", alg);
    if (pcrs->bank[bank].pcrs != 0)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "algorithm"),
                        "each bank once", "%s twice", tpm_hash_name(bank));
    if (!tpm_want(r, id, where, "values", ATT_JSON_ARRAY, &values))
        return false;
    for (att_json_id at = att_json_first(r->doc, values); at != ATT_JSON_NONE;
         at = att_json_next(r->doc, at), i++)
        if (!register_read(r, at, tpm_path_item(&path, where, "values", i), bank, &pcrs->bank[bank]))
            return false;
    return true;
}

static bool registers_read(const struct tpm_reading *r, att_json_id id, struct tpm_attestation *a)
{
    struct tpm_path path;
    att_json_id banks = 0;
    size_t i = 0;

    if (!tpm_want(r, id, a->where, "pcrs", ATT_JSON_ARRAY, &banks))
        return false;
    a->pcrs = att_arena_alloc(r->arena, 1, sizeof *a->pcrs);
    if (!a->pcrs)
        return att_fail_memory(r->err, a->where);
    for (att_json_id at = att_json_first(r->doc, banks); at != ATT_JSON_NONE;
         at = att_json_next(r->doc, at), i++)
        if (!bank_read(r, at, tpm_path_item(&path, a->where, "pcrs", i), a->pcrs))
            return false;
    return true;
}

static bool attestation_read(const struct tpm_reading *r, att_json_id id, const struct att_limits *limits,
                             struct tpm_attestation *a)
{
    a->present = true;
    return logs_read(r, id, limits->event_log_bytes_max, a) &&
           tpm_may_bytes(r, id, a->where, "aik_cert", limits->cert_bytes_max, &a->aik_cert) &&
           tpm_want(r, id, a->where, "aik_pub", ATT_JSON_OBJECT, &a->aik_pub) && registers_read(r, id, a) &&
           tpm_want_bytes(r, id, a->where, "quote", TPM_STRUCTURE_BYTES_MAX, &a->quote) &&
           tpm_want_bytes(r, id, a->where, "signature", TPM_STRUCTURE_BYTES_MAX, &a->signature);
}

static bool attestations_read(const struct tpm_reading *r, const struct att_limits *limits,
                              struct tpm_request *q)
{
    att_json_id data = 0, current = 0, boot = 0;

    return tpm_want(r, q->outside.members, "tpm", "tpm_att_data", ATT_JSON_OBJECT, &data) &&
           tpm_want(r, data, "tpm.tpm_att_data", "current_attestation", ATT_JSON_OBJECT, &current) &&
           tpm_may(r, data, "tpm.tpm_att_data", "boot_attestation", ATT_JSON_OBJECT, &boot) &&
           attestation_read(r, current, limits, &q->current) &&
           (boot == ATT_JSON_NONE || attestation_read(r, boot, limits, &q->boot));
}

/* There always is a quote, so the key must be bound to the TPM. */
static bool request_key_read(const struct tpm_reading *r, struct tpm_request *q)
{
    att_json_id id = 0;

    if (!tpm_want(r, q->outside.members, "tpm", "request_key", ATT_JSON_OBJECT, &id) ||
        !tpm_key_read(r, id, "tpm.request_key", &q->key))
        return false;
    return q->key.binding != TPM_UNBOUND ||
           att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, "tpm.request_key.info",
                    "tpm_quote or tpm_certify, since there is a quote", "neither");
}

static bool other_key_read(const struct tpm_reading *r, att_json_id id, struct tpm_request *q)
{
    struct tpm_path path;
    const char *where = tpm_path_item(&path, "tpm", "other_keys", q->other_key_count);

    if (q->other_key_count == TPM_OTHER_KEYS_MAX)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, "tpm.other_keys", "at most two keys", "more");
    struct tpm_key *key = &q->other_keys[q->other_key_count++];
    if (!tpm_key_read(r, id, where, key))
        return false;
    return key->binding != TPM_BOUND_BY_QUOTE ||
           att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, key->where,
                    "tpm_certify, or a key that is not bound: a quote binds the request key alone",
                    "tpm_quote");
}

static bool other_keys_read(const struct tpm_reading *r, struct tpm_request *q)
{
    att_json_id keys = 0;

    if (!tpm_may(r, q->outside.members, "tpm", "other_keys", ATT_JSON_ARRAY, &keys))
        return false;
    for (att_json_id at = att_json_first(r->doc, keys); at != ATT_JSON_NONE; at = att_json_next(r->doc, at))
        if (!other_key_read(r, at, q))
            return false;
    return true;
}

bool tpm_v2_read(const struct tpm_reading *r, const struct att_limits *limits, struct tpm_request *q)
{
    return attestations_read(r, limits, q) && request_key_read(r, q) && other_keys_read(r, q);
}
