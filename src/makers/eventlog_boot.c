/* A boot from firmware to operating system, event by event. */
#include "base/auto.h"
#include "base/err.h"
#include "makers/eventlog.h"
#include "makers/tpm_parts.h"

/* 8BE4DF61-93CA-11D2-AA0D-00E098032B8C and D719B2CB-3D3A-4596-A3BC-DAD00E67656F */
static const uint8_t global[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                    0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const uint8_t security[16] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
                                      0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
/* EFI_CERT_X509_GUID, and an owner that nobody has. */
static const uint8_t x509_list[16] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                                       0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };
static const uint8_t owner[16] = "TEST TEST TEST ";

enum {
    SIPA_TRUST_BOUNDARY = 0x40010001,
    SIPA_ELAM = 0x40010002,
    SIPA_MODULES = 0x40010003,
    SIPA_BOOT_COUNTER = 0x00020002,
    SIPA_TRANSFER_CONTROL = 0x00020003,
    SIPA_BITLOCKER_UNLOCK = 0x00020005,
    SIPA_APPLICATION_SVN = 0x00020009,
    SIPA_DEP = 0x00050004,
    SIPA_OS_DEVICE = 0x00050008,
    SIPA_SYSTEM_ROOT = 0x00050009,
    SIPA_DRIVER_LOAD_POLICY = 0x0005000e,
    SIPA_VSM_IDKS_INFO = 0x00050023,
    SIPA_AUTHORITY_KEY = 0x00060002,
    SIPA_FILE_PATH = 0x00070001,
    SIPA_IMAGE_SIZE = 0x00070002,
    SIPA_HASH_ALGORITHM = 0x00070003,
    SIPA_AUTHENTICODE = 0x00070004,
    SIPA_IMAGE_VALIDATED = 0x0007000a,
    SIPA_MODULE_SVN = 0x0007000b,
    SIPA_ELAM_KEY_NAME = 0x00090001,
    SIPA_ELAM_MEASURED = 0x00090004,
    SIPA_HVCI_POLICY = 0x000a0007,
    SIPA_DRTM_STATE_AUTH = 0x000c0001,
    SIPA_DRTM_SMM_LEVEL = 0x000c0002,
    IDKS_HEADER = 16,
    CALG_SHA256 = 0x800c,
};

static const struct {
    uint32_t number;
} flag_rows[MK_FLAG_COUNT] = {
#define X(id, n) [MK_FLAG_##id] = { n },
#include "makers/sipa_flags.def"
#undef X
};

void mk_boot_defaults(struct mk_boot *ret, enum mk_os os)
{
    static const char image[] = "a boot loader, made up";

    *ret = (struct mk_boot){ .os = os,
                             .secure_boot = MK_TRUE,
                             .image = att_span_of(image, sizeof image - 1),
                             .kernel_version = "6.1.0-test-amd64" };
    if (os == MK_OS_LINUX)
        return;
    ret->flags[MK_FLAG_BOOT_DEBUGGING] = MK_FALSE;
    ret->flags[MK_FLAG_KERNEL_DEBUG] = MK_FALSE;
    ret->flags[MK_FLAG_CODE_INTEGRITY] = MK_TRUE;
    ret->flags[MK_FLAG_TEST_SIGNING] = MK_FALSE;
    ret->flags[MK_FLAG_SAFE_MODE] = MK_FALSE;
    ret->flags[MK_FLAG_WINPE] = MK_FALSE;
    ret->flags[MK_FLAG_VSM_REQUIRED] = MK_TRUE;
    ret->flags[MK_FLAG_IOMMU_REQUIRED] = MK_TRUE;
    ret->flags[MK_FLAG_MANDATORY_ENFORCEMENT] = MK_TRUE;
    ret->has_elam = true;
    ret->idks = MK_TPM_IDKS;
}

/* -- firmware -------------------------------------------------------------------------------------------------- */

