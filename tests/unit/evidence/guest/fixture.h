/* tests/unit/evidence/guest/fixture.h - a made-up Azure guest in parts: its vTPM, its boot, the hardware's report, and the attestation
 * information around them. A test changes one part and lets the rest be. For tests linked with attest, makers, base. Everything ends
 * the program when it fails: what a test stands on is not what it tests. */
#ifndef TESTS_UNIT_EVIDENCE_GUEST_FIXTURE_H
#define TESTS_UNIT_EVIDENCE_GUEST_FIXTURE_H

#include <attest/tpm.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "codec/json.h"
#include "makers/eventlog.h"
#include "makers/hardware.h"
#include "makers/snp.h"
#include "makers/tdx.h"
#include "makers/tpm.h"

#define FIXTURE_NOW   ((int64_t)1781524800) /* 2026-06-15T12:00:00Z */
#define FIXTURE_VM_ID "70f5ce9a-2bdc-4b6b-8401-E9B964D3AEB7"

enum { SIGNATURE_HEAD = 6, FIRMWARE_MASK = 0xff, WINDOWS_MASK = 0x78ff };

static inline void need(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    printf("%s: %s\n", what, err ? err->text : "failed");
    exit(1);
}

/* Made once: RSA keys take their time. */
struct world {
    struct mk_amd *amd;
    struct mk_hardware *intel;
    struct mk_tpm_vendor *vendor;
    struct mk_tpm *tpm;
    struct att_lib *lib;
    struct att_tpm_trust *trust;
};

static inline void world_new(struct world *w)
{
    struct att_buf ark = { 0 }, root = { 0 }, ca = { 0 };
    struct att_err err = { 0 };

    *w = (struct world){ 0 };
    need(mk_amd_new(MK_AMD_GENOA, MK_AMD_BITS_QUICK, FIXTURE_NOW, &w->amd, &err), "mk_amd_new", &err);
    need(mk_hardware_new(FIXTURE_NOW, &w->intel, &err), "mk_hardware_new", &err);
    need(mk_tpm_vendor_new(FIXTURE_NOW, &w->vendor, &err), "mk_tpm_vendor_new", &err);
    need(mk_tpm_new(w->vendor, MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256), &w->tpm, &err), "mk_tpm_new", &err);
    need(mk_amd_ark_pem(w->amd, &ark, &err) && mk_hardware_root_pem(w->intel, &root, &err) &&
             mk_tpm_aik_ca_pem(w->vendor, &ca, &err),
         "roots", &err);
    const struct att_root roots[] = { { .pem = att_buf_span(&ark), .test_root = true },
                                      { .pem = att_buf_span(&root), .test_root = true } };
    const struct att_root aik_root = { .pem = att_buf_span(&ca), .test_root = true };
    const struct att_lib_options options = { .size = sizeof options, .roots = roots, .root_count = 2 };
    need(att_lib_new(&options, &w->lib, &err), "att_lib_new", &err);
    const struct att_tpm_trust_in trust = { .size = sizeof trust, .roots = &aik_root, .root_count = 1 };
    need(att_tpm_trust_new(w->lib, &trust, &w->trust, &err), "att_tpm_trust_new", &err);
    att_buf_free(&ark);
    att_buf_free(&root);
    att_buf_free(&ca);
}

static inline void world_free(struct world *w)
{
    att_tpm_trust_free(w->trust);
    att_lib_free(w->lib);
    mk_tpm_free(w->tpm);
    mk_tpm_vendor_free(w->vendor);
    mk_hardware_free(w->intel);
    mk_amd_free(w->amd);
}

enum guest_part {
    AIK_CERT,
    AIK_PUB,
    PCR_QUOTE,
    PCR_SIGNATURE,
    ENC_PUB,
    ENC_CERTIFY,
    ENC_SIGNATURE,
    LOGS,
    RUNTIME,
    REPORT, /* SNP report or TDX quote */
    CHAIN,
    PART_COUNT
};
struct guest {
    const char *isolation; /* NULL: no IsolationInfo */
    const char *protocol, *os_type, *os_distro, *os_build;
    const char *os_versions;    /* members as they stand in the JSON */
    const char *client_payload; /* an object as it stands there; NULL: none */
    uint32_t pcrs;              /* which of the values are sent */
    uint8_t value[MK_PCRS][32];
    struct att_buf part[PART_COUNT];
    struct mk_evidence tdx; /* its collateral */
};
struct guest_spec {
    const char *isolation;
    enum mk_os os;
    uint32_t pcrs;                    /* quoted; 0: what the system's clients quote */
    const struct mk_boot *boot;       /* NULL: mk_boot_defaults with Secure Boot */
    const struct mk_snp_options *snp; /* NULL: defaults */
    const char *key_ops;
    const char *configuration; /* of the runtime claims; NULL: one */
};

