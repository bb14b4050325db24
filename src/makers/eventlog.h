/* makers/eventlog.h - logs of measured boot, and the boot that they are of: each event goes into the log and, as it is
 * measured, into the registers of a made-up TPM.
 *
 * Example: the log of a Windows machine with VBS, and its registers
 *
 *     struct mk_boot boot;
 *     struct mk_boot_logs logs = { 0 };
 *
 *     mk_boot_defaults(&boot, MK_OS_WINDOWS);
 *     boot.flags[MK_FLAG_VSM_REQUIRED] = MK_TRUE;
 *     mk_tpm_restart(tpm, 0);
 *     if (!mk_boot_run(&boot, tpm, &logs, &err))
 *         return false;
 *     ... logs.tcg, logs.ima; mk_tpm_quote ...
 *     mk_boot_logs_free(&logs);
 *
 * Lengths here are true; who wants a log that lies changes the bytes at one of the marks.
 * Spec: TCG PC Client Platform Firmware Profile, clauses 9 and 10; Windows SDK wbcl.h; Linux IMA templates.
 */
#ifndef MAKERS_EVENTLOG_H
#define MAKERS_EVENTLOG_H

#include "makers/tpm.h"

/* -- single events --------------------------------------------------------------------------------------------- */

enum mk_log_form {
    MK_LOG_AGILE, /* "Spec ID Event03": digests of all banks of the TPM */
    MK_LOG_SHA1,  /* TCG_PCR_EVENT from the first byte, without a header */
};

enum mk_event_type {
    MK_EV_NO_ACTION = 0x03,
    MK_EV_SEPARATOR = 0x04,
    MK_EV_EVENT_TAG = 0x06,
    MK_EV_S_CRTM_VERSION = 0x08,
    MK_EV_COMPACT_HASH = 0x0c,
    MK_EV_IPL = 0x0d,
    MK_EV_VARIABLE_DRIVER_CONFIG = (int)0x80000001,
    MK_EV_VARIABLE_BOOT = (int)0x80000002,
    MK_EV_BOOT_APPLICATION = (int)0x80000003,
    MK_EV_GPT = (int)0x80000006,
    MK_EV_ACTION = (int)0x80000007,
    MK_EV_FIRMWARE_BLOB = (int)0x80000008,
    MK_EV_HANDOFF_TABLES = (int)0x80000009,
    MK_EV_VARIABLE_AUTHORITY = (int)0x800000e0,
};

/* One log being written. The first failure sticks and is told by mk_log_end. */
struct mk_log {
    struct att_buf bytes;
    struct mk_tpm *tpm;
    enum mk_log_form form;
    bool failed;
    struct att_err err;
    size_t digest_at, body_at, record_at; /* of the last event: its first digest, its body, itself */
};
void mk_log_begin(struct mk_log *log, struct mk_tpm *tpm, enum mk_log_form form);
/* The digest is that of the body. */
void mk_log_event(struct mk_log *log, uint32_t pcr, enum mk_event_type type, struct att_span body);
/* The digest is that of something else: an image, the value of a variable alone. */
void mk_log_measured(struct mk_log *log, uint32_t pcr, enum mk_event_type type, struct att_span body,
                     struct att_span measured);
/* EV_NO_ACTION: extends nothing. */
void mk_log_startup_locality(struct mk_log *log, uint8_t locality);
/* UEFI_VARIABLE_DATA. `data_only`: the value alone is measured, as some firmware does with boot entries. */
void mk_log_variable(struct mk_log *log, uint32_t pcr, enum mk_event_type type, const uint8_t guid[16],
                     const char *name, struct att_span value, bool data_only);
/* UEFI_IMAGE_LOAD_EVENT; `image` is what would be hashed of the file. */
void mk_log_image(struct mk_log *log, uint32_t pcr, const char *path, struct att_span image);
void mk_log_separators(struct mk_log *log, uint32_t first_pcr, uint32_t last_pcr, struct att_span value);
ATT_CHECK bool mk_log_end(struct mk_log *log, struct att_err *err);

/* Windows: tagged events, nested. */
void mk_sipa_put(struct att_buf *out, uint32_t id, struct att_span payload);
void mk_sipa_bool(struct att_buf *out, uint32_t id, bool value);
void mk_sipa_u32(struct att_buf *out, uint32_t id, uint32_t value);
void mk_sipa_u64(struct att_buf *out, uint32_t id, uint64_t value);
void mk_sipa_text(struct att_buf *out, uint32_t id, const char *ascii); /* UTF-16 with its NUL */

/* Linux: one record of the binary list; extends PCR 10 (violation: with ones). `fields` are length-prefixed already. */
ATT_CHECK bool mk_ima_record(struct att_buf *list, struct mk_tpm *tpm, const char *template_name,
                             struct att_span fields, bool violation, struct att_err *err);
void mk_ima_field(struct att_buf *fields, struct att_span value);
/* "sha256:", a NUL and the digest of this content. */
ATT_CHECK bool mk_ima_digest_field(struct att_buf *fields, struct att_span content, struct att_err *err);

/* -- a boot ---------------------------------------------------------------------------------------------------- */

enum mk_os { MK_OS_LINUX, MK_OS_WINDOWS };
enum mk_flag { MK_ABSENT, MK_FALSE, MK_TRUE };

/* Booleans of a trust boundary (PCR 12); enum and SIPA number. */
enum mk_boot_flag {
#define X(id, number) MK_FLAG_##id,
#include "makers/sipa_flags.def"
#undef X
    MK_FLAG_COUNT
};

struct mk_boot {
    enum mk_os os;
    enum mk_log_form form;
    bool has_locality;
    uint8_t locality;                 /* 3 or 4 */
    enum mk_flag secure_boot;         /* absent: no such event */
    struct att_span pk, kek, db, dbx; /* values; empty: a made-up signature list */
    bool boot_data_only;              /* EV_EFI_VARIABLE_BOOT measures values alone */
    struct att_span image; /* content of the boot loader: what tells one machine's registers from another's */
    /* Windows */
    enum mk_flag flags[MK_FLAG_COUNT];
    bool has_hvci;
    uint32_t hvci;
    bool has_elam;        /* Defender's early-launch driver among the modules */
    enum mk_tpm_key idks; /* 0: not measured; else whose public key is */
    bool second_idks;     /* another one in a second boundary */
    bool drtm;            /* PCR 17 to 20: state, SMM level */
    uint8_t smm_level;
    bool hibernated; /* one more boundary, of the resume application */
    /* Linux */
    bool no_ima;
    const char *kernel_version; /* NULL: no such record */
    struct att_span key_cert;   /* DER: a record of .builtin_trusted_keys; empty: none */
    bool ima_violation;
};
void mk_boot_defaults(struct mk_boot *ret, enum mk_os os);

/* Where in the logs what stands, for faults; SIZE_MAX: nowhere. */
struct mk_boot_marks {
    size_t secure_boot_record, secure_boot_digest, secure_boot_value; /* tcg */
    size_t action_record, action_body;                                /* the last event */
    size_t tag_record, tag_body, idks_modulus;
    size_t kernel_version, kernel_version_digest; /* ima: text, template digest */
};
struct mk_boot_logs {
    struct att_buf tcg, ima;
    struct mk_boot_marks marks;
};
/* On a TPM that has just started. */
ATT_CHECK bool mk_boot_run(const struct mk_boot *boot, struct mk_tpm *tpm, struct mk_boot_logs *ret,
                           struct att_err *err);
void mk_boot_logs_free(struct mk_boot_logs *logs);

#endif