static void firmware(struct mk_log *log, const struct mk_boot *b)
{
    uint8_t blob[16] = { 0, 0, 0x40, 0x7e, [8] = 0, 0, 0x10 };

    if (b->has_locality)
        mk_log_startup_locality(log, b->locality);
    mk_log_event(log, 0, MK_EV_S_CRTM_VERSION, att_span_of("T\0E\0S\0T\0\0", 10));
    mk_log_measured(log, 0, MK_EV_FIRMWARE_BLOB, att_span_of(blob, sizeof blob), att_str("firmware volume"));
    mk_log_event(log, 1, MK_EV_HANDOFF_TABLES, att_span_of(blob, sizeof blob));
}

/* EFI_SIGNATURE_LIST with one entry. */
static void put_list(struct att_buf *out, const char *content)
{
    size_t entry = 16 + strlen(content);

    att_buf_put(out, att_span_of(x509_list, 16));
    att_buf_u32le(out, (uint32_t)(28 + entry));
    att_buf_u32le(out, 0);
    att_buf_u32le(out, (uint32_t)entry);
    att_buf_put(out, att_span_of(owner, 16));
    att_buf_puts(out, content);
}

static void secure_boot(struct mk_log *log, const struct mk_boot *b, struct mk_boot_marks *m)
{
    const struct {
        const char *name, *content;
        const uint8_t *guid;
        struct att_span value;
    } rows[] = {
        { "PK", "a platform key", global, b->pk },
        { "KEK", "a key exchange key", global, b->kek },
        { "db", "a certificate of signers", security, b->db },
        { "dbx", "a digest that is forbidden", security, b->dbx },
    };
    uint8_t on = b->secure_boot == MK_TRUE;

    if (b->secure_boot != MK_ABSENT) {
        mk_log_variable(log, 7, MK_EV_VARIABLE_DRIVER_CONFIG, global, "SecureBoot", att_span_of(&on, 1),
                        false);
        m->secure_boot_record = log->record_at;
        m->secure_boot_digest = log->digest_at;
        m->secure_boot_value = log->bytes.len - 1;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ATT_AUTO(att_buf_free) struct att_buf made = { 0 };
        if (rows[i].value.len == 0)
            put_list(&made, rows[i].content);
        mk_log_variable(log, 7, MK_EV_VARIABLE_DRIVER_CONFIG, rows[i].guid, rows[i].name,
                        rows[i].value.len ? rows[i].value : att_buf_span(&made), false);
    }
    mk_log_separators(log, 7, 7, att_span_of("\0\0\0", 4));
    if (on)
        mk_log_variable(log, 7, MK_EV_VARIABLE_AUTHORITY, security, "db",
                        att_span_of("TEST TEST TEST \0a certificate of signers", 40), false);
}

/* UEFI_GPT_DATA: a header, no partitions. */
static void gpt(struct mk_log *log)
{
    uint8_t body[100] = "EFI PART";

    mk_log_event(log, 5, MK_EV_GPT, att_span_of(body, sizeof body));
}

static void boot_entries(struct mk_log *log, const struct mk_boot *b)
{
    mk_log_variable(log, 1, MK_EV_VARIABLE_BOOT, global, "BootOrder", att_span_of("\1\0\0", 4),
                    b->boot_data_only);
    mk_log_variable(log, 1, MK_EV_VARIABLE_BOOT, global, "Boot0001",
                    att_span_of("\1\0\0\0\0\0T\0E\0S\0T\0\0", 16), b->boot_data_only);
    mk_log_event(log, 4, MK_EV_ACTION, att_str("Calling EFI Application from Boot Option"));
    mk_log_separators(log, 0, 6, att_span_of("\0\0\0", 4));
    gpt(log);
    mk_log_image(log, 4, "\\EFI\\BOOT\\BOOTX64.EFI", b->image);
}

