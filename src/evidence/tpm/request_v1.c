/* The older payload: logs as four members, a quote as the NCRYPT claim that Windows makes.
 *
 * A machine that hibernated has two sets of logs: of its start, and of its resumption, which is where the registers are now. The
 * claim of the start is then boot_claim, and current_claim is explained by the logs of the resumption. */
#include "base/err.h"
#include "evidence/tpm/request.h"

#define WHERE "tpm.tpm_att_data"

static bool log_read(const struct tpm_reading *r, att_json_id data, const char *name, size_t max,
                     struct tpm_attestation *a)
{
    struct att_span bytes = { 0 };

    if (!tpm_may_bytes(r, data, WHERE, name, max, &bytes))
        return false;
    if (bytes.len > 0)
        a->logs[a->log_count++] = (struct tpm_log){ LOG_TCG, bytes };
    return true;
}

static bool claim_read(const struct tpm_reading *r, att_json_id data, const char *name,
                       struct tpm_attestation *a)
{
    struct tpm_platform_claim claim = { 0 };
    struct att_span bytes = { 0 };
    struct tpm_path path;

    if (!tpm_may_bytes(r, data, WHERE, name, TPM_STRUCTURE_BYTES_MAX, &bytes))
        return false;
    if (bytes.len == 0)
        return true;
    if (!tpm_platform_claim_read(r->arena, bytes, tpm_path(&path, WHERE, name), &claim, r->err))
        return false;
    a->present = true;
    a->quote = claim.quote;
    a->signature = claim.signature;
    a->pcrs = claim.pcrs;
    a->pcrs_whole_bank = true;
    return true;
}

static bool key_read(const struct tpm_reading *r, struct tpm_request *q)
{
    q->key = (struct tpm_key){ .where = "tpm.attest_key", .binding = TPM_UNBOUND };
    return tpm_want(r, q->outside.members, "tpm", "attest_key", ATT_JSON_OBJECT, &q->key.jwk);
}

/* Which logs explain which claim. */
static void logs_assign(struct tpm_request *q, const struct tpm_attestation *start,
                        const struct tpm_attestation *resumed)
{
    const struct tpm_attestation *now = resumed->log_count > 0 ? resumed : start;

    memcpy(q->current.logs, now->logs, sizeof q->current.logs);
    q->current.log_count = now->log_count;
    if (!q->boot.present)
        return;
    memcpy(q->boot.logs, start->logs, sizeof q->boot.logs);
    q->boot.log_count = start->log_count;
}

bool tpm_v1_read(const struct tpm_reading *r, const struct att_limits *limits, struct tpm_request *q)
{
    struct tpm_attestation start = { 0 }, resumed = { 0 };
    size_t max = limits->event_log_bytes_max;
    att_json_id data = 0;

    if (!tpm_want(r, q->outside.members, "tpm", "tpm_att_data", ATT_JSON_OBJECT, &data) ||
        !log_read(r, data, "srtm_boot_log", max, &start) ||
        !log_read(r, data, "drtm_boot_log", max, &start) ||
        !log_read(r, data, "srtm_resume_log", max, &resumed) ||
        !log_read(r, data, "drtm_resume_log", max, &resumed) ||
        !tpm_may_bytes(r, data, WHERE, "aik_cert", limits->cert_bytes_max, &q->current.aik_cert) ||
        !tpm_want(r, data, WHERE, "aik_pub", ATT_JSON_OBJECT, &q->current.aik_pub) ||
        !claim_read(r, data, "current_claim", &q->current) || !claim_read(r, data, "boot_claim", &q->boot) ||
        !key_read(r, q))
        return false;
    if (!q->current.present)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, WHERE ".current_claim", "a platform claim",
                        "none");
    q->boot.aik_pub = q->current.aik_pub;
    logs_assign(q, &start, &resumed);
    return true;
}