static inline void guest_free(struct guest *g)
{
    for (int i = 0; i < PART_COUNT; i++)
        att_buf_free(&g->part[i]);
    mk_evidence_free(&g->tdx);
}

static inline void runtime_make(struct world *w, const struct guest_spec *s, struct att_buf *out)
{
    struct att_buf jwk = { 0 };
    struct att_err err = { 0 };

    need(mk_tpm_jwk(w->tpm, MK_TPM_AIK, &jwk, &err), "mk_tpm_jwk", &err);
    att_buf_printf(out, "{\"keys\":[{\"kid\":\"HCLAkPub\",\"key_ops\":[\"%s\"],",
                   s->key_ops ? s->key_ops : "sign");
    att_buf_put(out, att_span_of(jwk.ptr + 1, jwk.len - 1));
    att_buf_printf(out, "],\"vm-configuration\":%s}",
                   s->configuration ? s->configuration
                                    : "{\"console-enabled\":true,\"secure-boot\":true,\"tpm-enabled\":true,"
                                      "\"vmUniqueId\":\"" FIXTURE_VM_ID "\"}");
    att_buf_free(&jwk);
}

static inline void snp_make(const struct world *w, const struct guest_spec *s, struct guest *g)
{
    struct mk_snp_evidence ev = { 0 };
    struct mk_snp_options o;
    struct att_err err = { 0 };

    mk_snp_defaults(&o, MK_AMD_GENOA, FIXTURE_NOW);
    if (s->snp)
        o = *s->snp;
    o.has_runtime_data = true;
    o.runtime_data = att_buf_span(&g->part[RUNTIME]);
    need(mk_snp_make(w->amd, &o, &ev, &err), "mk_snp_make", &err);
    att_buf_put(&g->part[REPORT], mk_snp_item(&ev, MK_SNP_REPORT));
    att_buf_put(&g->part[CHAIN], mk_snp_item(&ev, MK_SNP_CHAIN));
    mk_snp_evidence_free(&ev);
}

static inline void tdx_make(const struct world *w, struct guest *g)
{
    struct mk_tdx_options o;
    struct att_err err = { 0 };

    mk_tdx_defaults(&o, FIXTURE_NOW);
    o.has_runtime_data = true;
    o.runtime_data = att_buf_span(&g->part[RUNTIME]);
    memset(o.td.report_data, 0, sizeof o.td.report_data);
    need(mk_tdx_make(w->intel, &o, &g->tdx, &err), "mk_tdx_make", &err);
    att_buf_put(&g->part[REPORT], mk_item(&g->tdx, MK_QUOTE));
}

/* TPM2B_PUBLIC */
static inline void public_make(struct world *w, enum mk_tpm_key key, struct att_buf *out)
{
    struct att_buf body = { 0 };
    struct att_err err = { 0 };

    need(mk_tpm_public(w->tpm, key, &body, &err), "mk_tpm_public", &err);
    mk_tpm2b(out, att_buf_span(&body));
    att_buf_free(&body);
}

/* What a client cuts off a TPMT_SIGNATURE. */
static inline void bare_put(struct att_buf *out, const struct att_buf *signature)
{
    att_buf_clear(out);
    att_buf_put(out, att_span_of(signature->ptr + SIGNATURE_HEAD, signature->len - SIGNATURE_HEAD));
}

static inline void quote_make(struct world *w, uint32_t pcrs, enum mk_tpm_key aik, struct guest *g)
{
    const struct mk_tpm_selection all = { MK_SHA256, pcrs };
    struct att_buf signature = { 0 };
    struct att_err err = { 0 };

    att_buf_clear(&g->part[PCR_QUOTE]);
    need(mk_tpm_quote(w->tpm, aik, att_str("a nonce of its own"), &all, 1, &g->part[PCR_QUOTE], &signature,
                      &err),
         "mk_tpm_quote", &err);
    bare_put(&g->part[PCR_SIGNATURE], &signature);
    g->pcrs = pcrs;
    for (uint32_t i = 0; i < MK_PCRS; i++)
        memcpy(g->value[i], mk_tpm_pcr(w->tpm, MK_SHA256, i), 32);
    att_buf_free(&signature);
}

