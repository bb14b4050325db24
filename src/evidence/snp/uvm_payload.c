#include "base/err.h"
#include "codec/json.h"
#include "evidence/snp/uvm_parts.h"

#define MEMBER_SVN         "x-ms-sevsnpvm-guestsvn"
#define MEMBER_MEASUREMENT "x-ms-sevsnpvm-launchmeasurement"

enum { PAYLOAD_MEMBERS = 2, SVN_DIGITS_MAX = 20 };

/* A decimal number in a string, written in one way only. */
static bool read_svn(struct att_span text, uint64_t *ret)
{
    uint64_t svn = 0;

    if (text.len == 0 || text.len > SVN_DIGITS_MAX || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.ptr[i] - '0';
        if (digit > 9 || svn > (UINT64_MAX - digit) / 10)
            return false;
        svn = svn * 10 + digit;
    }
    *ret = svn;
    return true;
}

bool uvm_payload_read(const struct att_ctx *ctx, const struct cose_sign1 *cose, struct snp_uvm *ret,
                      struct att_err *err)
{
    struct att_json_options options = { .limits = &ctx->lib->limits };
    uint8_t measurement[SNP_UVM_MEASUREMENT_BYTES];
    struct att_shown shown;
    struct att_span text;
    struct att_json doc;
    uint64_t svn = 0;

    if (!att_span_is(cose->content_type, "application/json"))
        return att_fail(err, ATT_ENDORSEMENT_INVALID, "protected.content_type", "application/json", "%s",
                        cose->content_type.len > 0 ? att_shown(&shown, cose->content_type) : "none");
    if (!att_json_parse(ctx->arena, cose->payload, &options, &doc, err))
        return att_fail_as(err, ATT_ENDORSEMENT_INVALID, "payload");
    if (!att_json_want_string(&doc, ctx->arena, ATT_JSON_ROOT, "payload", MEMBER_SVN, &text, err) ||
        !att_json_want_hex(&doc, ctx->arena, ATT_JSON_ROOT, "payload", MEMBER_MEASUREMENT, measurement,
                           sizeof measurement, err))
        return false;
    /* A further member may narrow what the first two say. */
    if (doc.nodes[ATT_JSON_ROOT].count != PAYLOAD_MEMBERS)
        return att_fail(err, ATT_ENDORSEMENT_INVALID, "payload", "SVN and measurement and nothing else",
                        "%u members", doc.nodes[ATT_JSON_ROOT].count);
    if (!read_svn(text, &svn))
        return att_fail(err, ATT_ENDORSEMENT_INVALID, "payload." MEMBER_SVN,
                        "a decimal number of 64 bits in a string", "%s",
                        text.len > 0 ? att_shown(&shown, text) : "an empty one");
    ret->svn = svn;
    memcpy(ret->measurement, measurement, sizeof measurement);
    return true;
}
