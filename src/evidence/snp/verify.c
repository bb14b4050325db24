#include "base/err.h"
#include "base/hex.h"
#include "base/timetext.h"
#include "collateral/snapshot.h"
#include "evidence/common/bound_data.h"
#include "evidence/snp/snp.h"
#include "evidence/snp/uvm.h"

#include <stdio.h>

static const struct att_bound_kind runtime_kind = { "runtimeData.data", "first 32 bytes of REPORT_DATA",
                                                    ATT_RUNTIME_DATA_MISMATCH };
static const struct att_bound_kind init_time_kind = { "initTimeData.data", "HOST_DATA",
                                                      ATT_INIT_TIME_DATA_MISMATCH };

/* The hash is all that REPORT_DATA may hold: else half of it could say something that nobody compared. */
static bool upper_half_empty(const struct att_ctx *ctx, const struct snp_report *r, struct att_err *err)
{
    static const uint8_t zero[SNP_HASH_BYTES] = { 0 };

    if (!ctx->runtime->present || memcmp(r->report_data.ptr + SNP_HASH_BYTES, zero, sizeof zero) == 0)
        return true;
    return att_fail(err, ATT_RUNTIME_DATA_MISMATCH, "sevsnp.report.report_data",
                    "zeros behind the hash of the runtime data", "other bytes in its second half");
}

static bool bound(struct att_ctx *ctx, struct snp_evidence *ev, struct att_err *err)
{
    const struct snp_report *r = &ev->report;

    return att_bound_check(ctx, &runtime_kind, ctx->runtime, r->report_data.ptr, &ev->runtime_json, err) &&
           upper_half_empty(ctx, r, err) &&
           att_bound_check(ctx, &init_time_kind, ctx->init_time, r->host_data.ptr, &ev->init_time_json, err);
}

/* Firmware keeps this order; whoever reports otherwise is not firmware that is known here. */
static bool tcb_ordered(const struct snp_report *r, struct att_err *err)
{
    const char *which = "";
    char where[48];

    if (!snp_tcb_at_most(&r->reported, &r->committed, &which)) {
        (void)snprintf(where, sizeof where, "sevsnp.report.tcb.reported.%s", which);
        return att_fail(err, ATT_SNP_TCB_ORDER, where, "at most that of the committed TCB", "higher");
    }
    if (!snp_tcb_at_most(&r->committed, &r->current, &which)) {
        (void)snprintf(where, sizeof where, "sevsnp.report.tcb.committed.%s", which);
        return att_fail(err, ATT_SNP_TCB_ORDER, where, "at most that of the current TCB", "higher");
    }
    return true;
}

/* Which certificate is missing can be said when the report names line and chip; else only the sender can help. */
static bool chain_missing(struct snp_evidence *ev, struct att_err *err)
{
    static const char where[] = "sevsnp.chain";
    static const uint8_t masked[SNP_CHIP_ID_BYTES] = { 0 };
    const struct snp_report *r = &ev->report;
    struct att_collateral_want *want = &ev->base.missing;
    static const char expected[] = "a certificate chain: VCEK or VLEK, ASK or ASVK, ARK";

    if (r->signing_key == SNP_KEY_VLEK)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, where, expected,
                        "none; a VLEK cannot be looked up by its report");
    if (!r->has_cpuid)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, where, expected,
                        "none; a report of version 2 does not name its product");
    if (r->product == SNP_PRODUCT_UNKNOWN)
        return att_fail(err, ATT_PRODUCT_MISMATCH, "sevsnp.report.cpuid", "Milan, Genoa or Turin",
                        "family 0x%02x, model 0x%02x", r->cpuid_family, r->cpuid_model);
    if (memcmp(r->chip_id.ptr, masked, sizeof masked) == 0)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, where, expected,
                        "none; a report without CHIP_ID does not name its chip");
    *want = (struct att_collateral_want){ .kind = ATT_ITEM_VCEK, .signer = ATT_AMD_VCEK };
    (void)snprintf(want->product, sizeof want->product, "%s", snp_product_name(r->product));
    want->chip_id_bytes = r->product == SNP_TURIN ? SNP_CHIP_ID_TURIN_BYTES : SNP_CHIP_ID_BYTES;
    memcpy(want->chip_id, r->chip_id.ptr, want->chip_id_bytes);
    memcpy(want->tcb, r->reported.raw.ptr, SNP_TCB_BYTES);
    return att_fail(err, ATT_COLLATERAL_MISSING, where, expected,
                    "none; the VCEK of this %s at its reported TCB is needed", want->product);
}

