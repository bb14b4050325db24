/* layers: api http access site service authority base codec */
/* The body of an attestation request; the first byte picks version, evidence name and whether it is SEV-SNP's. Properties: the same answer twice;
 * a refusal says why and changes nothing; what is accepted came from the body (decoded evidence is never longer than
 * the text it was in) and absent parts are empty; the oldest form never takes held data and runtime data at once. */
#include "api/internal.h"

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static bool same_data(const struct att_bound_data *a, const struct att_bound_data *b)
{
    return a->present == b->present && a->json == b->json && att_span_eq(a->bytes, b->bytes);
}

static void check_taken(const struct service_attest_in *in, struct att_span body)
{
    check(body.len > 0 && in->evidence.len <= body.len && in->nonce.len <= body.len);
    check(in->runtime.present == (in->runtime.bytes.len > 0));
    check(in->init_time.present == (in->init_time.bytes.len > 0));
    check(in->cert_chain.len <= body.len && (strcmp(in->evidence_type, "sev-snp") == 0 ||
                                             (!in->cert_chain.ptr && in->uvm_endorsement_count == 0)));
    check(in->has_nonce || in->nonce.len == 0);
    check(in->has_draft_policy || in->draft_policy.len == 0);
    check(in->draft_policy.len <= body.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_limits limits = att_limits_default;
    struct service_attest_in first = { .evidence_type = "sgx" };
    struct att_err err = { 0 }, err_again = { 0 };

    if (size == 0 || size > 1 << 16)
        return 0;
    if (data[0] & 4)
        first.evidence_type = "sev-snp";
    struct service_attest_in again = first;
    struct att_arena *a = att_arena_new(limits.arena_bytes_max), *b = att_arena_new(limits.arena_bytes_max);
    struct api_envelope from = { .arena = a,
                                 .body = att_span_of(data + 1, size - 1),
                                 .limits = &limits,
                                 .version = data[0] & 1 ? API_2018_09_01_PREVIEW : API_2022_08_01,
                                 .evidence_name = data[0] & 2 ? "report" : "quote" };
    struct api_envelope from_again = from;
    from_again.arena = b;
    check(a && b);
    bool ok = api_envelope_read(&from, &first, &err);
    check(ok == api_envelope_read(&from_again, &again, &err_again));
    check(memcmp(&err, &err_again, sizeof err) == 0);
    if (ok) {
        check(err.code == ATT_OK);
        check_taken(&first, from.body);
        check(same_data(&first.runtime, &again.runtime) && same_data(&first.init_time, &again.init_time));
        check(att_span_eq(first.evidence, again.evidence) && att_span_eq(first.nonce, again.nonce));
    } else {
        check(err.code != ATT_OK && err.text[0] && err.where[0] && err.expected[0]);
        check(!first.evidence.ptr && !first.has_nonce && !first.has_draft_policy && !first.runtime.present);
    }
    att_arena_free(a);
    att_arena_free(b);
    return 0;
}