static void leave(struct mk_log *log, struct mk_boot_marks *m)
{
    mk_log_event(log, 5, MK_EV_ACTION, att_str("Exit Boot Services Invocation"));
    mk_log_event(log, 5, MK_EV_ACTION, att_str("Exit Boot Services Returned with Success"));
    m->action_record = log->record_at;
    m->action_body = log->body_at;
}

/* -- Windows --------------------------------------------------------------------------------------------------- */

/* SIPAEVENT_VSM_IDK_INFO_PAYLOAD. */
static bool put_idks(struct att_buf *out, struct mk_tpm *tpm, enum mk_tpm_key which, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    EVP_PKEY *key;

    if (!mk_tpm_key(tpm, which, &key, err))
        return false;
    att_buf_u32le(&payload, 1);
    att_buf_u32le(&payload, (uint32_t)EVP_PKEY_get_bits(key));
    att_buf_u32le(&payload, 3);
    att_buf_u32le(&payload, (uint32_t)EVP_PKEY_get_bits(key) / 8);
    att_buf_put(&payload, att_span_of("\1\0\1", 3));
    if (!mk_tpm_modulus(key, &payload, err))
        return false;
    mk_sipa_put(out, SIPA_VSM_IDKS_INFO, att_buf_span(&payload));
    return true;
}

/* LOADEDMODULE_AGGREGATION; a module of PCR 12 has no path. */
static void put_module(struct att_buf *out, const char *path)
{
    ATT_AUTO(att_buf_free) struct att_buf module = { 0 };
    uint8_t digest[32];

    memset(digest, 0x4d, sizeof digest);
    if (path) {
        mk_sipa_text(&module, SIPA_FILE_PATH, path);
        mk_sipa_u64(&module, SIPA_IMAGE_SIZE, 0x1a5000);
        mk_sipa_u32(&module, SIPA_HASH_ALGORITHM, CALG_SHA256);
    }
    mk_sipa_put(&module, SIPA_AUTHENTICODE, att_span_of(digest, sizeof digest));
    if (path) {
        mk_sipa_bool(&module, SIPA_IMAGE_VALIDATED, true);
        mk_sipa_u32(&module, SIPA_MODULE_SVN, 1);
    }
    mk_sipa_put(out, SIPA_MODULES, att_buf_span(&module));
}

static void put_hvci(struct att_buf *out, uint32_t value)
{
    static const char name[] = "HypervisorEnforcedCodeIntegrityEnable";
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };

    for (const char *c = name; *c; c++)
        att_buf_u16le(&payload, (uint8_t)*c);
    att_buf_u16le(&payload, 0);
    att_buf_u32le(&payload, value);
    mk_sipa_put(out, SIPA_HVCI_POLICY, att_buf_span(&payload));
}

static void put_elam(struct att_buf *out)
{
    ATT_AUTO(att_buf_free) struct att_buf elam = { 0 };

    mk_sipa_text(&elam, SIPA_ELAM_KEY_NAME, "TEST Defender");
    mk_sipa_put(&elam, SIPA_ELAM_MEASURED, att_span_of("\1\2\3\4", 4));
    mk_sipa_put(out, SIPA_ELAM, att_buf_span(&elam));
}

static bool put_boundary(struct att_buf *out, const struct mk_boot *b, struct mk_tpm *tpm,
                         struct att_err *err)
{
    mk_sipa_u64(out, SIPA_BOOT_COUNTER, 41);
    mk_sipa_u32(out, SIPA_TRANSFER_CONTROL, 1);
    mk_sipa_u32(out, SIPA_BITLOCKER_UNLOCK, 4);
    mk_sipa_u32(out, SIPA_APPLICATION_SVN, 1);
    mk_sipa_u64(out, SIPA_DEP, 1);
    mk_sipa_u32(out, SIPA_OS_DEVICE, 0x10004);
    mk_sipa_text(out, SIPA_SYSTEM_ROOT, "\\Windows");
    mk_sipa_u32(out, SIPA_DRIVER_LOAD_POLICY, 1);
    for (size_t i = 0; i < MK_FLAG_COUNT; i++)
        if (b->flags[i] != MK_ABSENT)
            mk_sipa_bool(out, flag_rows[i].number, b->flags[i] == MK_TRUE);
    if (b->has_hvci)
        put_hvci(out, b->hvci);
    if (b->has_elam)
        put_elam(out);
    put_module(out, NULL);
    return !b->idks || put_idks(out, tpm, b->idks, err); /* last, so that its modulus is at the end */
}