/* From the first second to the last, both included; no grace for certificates. */
static bool cert_inside(const struct att_cert *cert, const char *where, int64_t now, struct att_err *err)
{
    int64_t from = att_cert_not_before(cert), to = att_cert_not_after(cert);
    struct att_time_text edge, at;
    char place[64];

    if (now >= from && now <= to)
        return true;
    bool early = now < from;
    (void)snprintf(place, sizeof place, "%s.%s", where, early ? "notBefore" : "notAfter");
    return att_fail(err, early ? ATT_VCEK_CERT_NOT_YET_VALID : ATT_VCEK_CERT_EXPIRED, place,
                    early ? "a time not after the judgement" : "a time not before the judgement",
                    "%s, judged at %s", att_time_text(&edge, early ? from : to), att_time_text(&at, now));
}

static bool chain_times(const struct att_ctx *ctx, const struct snp_chain *chain, struct att_err *err)
{
    static const char *const places[SNP_CHAIN_CERTS] = { "sevsnp.chain[0]", "sevsnp.chain[1]",
                                                         "sevsnp.chain[2]" };

    for (size_t i = 0; i < SNP_CHAIN_CERTS; i++)
        if (!cert_inside(chain->certs[i], places[i], ctx->now_unix_s, err))
            return false;
    return true;
}

/* A list that is past its nextUpdate counts for as long as the caller grants, and its age is told. */
static bool crl_inside(const struct att_ctx *ctx, const struct amd_crl *list, const char *where,
                       struct snp_evidence *ev, struct att_err *err)
{
    int64_t from = att_crl_this_update(list->crl), to = att_crl_next_update(list->crl);
    int64_t now = ctx->now_unix_s;
    struct att_time_text edge, at;
    char place[64];

    if (now < from) {
        (void)snprintf(place, sizeof place, "%s.thisUpdate", where);
        return att_fail(err, ATT_CRL_NOT_YET_VALID, place, "a time not after the judgement",
                        "%s, judged at %s", att_time_text(&edge, from), att_time_text(&at, now));
    }
    if (!att_collateral_fresh(to, now, ctx->in->collateral_grace_s, &ev->base.collateral_age_s)) {
        (void)snprintf(place, sizeof place, "%s.nextUpdate", where);
        return att_fail(err, ATT_CRL_EXPIRED, place, "a time not before the judgement", "%s, judged at %s",
                        att_time_text(&edge, to), att_time_text(&at, now));
    }
    return true;
}

/* Every leaf of AMD's has serial 0, which names none of them: such a leaf cannot be on a list. */
static bool not_listed(const struct amd_crl *list, const struct att_cert *cert, const char *where,
                       struct att_err *err)
{
    struct att_span serial = att_cert_serial(cert);
    char text[65] = "";

    if (serial.len == 0 || !att_crl_revokes(list->crl, serial))
        return true;
    if (serial.len <= 32)
        att_hex_text(text, serial);
    return att_fail(err, ATT_VCEK_REVOKED, where, "a serial that AMD's revocation list does not name",
                    "serial %s", text);
}

/* No list configured: not looked at (README). A list that cannot be used never counts as "not revoked". */
static bool revocation(const struct att_ctx *ctx, const struct att_collateral *c, struct snp_evidence *ev,
                       struct att_err *err)
{
    struct att_cert *const *certs = ev->chain->certs;
    bool vlek = ev->chain->leaf.kind == ATT_AMD_VLEK;
    const struct amd_crl *list = att_collateral_amd_crl(c, certs[SNP_CHAIN_ARK], ev->chain->leaf.kind);

    if (!list)
        return true;
    if (list->refusal.code != ATT_OK) {
        if (err && err->code == ATT_OK)
            *err = list->refusal;
        return false;
    }
    return crl_inside(ctx, list, vlek ? "collateral.vlek_crl" : "collateral.vcek_crl", ev, err) &&
           not_listed(list, certs[SNP_CHAIN_ASK], "sevsnp.chain[1]", err) &&
           not_listed(list, certs[SNP_CHAIN_LEAF], "sevsnp.chain[0]", err);
}

