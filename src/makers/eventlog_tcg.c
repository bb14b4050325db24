/* Records of TCG logs. */
#include "base/err.h"
#include "makers/eventlog.h"

enum { DIGEST_SHA1 = 20, LENGTH_32 = 4 };

static void keep(struct mk_log *log, bool ok)
{
    log->failed = log->failed || !ok || log->bytes.failed;
}

static unsigned count_banks(unsigned banks)
{
    unsigned n = 0;

    for (enum mk_hash h = 0; h < MK_HASH_COUNT; h++)
        n += banks & MK_BANK(h) ? 1 : 0;
    return n;
}

/* TCG_EfiSpecIdEvent, in a record of the old layout. */
static void put_header(struct mk_log *log)
{
    unsigned banks = mk_tpm_banks(log->tpm), n = count_banks(banks);
    struct att_buf *out = &log->bytes;

    att_buf_u32le(out, 0);
    att_buf_u32le(out, MK_EV_NO_ACTION);
    att_buf_fill(out, 0, DIGEST_SHA1);
    att_buf_u32le(out, 16 + 8 + 4 + 4 * n + 1);
    att_buf_put(out, att_span_of("Spec ID Event03", 16));
    att_buf_u32le(out, 0); /* client */
    att_buf_put(out, att_span_of((uint8_t[]){ 0, 2, 0, 2 }, 4));
    att_buf_u32le(out, n);
    for (enum mk_hash h = 0; h < MK_HASH_COUNT; h++)
        if (banks & MK_BANK(h)) {
            att_buf_u16le(out, mk_hash_alg(h));
            att_buf_u16le(out, (uint16_t)mk_hash_size(h));
        }
    att_buf_putc(out, 0); /* no vendor information */
}

void mk_log_begin(struct mk_log *log, struct mk_tpm *tpm, enum mk_log_form form)
{
    *log = (struct mk_log){ .tpm = tpm, .form = form };
    if (form == MK_LOG_AGILE)
        put_header(log);
}

static void put_digest(struct mk_log *log, enum mk_hash h, const uint8_t *digest)
{
    if (log->form == MK_LOG_AGILE)
        att_buf_u16le(&log->bytes, mk_hash_alg(h));
    else if (h != MK_SHA1)
        return;
    log->digest_at = log->digest_at ? log->digest_at : log->bytes.len;
    att_buf_put(&log->bytes, att_span_of(digest, mk_hash_size(h)));
}

/* NULL `measured`: nothing is extended, and the digests are zeros. */
static void put_record(struct mk_log *log, uint32_t pcr, enum mk_event_type type, struct att_span body,
                       const struct att_span *measured)
{
    unsigned banks = log->form == MK_LOG_SHA1 ? MK_BANK(MK_SHA1) : mk_tpm_banks(log->tpm);

    log->record_at = log->bytes.len;
    log->digest_at = 0;
    att_buf_u32le(&log->bytes, pcr);
    att_buf_u32le(&log->bytes, (uint32_t)type);
    if (log->form == MK_LOG_AGILE)
        att_buf_u32le(&log->bytes, count_banks(banks));
    for (enum mk_hash h = 0; h < MK_HASH_COUNT; h++) {
        uint8_t digest[MK_DIGEST_MAX] = { 0 };
        if (measured)
            keep(log, mk_hash(h, *measured, digest, &log->err) &&
                          mk_tpm_extend(log->tpm, h, pcr, digest, &log->err));
        if (banks & MK_BANK(h))
            put_digest(log, h, digest);
    }
    att_buf_u32le(&log->bytes, (uint32_t)body.len);
    log->body_at = log->bytes.len;
    att_buf_put(&log->bytes, body);
    keep(log, true);
}

void mk_log_measured(struct mk_log *log, uint32_t pcr, enum mk_event_type type, struct att_span body,
                     struct att_span measured)
{
    put_record(log, pcr, type, body, &measured);
}

void mk_log_event(struct mk_log *log, uint32_t pcr, enum mk_event_type type, struct att_span body)
{
    put_record(log, pcr, type, body, &body);
}