static inline void enc_make(struct world *w, enum mk_tpm_key key, enum mk_tpm_key aik, struct guest *g)
{
    struct att_buf signature = { 0 };
    struct att_err err = { 0 };

    att_buf_clear(&g->part[ENC_PUB]);
    att_buf_clear(&g->part[ENC_CERTIFY]);
    public_make(w, key, &g->part[ENC_PUB]);
    need(mk_tpm_certify(w->tpm, aik, key, (struct att_span){ 0 }, &g->part[ENC_CERTIFY], &signature, &err),
         "mk_tpm_certify", &err);
    bare_put(&g->part[ENC_SIGNATURE], &signature);
    att_buf_free(&signature);
}

static inline void boot_make(struct world *w, const struct guest_spec *s, struct guest *g)
{
    struct mk_boot_logs logs = { 0 };
    struct mk_boot boot;
    struct att_err err = { 0 };

    mk_boot_defaults(&boot, s->os);
    boot.secure_boot = MK_TRUE;
    boot.no_ima = true;
    mk_tpm_restart(w->tpm, 0);
    need(mk_boot_run(s->boot ? s->boot : &boot, w->tpm, &logs, &err), "mk_boot_run", &err);
    att_buf_put(&g->part[LOGS], att_buf_span(&logs.tcg));
    mk_boot_logs_free(&logs);
}

static inline void guest_new(struct world *w, const struct guest_spec *s, struct guest *g)
{
    bool windows = s->os == MK_OS_WINDOWS;
    struct att_err err = { 0 };

    *g = (struct guest){ .isolation = s->isolation,
                         .protocol = "2.0",
                         .os_type = windows ? "Windows" : "Linux",
                         .os_distro = windows ? "Microsoft" : "Ubuntu",
                         .os_build = windows ? "NotApplicable" : "NotApplication",
                         .os_versions = windows ? "\"OSVersionMajor\":10,\"OSVersionMinor\":0"
                                                : "\"OSVersionMajor\":22,\"OSVersionMinor\":4",
                         .client_payload = "{\"nonce\":\"QURFMDEwMQ==\"}" };
    boot_make(w, s, g);
    quote_make(w, s->pcrs ? s->pcrs : windows ? WINDOWS_MASK : FIRMWARE_MASK, MK_TPM_AIK, g);
    enc_make(w, MK_TPM_ENC, MK_TPM_AIK, g);
    public_make(w, MK_TPM_AIK, &g->part[AIK_PUB]);
    need(mk_tpm_cert(w->tpm, MK_TPM_AIK, FIXTURE_NOW, &g->part[AIK_CERT], &err), "mk_tpm_cert", &err);
    runtime_make(w, s, &g->part[RUNTIME]);
    if (s->isolation && strcmp(s->isolation, "SevSnp") == 0)
        snp_make(w, s, g);
    if (s->isolation && strcmp(s->isolation, "Tdx") == 0)
        tdx_make(w, g);
}

/* -- its JSON ------------------------------------------------------------------------------------------------- */

static inline void base64_member(struct att_buf *out, const char *name, struct att_span bytes,
                                 const char *end)
{
    att_buf_printf(out, "\"%s\":\"", name);
    att_base64_put(out, bytes);
    att_buf_printf(out, "\"%s", end);
}

static inline void proof_put(struct att_buf *out, const struct guest *g)
{
    struct att_buf inner = { 0 };

    if (strcmp(g->isolation, "SevSnp") == 0) {
        att_buf_puts(&inner, "{\"SnpReport\":\"");
        att_base64url_put(&inner, att_buf_span(&g->part[REPORT]));
        att_buf_puts(&inner, "\",");
        base64_member(&inner, "VcekCertChain", att_buf_span(&g->part[CHAIN]), "}");
    } else {
        att_buf_put(&inner, att_buf_span(&g->part[REPORT]));
    }
    base64_member(out, "Proof", att_buf_span(&inner), ",");
    att_buf_free(&inner);
}

