/* tests/unit/evidence/tpm/raw.h - a request by hand: whatever logs, keys and members, around a true quote of the machine's registers as
 * they are. The makers write what clients send; this is for those who send something else. Form 2. */
#ifndef TESTS_UNIT_EVIDENCE_TPM_RAW_H
#define TESTS_UNIT_EVIDENCE_TPM_RAW_H

#include "base/base64.h"
#include "fixture.h"
#include "makers/eventlog.h"

#define RAW_CHALLENGE "a challenge of thirty-two bytes."

struct raw {
    struct mk_tpm *tpm;
    struct att_buf logs; /* items of the list */
    struct mk_tpm_selection selections[4];
    size_t selection_count;
    const char *header;  /* NULL: PS256, attReqV2 */
    const char *jwk;     /* of the request's key, as sent; NULL: as the makers write it */
    const char *bound;   /* what the quote binds in its place; NULL: the same */
    const char *aik_pub; /* NULL: as it is */
    const char *more;    /* members behind the others: ",\"custom_claims\":[...]" */
    bool no_cert;
};

RIG_HELPER void raw_log(struct raw *q, const char *type, struct att_span log)
{
    att_buf_printf(&q->logs, "%s{\"type\":\"%s\",\"log\":\"", q->logs.len > 0 ? "," : "", type);
    att_base64url_put(&q->logs, log);
    att_buf_puts(&q->logs, "\"}");
}

RIG_HELPER void raw_member(struct att_buf *b, const char *name, struct att_span bytes)
{
    att_buf_printf(b, "\"%s\":\"", name);
    att_base64url_put(b, bytes);
    att_buf_puts(b, "\",");
}

RIG_HELPER void raw_pcrs(const struct raw *q, struct att_buf *b)
{
    att_buf_puts(b, "\"pcrs\":[");
    for (size_t i = 0; i < q->selection_count; i++) {
        const struct mk_tpm_selection *s = &q->selections[i];
        const char *comma = "";
        att_buf_printf(b, "%s{\"algorithm\":%u,\"values\":[", i ? "," : "", mk_hash_alg(s->bank));
        for (uint32_t n = 0; n < MK_PCRS; n++) {
            if (!(s->pcrs >> n & 1))
                continue;
            att_buf_printf(b, "%s{\"index\":%u,\"digest\":\"", comma, (unsigned)n);
            att_base64url_put(b, att_span_of(mk_tpm_pcr(q->tpm, s->bank, n), mk_hash_size(s->bank)));
            att_buf_puts(b, "\"}");
            comma = ",";
        }
        att_buf_puts(b, "]}");
    }
    att_buf_puts(b, "],");
}

RIG_HELPER void raw_payload(const struct raw *q, const char *jwk, struct att_buf *b)
{
    uint8_t extra[MK_DIGEST_MAX];
    struct att_buf bound = { 0 }, quote = { 0 }, signature = { 0 }, cert = { 0 };
    struct att_err err = { 0 };

    att_buf_puts(&bound, q->bound ? q->bound : jwk);
    att_buf_putc(&bound, 0);
    att_buf_puts(&bound, RAW_CHALLENGE);
    must(mk_hash(MK_SHA256, att_buf_span(&bound), extra, &err) &&
             mk_tpm_quote(q->tpm, MK_TPM_AIK, att_span_of(extra, 32), q->selections, q->selection_count,
                          &quote, &signature, &err) &&
             (q->no_cert || mk_tpm_cert(q->tpm, MK_TPM_AIK, AT, &cert, &err)),
         &err);
    att_buf_puts(b, "{\"att_type\":\"basic\",\"att_data\":{");
    raw_member(b, "challenge", att_str(RAW_CHALLENGE));
    att_buf_puts(b, "\"tpm_att_data\":{\"current_attestation\":{\"logs\":[");
    att_buf_put(b, att_buf_span(&q->logs));
    att_buf_puts(b, "],");
    if (!q->no_cert)
        raw_member(b, "aik_cert", att_buf_span(&cert));
    raw_pcrs(q, b);
    raw_member(b, "quote", att_buf_span(&quote));
    raw_member(b, "signature", att_buf_span(&signature));
    att_buf_puts(b, "\"aik_pub\":");
    if (q->aik_pub)
        att_buf_puts(b, q->aik_pub);
    else
        must(mk_tpm_jwk(q->tpm, MK_TPM_AIK, b, &err), &err);
    att_buf_printf(b,
                   "}},\"request_key\":{\"info\":{\"tpm_quote\":{\"hash_alg\":\"sha-256\"}},\"jwk\":%s}%s}}",
                   jwk, q->more ? q->more : "");
    att_buf_free(&bound);
    att_buf_free(&quote);
    att_buf_free(&signature);
    att_buf_free(&cert);
}

/* Signed by the key in software, whatever its jwk says. */
RIG_HELPER void raw_jws(const struct raw *q, struct att_buf *jws)
{
    struct att_buf jwk = { 0 }, payload = { 0 }, signature = { 0 };
    struct att_err err = { 0 };

    must(mk_tpm_jwk(q->tpm, MK_TPM_OUTSIDE, &jwk, &err), &err);
    att_buf_putc(&jwk, 0);
    raw_payload(q, q->jwk ? q->jwk : (const char *)jwk.ptr, &payload);
    att_base64url_put(jws, att_str(q->header ? q->header : "{\"alg\":\"PS256\",\"typ\":\"attReqV2\"}"));
    att_buf_putc(jws, '.');
    att_base64url_put(jws, att_buf_span(&payload));
    must(!jws->failed && mk_tpm_sign_jose(q->tpm, MK_TPM_OUTSIDE, att_buf_span(jws), &signature, &err), &err);
    att_buf_putc(jws, '.');
    att_base64url_put(jws, att_buf_span(&signature));
    att_buf_free(&jwk);
    att_buf_free(&payload);
    att_buf_free(&signature);
}

#endif
