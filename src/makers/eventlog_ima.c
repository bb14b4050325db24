/* Linux IMA: the binary list, as /sys/kernel/security/ima/binary_runtime_measurements has it. */
#include "base/err.h"
#include "makers/eventlog.h"

enum { PCR_IMA = 10 };

void mk_ima_field(struct att_buf *fields, struct att_span value)
{
    att_buf_u32le(fields, (uint32_t)value.len);
    att_buf_put(fields, value);
}

bool mk_ima_digest_field(struct att_buf *fields, struct att_span content, struct att_err *err)
{
    uint8_t field[8 + MK_DIGEST_MAX] = "sha256:"; /* and its NUL */

    if (!mk_hash(MK_SHA256, content, field + 8, err))
        return false;
    mk_ima_field(fields, att_span_of(field, 8 + 32));
    return !fields->failed || att_fail_memory(err, "makers.ima");
}

static bool extend_ones(struct mk_tpm *tpm, struct att_err *err)
{
    uint8_t ones[MK_DIGEST_MAX];

    memset(ones, 0xff, sizeof ones);
    for (enum mk_hash h = 0; h < MK_HASH_COUNT; h++)
        if (!mk_tpm_extend(tpm, h, PCR_IMA, ones, err))
            return false;
    return true;
}

bool mk_ima_record(struct att_buf *list, struct mk_tpm *tpm, const char *template_name,
                   struct att_span fields, bool violation, struct att_err *err)
{
    uint8_t digest[MK_DIGEST_MAX];

    if (!mk_hash(MK_SHA1, fields, digest, err) ||
        !(violation ? extend_ones(tpm, err) : mk_tpm_extend_data(tpm, PCR_IMA, fields, err)))
        return false;
    if (violation)
        memset(digest, 0, sizeof digest);
    att_buf_u32le(list, PCR_IMA);
    att_buf_put(list, att_span_of(digest, 20));
    mk_ima_field(list, att_str(template_name));
    mk_ima_field(list, fields);
    return !list->failed || att_fail_memory(err, "makers.ima");
}
