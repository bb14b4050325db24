#include "collateral/dcap_qe_identity.h"

#include "base/err.h"

#define WHERE "collateral.qe_identity"

struct reading {
    const struct att_json *j;
    struct att_arena *scratch;
    struct att_arena *keep;
    struct att_err *err;
};

static const char *const id_names[] = {
    [DCAP_QE] = "QE", [DCAP_TD_QE] = "TD_QE", [DCAP_QVE] = "QVE", [DCAP_QE_OTHER] = "other"
};

const char *dcap_qe_id_name(enum dcap_qe_id id)
{
    return id_names[id];
}

static enum dcap_qe_id id_of(struct att_span name)
{
    for (unsigned i = DCAP_QE; i < DCAP_QE_OTHER; i++)
        if (att_span_is(name, id_names[i]))
            return (enum dcap_qe_id)i;
    return DCAP_QE_OTHER;
}

/* The text is the number's, most significant digit first (Intel's verifier swaps it before comparing with the
 * little-endian field). Production value is 0. */
static bool hex32_read(const struct reading *r, att_json_id body, const char *name, uint32_t *ret)
{
    uint8_t b[4];

    if (!att_json_want_hex(r->j, r->scratch, body, "", name, b, sizeof b, r->err))
        return false;
    *ret = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return true;
}

static bool content_read(const struct reading *r, att_json_id body, struct dcap_qe_identity *q)
{
    struct att_span id;
    uint32_t version, prodid;

    if (!att_json_want_u32(r->j, body, "", "version", UINT32_MAX, &version, r->err))
        return false;
    if (version != 2)
        return att_fail(r->err, ATT_JSON_RANGE, "version", "2", "%u", version);
    if (!att_json_want_string(r->j, r->scratch, body, "", "id", &id, r->err) ||
        !dcap_window(r->j, r->scratch, body, "", &q->issued_unix_s, &q->next_unix_s, r->err) ||
        !att_json_want_u32(r->j, body, "", "tcbEvaluationDataNumber", UINT32_MAX, &q->evaluation_number,
                           r->err) ||
        !hex32_read(r, body, "miscselect", &q->miscselect) ||
        !hex32_read(r, body, "miscselectMask", &q->miscselect_mask) ||
        !att_json_want_hex(r->j, r->scratch, body, "", "attributes", q->attributes, 16, r->err) ||
        !att_json_want_hex(r->j, r->scratch, body, "", "attributesMask", q->attributes_mask, 16, r->err) ||
        !att_json_want_hex(r->j, r->scratch, body, "", "mrsigner", q->mrsigner, 32, r->err) ||
        !att_json_want_u32(r->j, body, "", "isvprodid", UINT16_MAX, &prodid, r->err))
        return false;
    q->id = id_of(id);
    q->isvprodid = (uint16_t)prodid;
    return dcap_svn_levels_read(r->j, body, "", r->scratch, r->keep, &q->levels, &q->level_count, r->err);
}

bool dcap_qe_identity_read(const struct att_json *j, att_json_id body, struct att_arena *scratch,
                           struct att_arena *keep, struct dcap_qe_identity *ret, struct att_err *err)
{
    struct dcap_qe_identity q = { 0 };
    struct att_err inner = { 0 };
    const struct reading r = { j, scratch, keep, &inner };

    if (!content_read(&r, body, &q)) {
        (void)att_fail_as(&inner, ATT_QE_IDENTITY_MALFORMED, WHERE);
        if (err && err->code == ATT_OK)
            *err = inner;
        return false;
    }
    *ret = q;
    return true;
}
