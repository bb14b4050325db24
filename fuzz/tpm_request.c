/* layers: evidence/tpm evidence/common tpm eventlog jose crypto codec base */
/* Requests of the TPM protocol. The first byte chooses the form, the rest is the payload; what is accepted keeps the protocol's
 * rules, and what is hashed as it was sent lies inside the payload. */
#include "base/base64.h"
#include "base/buf.h"
#include "evidence/tpm/request.h"

static bool inside(struct att_span part, struct att_span whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void key_good(const struct tpm_request *q, const struct tpm_key *k)
{
    struct att_span jwk = att_json_source(&q->outside.doc, k->jwk);

    if (jwk.len < 2 || jwk.ptr[0] != '{' || jwk.ptr[jwk.len - 1] != '}' ||
        !inside(jwk, q->outside.jws.payload))
        __builtin_trap();
    if (k->binding == TPM_BOUND_BY_QUOTE && k->quote_hash == ATT_SHA1)
        __builtin_trap();
    if (k->binding == TPM_CERTIFIED && (k->pub.whole.len == 0 || k->pub.whole.len > TPM_STRUCTURE_BYTES_MAX))
        __builtin_trap();
}

static void attestation_good(const struct tpm_attestation *a)
{
    if (a->log_count > TPM_LOGS_MAX || (a->present && !a->pcrs))
        __builtin_trap();
    for (unsigned h = 0; a->present && h < ATT_HASH_COUNT; h++)
        if (a->pcrs->bank[h].pcrs >> TPM_PCRS)
            __builtin_trap();
}

static void check(const struct tpm_request *q)
{
    bool v2 = q->outside.version == 2;

    if (q->outside.version != 1 && !v2)
        __builtin_trap();
    if (q->outside.challenge.len > TPM_CHALLENGE_BYTES_MAX || !q->current.present)
        __builtin_trap();
    if (q->outside.vbs != (q->outside.report_signed.len > 0) ||
        !inside(q->outside.report_signed, q->outside.jws.payload))
        __builtin_trap();
    if ((q->key.binding == TPM_UNBOUND) == v2 || q->other_key_count > TPM_OTHER_KEYS_MAX ||
        q->custom_count > TPM_CUSTOM_MAX)
        __builtin_trap();
    key_good(q, &q->key);
    for (size_t i = 0; i < q->other_key_count; i++) {
        key_good(q, &q->other_keys[i]);
        if (q->other_keys[i].binding == TPM_BOUND_BY_QUOTE)
            __builtin_trap();
    }
    for (size_t i = 0; i < q->custom_count; i++)
        if (q->custom[i].name.len == 0 || tpm_claim_name_taken(q->custom[i].name) ||
            q->custom[i].value.kind == ATT_CLAIM_JSON)
            __builtin_trap();
    attestation_good(&q->current);
    attestation_good(&q->boot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const headers[] = { "{\"alg\":\"PS256\",\"typ\":\"attReq\"}",
                                           "{\"alg\":\"ES256\",\"typ\":\"attReqV2\"}" };
    struct tpm_request q = { .outside.version = 77 };
    struct att_err err = { 0 };
    struct att_buf jws = { 0 };

    if (size == 0 || size > 65536)
        return 0;
    att_base64url_put(&jws, att_str(headers[data[0] & 1]));
    att_buf_putc(&jws, '.');
    att_base64url_put(&jws, att_span_of(data + 1, size - 1));
    att_buf_puts(&jws, ".AAAA");
    struct att_arena *arena = att_arena_new((size_t)8 << 20);
    if (!arena || jws.failed)
        __builtin_trap();
    if (tpm_request_read(arena, &att_limits_default, att_buf_span(&jws), &q, &err)) {
        if (err.code != ATT_OK)
            __builtin_trap();
        check(&q);
    } else if (err.code == ATT_OK || !err.where[0] || !err.found[0] || !err.expected[0] ||
               q.outside.version != 77) {
        __builtin_trap();
    }
    att_arena_free(arena);
    att_buf_free(&jws);
    return 0;
}