void mk_log_startup_locality(struct mk_log *log, uint8_t locality)
{
    uint8_t body[17] = "StartupLocality";

    body[16] = locality;
    put_record(log, 0, MK_EV_NO_ACTION, att_span_of(body, sizeof body), NULL);
    mk_tpm_locality(log->tpm, locality);
}

void mk_log_variable(struct mk_log *log, uint32_t pcr, enum mk_event_type type, const uint8_t guid[16],
                     const char *name, struct att_span value, bool data_only)
{
    struct att_buf body = { 0 };

    att_buf_put(&body, att_span_of(guid, 16));
    att_buf_u64le(&body, strlen(name));
    att_buf_u64le(&body, value.len);
    for (const char *c = name; *c; c++)
        att_buf_u16le(&body, (uint8_t)*c);
    att_buf_put(&body, value);
    keep(log, !body.failed);
    mk_log_measured(log, pcr, type, att_buf_span(&body), data_only ? value : att_buf_span(&body));
    att_buf_free(&body);
}

void mk_log_image(struct mk_log *log, uint32_t pcr, const char *path, struct att_span image)
{
    struct att_buf body = { 0 };
    size_t node = LENGTH_32 + 2 * (strlen(path) + 1);

    att_buf_u64le(&body, 0x7e574000);
    att_buf_u64le(&body, image.len);
    att_buf_u64le(&body, 0);
    att_buf_u64le(&body, node + LENGTH_32);
    att_buf_put(&body, att_span_of((uint8_t[]){ 4, 4 }, 2)); /* media: file path */
    att_buf_u16le(&body, (uint16_t)node);
    for (const char *c = path; *c; c++)
        att_buf_u16le(&body, (uint8_t)*c);
    att_buf_u16le(&body, 0);
    att_buf_put(&body, att_span_of((uint8_t[]){ 0x7f, 0xff, 4, 0 }, 4)); /* end of path */
    keep(log, !body.failed);
    mk_log_measured(log, pcr, MK_EV_BOOT_APPLICATION, att_buf_span(&body), image);
    att_buf_free(&body);
}

void mk_log_separators(struct mk_log *log, uint32_t first_pcr, uint32_t last_pcr, struct att_span value)
{
    for (uint32_t pcr = first_pcr; pcr <= last_pcr; pcr++)
        mk_log_event(log, pcr, MK_EV_SEPARATOR, value);
}

bool mk_log_end(struct mk_log *log, struct att_err *err)
{
    if (!log->failed && !log->bytes.failed)
        return true;
    if (log->err.code == ATT_OK)
        return att_fail_memory(err, "makers.eventlog");
    if (err && err->code == ATT_OK)
        *err = log->err;
    return false;
}

/* -- Windows' tagged events ------------------------------------------------------------------------------------- */

void mk_sipa_put(struct att_buf *out, uint32_t id, struct att_span payload)
{
    att_buf_u32le(out, id);
    att_buf_u32le(out, (uint32_t)payload.len);
    att_buf_put(out, payload);
}

void mk_sipa_bool(struct att_buf *out, uint32_t id, bool value)
{
    mk_sipa_put(out, id, att_span_of(&(uint8_t){ value }, 1));
}

void mk_sipa_u32(struct att_buf *out, uint32_t id, uint32_t value)
{
    att_buf_u32le(out, id);
    att_buf_u32le(out, 4);
    att_buf_u32le(out, value);
}

void mk_sipa_u64(struct att_buf *out, uint32_t id, uint64_t value)
{
    att_buf_u32le(out, id);
    att_buf_u32le(out, 8);
    att_buf_u64le(out, value);
}

void mk_sipa_text(struct att_buf *out, uint32_t id, const char *ascii)
{
    att_buf_u32le(out, id);
    att_buf_u32le(out, (uint32_t)(2 * (strlen(ascii) + 1)));
    for (const char *c = ascii; *c; c++)
        att_buf_u16le(out, (uint8_t)*c);
    att_buf_u16le(out, 0);
}