/* One event: a trust boundary with this content. */
static void boundary(struct mk_log *log, uint32_t pcr, struct att_span content)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };

    mk_sipa_put(&body, SIPA_TRUST_BOUNDARY, content);
    mk_log_event(log, pcr, MK_EV_EVENT_TAG, att_buf_span(&body));
}

static bool windows_settings(struct mk_log *log, const struct mk_boot *b, struct mk_boot_marks *m,
                             struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf content = { 0 };

    if (!put_boundary(&content, b, log->tpm, err))
        return false;
    boundary(log, 12, att_buf_span(&content));
    m->tag_record = log->record_at;
    m->tag_body = log->body_at;
    if (b->idks)
        m->idks_modulus = log->bytes.len - 256;
    if (!b->second_idks)
        return true;
    att_buf_clear(&content);
    if (!put_idks(&content, log->tpm, MK_TPM_STRANGER, err))
        return false;
    boundary(log, 12, att_buf_span(&content));
    return true;
}

static void windows_modules(struct mk_log *log, const struct mk_boot *b)
{
    ATT_AUTO(att_buf_free) struct att_buf content = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf key = { 0 };

    put_module(&content, "\\Windows\\system32\\winload.efi");
    if (b->has_elam)
        put_module(&content, "\\Windows\\system32\\drivers\\wd\\WdBoot.sys");
    boundary(log, 13, att_buf_span(&content));
    mk_sipa_put(&key, SIPA_AUTHORITY_KEY, att_str("a public key in DER"));
    mk_log_event(log, 14, MK_EV_EVENT_TAG, att_buf_span(&key));
    if (!b->hibernated)
        return;
    att_buf_clear(&content);
    mk_sipa_u32(&content, SIPA_TRANSFER_CONTROL, 2);
    boundary(log, 12, att_buf_span(&content));
}

static void windows_drtm(struct mk_log *log, const struct mk_boot *b)
{
    ATT_AUTO(att_buf_free) struct att_buf content = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf level = { 0 };

    mk_tpm_drtm(log->tpm);
    put_module(&content, NULL);
    boundary(log, 17, att_buf_span(&content));
    att_buf_clear(&content);
    mk_sipa_put(&content, SIPA_DRTM_STATE_AUTH, att_str("a state that nobody signed"));
    boundary(log, 20, att_buf_span(&content));
    mk_sipa_put(&level, SIPA_DRTM_SMM_LEVEL, att_span_of(&b->smm_level, 1));
    mk_log_event(log, 20, MK_EV_EVENT_TAG, att_buf_span(&level));
}

static bool windows(struct mk_log *log, const struct mk_boot *b, struct mk_boot_marks *m, struct att_err *err)
{
    mk_log_event(log, 11, MK_EV_COMPACT_HASH, att_span_of("\0\0\0", 4));
    if (!windows_settings(log, b, m, err))
        return false;
    windows_modules(log, b);
    if (b->drtm)
        windows_drtm(log, b);
    mk_log_separators(log, 12, 14, att_str("WBCL"));
    return true;
}

/* -- Linux ----------------------------------------------------------------------------------------------------- */

static void linux_loader(struct mk_log *log)
{
    mk_log_event(log, 8, MK_EV_IPL, att_str("kernel_cmdline: root=/dev/vda1 ro"));
    mk_log_measured(log, 9, MK_EV_IPL, att_str("/vmlinuz"), att_str("a kernel"));
}