static bool signature_good(const struct att_ctx *ctx, const struct snp_evidence *ev, struct att_err *err)
{
    static const char where[] = "sevsnp.report.signature";
    const struct snp_report *r = &ev->report;
    const struct att_key *key = att_cert_key(ev->chain->certs[SNP_CHAIN_LEAF]);

    switch (att_fast_verify(ctx->lib->fast_keys, key, ATT_ES384, r->signed_bytes,
                            att_span_of(r->signature, sizeof r->signature))) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_INVALID:
        return att_fail(err, ATT_SNP_SIGNATURE_INVALID, where,
                        "a signature of the certificate's key over bytes 0x000 to 0x29f", "another one");
    case ATT_SIG_BAD_KEY:
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, "sevsnp.chain[0]", "a P-384 key", "another one");
    case ATT_SIG_FAILED:
        break;
    }
    return att_fail(err, ATT_CRYPTO_FAILED, where, "an answer", "none");
}

static bool chain_good(struct att_ctx *ctx, struct snp_evidence *ev, const struct att_collateral *c,
                       struct att_err *err)
{
    struct snp_chain_in in;

    if (!snp_chain_find(ctx, ev, &in))
        return chain_missing(ev, err);
    if (!snp_chain_verified(ctx->lib, &in, &ev->chain, err))
        return false;
    ev->base.test_root = ev->chain->test_root;
    return snp_leaf_fits(&ev->report, ev->chain, err) && chain_times(ctx, ev->chain, err) &&
           revocation(ctx, c, ev, err);
}

/* AMD publishes no list of levels as Intel does: the one level there is, is that the certificate is for exactly the
 * reported versions. What versions are high enough is for the policy to say, by the claims. */
static void level_set(struct att_tcb *tcb)
{
    tcb->status = ATT_STATUS_UP_TO_DATE;
    tcb->platform = ATT_STATUS_UP_TO_DATE;
}

/* Each endorsement must hold, and one must be for what was launched. */
static bool endorsed(struct att_ctx *ctx, struct snp_evidence *ev, struct att_err *err)
{
    size_t count = ctx->in->uvm_endorsement_count;
    bool launched = false;

    if (count == 0)
        return true;
    if (count > SNP_UVM_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "sevsnp.endorsement", "8 endorsements at most", "%zu",
                        count);
    struct snp_uvm *uvm = att_arena_alloc(ctx->arena, count, sizeof *uvm);
    struct att_compliance_uvm *facts = att_arena_alloc(ctx->arena, count, sizeof *facts);
    if (!uvm || !facts)
        return att_fail_memory(err, "sevsnp.endorsement");
    for (size_t i = 0; i < count; i++) {
        if (!snp_uvm_verify(ctx, ctx->in->uvm_endorsements[i], &uvm[i], err))
            return false;
        facts[i] = (struct att_compliance_uvm){
            .issuer = uvm[i].issuer,
            .feed = uvm[i].feed,
            .svn = uvm[i].svn,
            .measurement = att_span_of(uvm[i].measurement, sizeof uvm[i].measurement),
        };
        launched = launched || att_span_eq(facts[i].measurement, ev->report.measurement);
    }
    if (!launched)
        return att_fail(err, ATT_ENDORSEMENT_INVALID, "sevsnp.report.measurement",
                        "the launch measurement of one of the endorsements", "another measurement");
    ev->uvm = facts;
    ev->uvm_count = count;
    return true;
}

static bool trusted(struct att_ctx *ctx, struct snp_evidence *ev, const struct att_collateral *c,
                    struct att_err *err)
{
    if (!tcb_ordered(&ev->report, err) || !chain_good(ctx, ev, c, err) || !signature_good(ctx, ev, err))
        return false;
    level_set(&ev->base.tcb);
    return endorsed(ctx, ev, err);
}

/* Cheap checks first: the hashes turn junk away before any certificate is looked at. Whoever asks for a diagnosis
 * is told of the chain all the same; the reason stays the first one, and the answer stays no. */
bool snp_verify(struct att_ctx *ctx, struct att_evidence *base, const struct att_collateral *c,
                struct att_err *err)
{
    struct snp_evidence *ev = (struct snp_evidence *)base; /* first member */
    struct att_err second = { 0 };

    if (bound(ctx, ev, err))
        return trusted(ctx, ev, c, err);
    if (ctx->diagnose)
        (void)trusted(ctx, ev, c, &second); /* only what it measured is wanted */
    return false;
}