static inline void isolation_put(struct att_buf *out, const struct guest *g)
{
    if (!g->isolation)
        return;
    att_buf_printf(out, ",\"IsolationInfo\":{\"Type\":\"%s\"", g->isolation);
    if (strcmp(g->isolation, "TrustedLaunch") != 0) {
        att_buf_puts(out, ",\"Evidence\":{");
        proof_put(out, g);
        base64_member(out, "RunTimeData", att_buf_span(&g->part[RUNTIME]), "}");
    }
    att_buf_puts(out, "}");
}

static inline void pcrs_put(struct att_buf *out, const struct guest *g)
{
    const char *comma = "";

    att_buf_puts(out, "\"PCRs\":[");
    for (unsigned i = 0; i < MK_PCRS; i++) {
        if (!(g->pcrs >> i & 1))
            continue;
        att_buf_printf(out, "%s{\"Index\":%u,", comma, i);
        base64_member(out, "Digest", att_span_of(g->value[i], 32), "}");
        comma = ",";
    }
    att_buf_puts(out, "],\"PcrSet\":[");
    comma = "";
    for (unsigned i = 0; i < MK_PCRS; i++) {
        if (!(g->pcrs >> i & 1))
            continue;
        att_buf_printf(out, "%s%u", comma, i);
        comma = ",";
    }
    att_buf_puts(out, "]");
}

static inline void guest_json(const struct guest *g, struct att_buf *out)
{
    static const struct {
        const char *name;
        enum guest_part part;
    } rows[] = {
        { "AikCert", AIK_CERT },
        { "AikPub", AIK_PUB },
        { "PcrQuote", PCR_QUOTE },
        { "PcrSignature", PCR_SIGNATURE },
        { "EncKeyPub", ENC_PUB },
        { "EncKeyCertifyInfo", ENC_CERTIFY },
        { "EncKeyCertifyInfoSignature", ENC_SIGNATURE },
    };

    att_buf_printf(out, "{\"AttestationProtocolVersion\":\"%s\",%s,", g->protocol, g->os_versions);
    base64_member(out, "OSType", att_str(g->os_type), ",");
    base64_member(out, "OSDistro", att_str(g->os_distro), ",");
    base64_member(out, "OSBuild", att_str(g->os_build), ",");
    base64_member(out, "TcgLogs", att_buf_span(&g->part[LOGS]), ",");
    if (g->client_payload)
        att_buf_printf(out, "\"ClientPayload\":%s,", g->client_payload);
    att_buf_puts(out, "\"TpmInfo\":{");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        base64_member(out, rows[i].name, att_buf_span(&g->part[rows[i].part]), ",");
    pcrs_put(out, g);
    att_buf_puts(out, "}");
    isolation_put(out, g);
    att_buf_puts(out, "}");
    need(!out->failed, "guest_json", NULL);
}

/* -- judging --------------------------------------------------------------------------------------------------- */

static inline struct att_collateral *guest_collateral(const struct world *w, const struct guest *g)
{
    const struct att_dcap_bundle b = {
        .name = "made",
        .tcb_info = mk_item(&g->tdx, MK_TCB_INFO),
        .tcb_info_issuer_chain = mk_item(&g->tdx, MK_TCB_INFO_ISSUER_CHAIN),
        .qe_identity = mk_item(&g->tdx, MK_QE_IDENTITY),
        .qe_identity_issuer_chain = mk_item(&g->tdx, MK_QE_IDENTITY_ISSUER_CHAIN),
        .pck_crl = mk_item(&g->tdx, MK_PCK_CRL),
        .pck_crl_issuer_chain = mk_item(&g->tdx, MK_PCK_CRL_ISSUER_CHAIN),
        .root_ca_crl = mk_item(&g->tdx, MK_ROOT_CA_CRL),
    };
    const struct att_collateral_in in = {
        .size = sizeof in, .dcap = &b, .dcap_count = 1, .use = ATT_COLLATERAL_SOLE
    };
    struct att_collateral *c = NULL;
    struct att_err err = { 0 };

    if (b.tcb_info.len > 0)
        need(att_collateral_new(w->lib, &in, &c, &err), "att_collateral_new", &err);
    return c;
}

static inline struct att_attest_in guest_in(const struct world *w, struct att_span evidence)
{
    return (struct att_attest_in){ .size = sizeof(struct att_attest_in),
                                   .evidence_type = "azure-guest",
                                   .evidence = evidence,
                                   .aik_trust = w->trust,
                                   .now_unix_s = FIXTURE_NOW,
                                   .accepted_tcb = ATT_TCB_DEFAULT };
}

#endif