static bool file_record(struct att_buf *list, struct mk_tpm *tpm, const char *name, bool violation,
                        struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf f = { 0 };

    if (!mk_ima_digest_field(&f, att_str(name), err))
        return false;
    mk_ima_field(&f, att_span_of(name, strlen(name) + 1));
    return mk_ima_record(list, tpm, "ima-ng", att_buf_span(&f), violation, err);
}

static bool signed_record(struct att_buf *list, struct mk_tpm *tpm, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf f = { 0 };

    if (!mk_ima_digest_field(&f, att_str("a signed file"), err))
        return false;
    mk_ima_field(&f, att_span_of("/usr/bin/signed", 16));
    mk_ima_field(&f, att_span_of("\3\2\4TEST", 7)); /* security.ima */
    return mk_ima_record(list, tpm, "ima-sig", att_buf_span(&f), false, err);
}

static bool buffer_record(struct att_buf *list, struct mk_tpm *tpm, const char *name, struct att_span content,
                          struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf f = { 0 };

    if (!mk_ima_digest_field(&f, content, err))
        return false;
    mk_ima_field(&f, att_span_of(name, strlen(name) + 1));
    mk_ima_field(&f, content);
    return mk_ima_record(list, tpm, "ima-buf", att_buf_span(&f), false, err);
}

static bool linux_ima(const struct mk_boot *b, struct mk_tpm *tpm, struct mk_boot_logs *ret,
                      struct att_err *err)
{
    struct att_buf *list = &ret->ima;

    if (!file_record(list, tpm, "boot_aggregate", false, err))
        return false;
    if (b->kernel_version) {
        ret->marks.kernel_version_digest = list->len + 4;
        if (!buffer_record(list, tpm, "kernel_version", att_str(b->kernel_version), err))
            return false;
        ret->marks.kernel_version = list->len - strlen(b->kernel_version);
    }
    if (b->key_cert.len > 0 && !buffer_record(list, tpm, ".builtin_trusted_keys", b->key_cert, err))
        return false;
    return (!b->ima_violation || file_record(list, tpm, "/var/log/written", true, err)) &&
           signed_record(list, tpm, err) && file_record(list, tpm, "/usr/sbin/init", false, err);
}

/* -- all -------------------------------------------------------------------------------------------------------- */

static bool run(const struct mk_boot *b, struct mk_tpm *tpm, struct mk_log *log, struct mk_boot_logs *ret,
                struct att_err *err)
{
    mk_log_begin(log, tpm, b->form);
    firmware(log, b);
    secure_boot(log, b, &ret->marks);
    boot_entries(log, b);
    if (b->os == MK_OS_WINDOWS ? !windows(log, b, &ret->marks, err) : false)
        return false;
    if (b->os == MK_OS_LINUX)
        linux_loader(log);
    leave(log, &ret->marks);
    return mk_log_end(log, err) && (b->os == MK_OS_WINDOWS || b->no_ima || linux_ima(b, tpm, ret, err));
}

bool mk_boot_run(const struct mk_boot *boot, struct mk_tpm *tpm, struct mk_boot_logs *ret,
                 struct att_err *err)
{
    struct mk_boot_logs made;
    struct mk_log log = { 0 };

    made = (struct mk_boot_logs){ 0 };
    memset(&made.marks, 0xff, sizeof made.marks); /* SIZE_MAX each */
    if (!run(boot, tpm, &log, &made, err)) {
        att_buf_free(&log.bytes);
        mk_boot_logs_free(&made);
        return false;
    }
    made.tcg = log.bytes;
    *ret = made;
    return true;
}

void mk_boot_logs_free(struct mk_boot_logs *logs)
{
    att_buf_free(&logs->tcg);
    att_buf_free(&logs->ima);
    *logs = (struct mk_boot_logs){ 0 };
}
