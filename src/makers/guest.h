/* makers/guest.h - attestation information of a made-up Azure guest, whole or with exactly one thing broken: a quote of its vTPM,
 * its boot log, a key for the answer, and the hardware's evidence (sev-snp or tdx) that vouches for the vTPM's key.
 *
 * Example: a Linux guest under SEV-SNP
 *
 *     struct mk_guest_options o;
 *     struct mk_guest_evidence ev = { 0 };
 *
 *     mk_guest_defaults(&o, MK_GUEST_SNP, MK_OS_LINUX, now_unix_s);
 *     o.nonce = "bm9uY2U=";
 *     if (!mk_guest_make(tpm, amd, NULL, &o, &ev, &err))
 *         return false;
 *     struct att_span info = mk_guest_item(&ev, MK_GUEST_INFO);
 *     ... evidence type "azure-guest"; roots: ev.snp's ark.pem, aik_ca.pem ...
 *     mk_guest_evidence_free(&ev);
 *
 * The vTPM is started anew with SHA-1 and SHA-256 banks; its keys stay. `amd` is needed for SEV-SNP, `hw` for TDX. Ownership, times
 * and errors: as makers/tpm_request.h.
 * Spec: Azure/confidential-computing-cvm-guest-attestation (client library), HCL report of the OpenHCL and Azure paravisors.
 */
#ifndef MAKERS_GUEST_H
#define MAKERS_GUEST_H

#include "makers/eventlog.h"
#include "makers/snp.h"
#include "makers/tdx.h"

struct mk_hardware;

enum mk_guest_break {
    MK_GUEST_BREAK_NONE = 0,
#define X(id, name, needs, code, also, words) MK_GUEST_BREAK_##id,
#include "makers/guest_breaks.def"
#undef X
    MK_GUEST_BREAK_COUNT
};
enum mk_guest_needs {
    MK_GUEST_NEEDS_ANY,
    MK_GUEST_NEEDS_HARDWARE,
    MK_GUEST_NEEDS_SNP,
    MK_GUEST_NEEDS_TDX,
    MK_GUEST_NEEDS_TRUSTED,
    MK_GUEST_NEEDS_WINDOWS,
    MK_GUEST_NEEDS_HCL, /* judge hcl-bundle.json, with chain.pem beside it */
};
struct mk_guest_break_row {
    enum mk_guest_break id;
    const char *name, *words;
    enum mk_guest_needs needs;
    enum att_code expected_code, also_code;
};
extern const struct mk_guest_break_row mk_guest_breaks[MK_GUEST_BREAK_COUNT];
const struct mk_guest_break_row *mk_guest_break_by_name(const char *name); /* NULL: no such name */
const char *mk_guest_needs_name(enum mk_guest_needs needs);

enum mk_guest_isolation { MK_GUEST_TRUSTED_LAUNCH, MK_GUEST_SNP, MK_GUEST_TDX };

/* Isolation that a row needs where `wanted` was asked for. */
enum mk_guest_isolation mk_guest_isolation_for(enum mk_guest_break broken, enum mk_guest_isolation wanted);

struct mk_guest_options {
    int64_t at_unix_s;
    enum mk_guest_break broken;
    enum mk_guest_isolation isolation;
    struct mk_boot boot;
    uint32_t pcr_mask; /* quoted, of SHA-256 */

    /* What the guest says of itself; NULL: not there. */
    const char *os_type, *os_distro, *os_build;
    int os_major, os_minor; /* -1: not there */
    const char *nonce;      /* base64, as ClientPayload has it */
    struct att_span extra;  /* of the quote */
    bool bare_logs;         /* TcgLogs empty */

    /* What the paravisor says. */
    const char *vm_id;  /* upper-case GUID */
    bool first_runtime; /* as in 2022: HCLAkPub alone, which "encrypts", with current-time */
    bool secure_boot_said, console_enabled, tpm_persisted;
    const char *user_data; /* 128 hexadecimal digits; NULL: none */
    unsigned hcl_version;  /* 1 or 2 */
    size_t hcl_bytes;      /* of the NV index: zeros up to there */

    struct mk_snp_options snp; /* runtime data is replaced */
    struct mk_tdx_options tdx;
};
void mk_guest_defaults(struct mk_guest_options *ret, enum mk_guest_isolation isolation, enum mk_os os,
                       int64_t at_unix_s);

enum mk_guest_item {
    MK_GUEST_INFO,    /* attestation-info.json */
    MK_GUEST_BODY,    /* attest-azure-guest-body.json: the POST */
    MK_GUEST_RUNTIME, /* runtime-data.json */
    MK_GUEST_HCL,     /* hcl-report.bin: NV 0x01400001; not of a trusted launch */
    MK_GUEST_BUNDLE, /* hcl-bundle.json: the HCL report with quote and registers, as `attestctl verify` takes it */
    MK_GUEST_QUOTE,      /* quote.msg */
    MK_GUEST_SIGNATURE,  /* quote.sig: bare */
    MK_GUEST_PCRS,       /* pcrs.json: {"0":"hex",...} */
    MK_GUEST_LOG,        /* eventlog.bin */
    MK_GUEST_AIK_CA,     /* aik_ca.pem: whom to trust for a trusted launch */
    MK_GUEST_CHAIN,      /* chain.pem: SNP */
    MK_GUEST_ROOT,       /* hardware_root.pem: of AMD or Intel */
    MK_GUEST_ANSWER_KEY, /* answer.TEST-KEY.pem: what a real guest's TPM keeps to itself */
    MK_GUEST_ITEM_COUNT
};
struct mk_guest_evidence {
    struct att_buf items[MK_GUEST_ITEM_COUNT];
    struct mk_snp_evidence snp;      /* lists and root */
    struct mk_evidence td;           /* collateral */
    struct mk_guest_options options; /* as made; its spans and texts are no longer valid */
    const struct mk_guest_break_row *broken;
    enum att_code expected_code, also_code;
    bool secure_boot; /* what the claim must say, where it is accepted */
};
ATT_CHECK bool mk_guest_make(struct mk_tpm *tpm, const struct mk_amd *amd, const struct mk_hardware *hw,
                             const struct mk_guest_options *options, struct mk_guest_evidence *ret,
                             struct att_err *err);
void mk_guest_evidence_free(struct mk_guest_evidence *ev); /* also for { 0 } */
static inline struct att_span mk_guest_item(const struct mk_guest_evidence *ev, enum mk_guest_item i)
{
    return att_buf_span(&ev->items[i]); /* empty: not there */
}
/* What the breaks are judged by: the information, or the bundle with the HCL report. */
static inline struct att_span mk_guest_judged(const struct mk_guest_evidence *ev)
{
    return mk_guest_item(ev, ev->broken->needs == MK_GUEST_NEEDS_HCL ? MK_GUEST_BUNDLE : MK_GUEST_INFO);
}
const char *mk_guest_item_file(enum mk_guest_item item);
/* The private half of the key that the answer is for: opens EncryptedInnerKey. */
ATT_CHECK bool mk_guest_unseal(struct mk_tpm *tpm, struct att_span encrypted, struct att_buf *ret,
                               struct att_err *err);
ATT_CHECK bool mk_guest_expected_json(const struct mk_guest_evidence *ev, const char *name,
                                      struct att_buf *out, struct att_err *err);
/* Every item and expected.json, and the collateral of a TDX guest under DIR/collateral. */
ATT_CHECK bool mk_guest_write(const struct mk_guest_evidence *ev, const char *dir, const char *name,
                              struct att_err *err);

#endif
