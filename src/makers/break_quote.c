/* Breaks of the quote itself and of the Open Enclave header in front of it. */
#include "makers/plan.h"

static void flip(struct mk_plan *p, size_t at, uint8_t bits)
{
    p->flip = (struct mk_flip){ .used = true, .at = at, .bits = bits };
}

static void cut_to(struct mk_plan *p, size_t len)
{
    p->cut = (struct mk_cut){ .used = true, .len = len };
}

static void filler(struct mk_plan *p, uint16_t type, size_t bytes)
{
    p->quote.cert_type = type;
    p->quote.chain_form = MK_CHAIN_FILLER;
    p->quote.filler_bytes = bytes;
}

/* A trust domain's body of zeros with the same report data, under a header that says so. */
static void become_tdx(struct mk_plan *p)
{
    uint8_t data[64];

    memcpy(data, p->quote.body + 320, sizeof data);
    memset(p->quote.body, 0, sizeof p->quote.body);
    memcpy(p->quote.body + 520, data, sizeof data);
    p->quote.body_len = MK_TD_BODY_BYTES;
    p->quote.header.tee_type = MK_TEE_TDX;
}

static bool break_header(struct mk_plan *p)
{
    struct mk_quote_plan *q = &p->quote;

    switch (p->o.broken) {
    case MK_BREAK_QUOTE_VERSION_2:
        q->header.version = 2;
        return true;
    case MK_BREAK_QUOTE_VERSION_6:
        q->header.version = 6;
        return true;
    case MK_BREAK_KEY_TYPE_P384:
        q->header.key_type = 3;
        return true;
    case MK_BREAK_KEY_TYPE_0:
        q->header.key_type = 0;
        return true;
    case MK_BREAK_TEE_TYPE_IN_V3:
        q->header.tee_type = MK_TEE_TDX;
        return true;
    case MK_BREAK_TEE_TYPE_UNKNOWN:
        q->header.tee_type = 0x82;
        return true;
    case MK_BREAK_TDX_QUOTE:
        become_tdx(p);
        return true;
    case MK_BREAK_VENDOR_ID:
        q->header.vendor_id[15] ^= 1;
        return true;
    case MK_BREAK_BODY_TYPE_4:
        q->body_type = 4;
        return true;
    case MK_BREAK_BODY_SIZE_LESS:
        q->body_size = (struct mk_length){ MK_LENGTH_ADD, -1 };
        return true;
    case MK_BREAK_BODY_SIZE_MORE:
        q->body_size = (struct mk_length){ MK_LENGTH_ADD, 1 };
        return true;
    case MK_BREAK_TEE_BODY:
        q->header.tee_type = MK_TEE_TDX;
        return true;
    default:
        return false;
    }
}

static bool break_signatures(struct mk_plan *p)
{
    struct mk_quote_plan *q = &p->quote;
    size_t section = mk_quote_section_at(p), qe = mk_quote_qe_at(p);

    switch (p->o.broken) {
    case MK_BREAK_BODY_FLIP:
        flip(p, section - p->quote.body_len + mk_body_measurement_at(&p->o), 0x01);
        return true;
    case MK_BREAK_HEADER_USER_DATA:
        flip(p, 28, 0x01);
        return true;
    case MK_BREAK_QUOTE_SIGNATURE:
        flip(p, section + 4 + 40, 0x01);
        return true;
    case MK_BREAK_QUOTE_SIGNATURE_ZERO:
        q->zero_signature = true;
        return true;
    case MK_BREAK_QUOTE_OTHER_KEY:
        q->signer = p->hw->stranger;
        return true;
    case MK_BREAK_QE_REPORT_FLIP:
        flip(p, qe, 0x01);
        return true;
    case MK_BREAK_QE_REPORT_SIGNATURE:
        flip(p, qe + MK_BODY_BYTES + 40, 0x01);
        return true;
    case MK_BREAK_QE_REPORT_OTHER_KEY:
        q->qe_signer = p->hw->stranger;
        return true;
    default:
        return false;
    }
}

static bool break_quoting_enclave(struct mk_plan *p)
{
    struct mk_quote_plan *q = &p->quote;
    size_t qe = mk_quote_qe_at(p);

    switch (p->o.broken) {
    case MK_BREAK_QE_REPORT_DATA:
        q->qe_data_xor[0] = 0x01;
        return true;
    case MK_BREAK_QE_REPORT_DATA_TAIL:
        q->qe_data_xor[63] = 0x01;
        return true;
    case MK_BREAK_QE_AUTH_FLIP:
        if (q->auth_bytes ==
            0) /* nothing to flip: one byte the QE did not hash, told apart by its length only */
            return false;
        flip(p, qe + MK_BODY_BYTES + 64 + 2, 0x01);
        return true;
    case MK_BREAK_ATTESTATION_KEY_FLIP:
        flip(p, mk_quote_section_at(p) + 4 + 64, 0x01);
        return true;
    case MK_BREAK_ATTESTATION_KEY_ZERO:
        memset(q->key_point, 0, sizeof q->key_point);
        return true;
    case MK_BREAK_ATTESTATION_KEY_OFF_CURVE:
        q->key_point[63] ^= 1; /* x stays, and only y and p - y belong to it; they differ in parity */
        return true;
    case MK_BREAK_QE_MRSIGNER:
        q->qe_report[128] ^= 0x01;
        return true;
    case MK_BREAK_QE_PRODUCT:
        q->qe_report[256] ^= 0x02;
        return true;
    case MK_BREAK_QE_MISCSELECT:
        q->qe_report[16] ^= 0x01;
        return true;
    case MK_BREAK_QE_ATTRIBUTES:
        q->qe_report[48] ^= 0x02;
        return true;
    default:
        return false;
    }
}

static bool break_certification_data(struct mk_plan *p)
{
    switch (p->o.broken) {
    case MK_BREAK_CERT_TYPE_0:
        p->quote.cert_type = 0;
        return true;
    case MK_BREAK_CERT_TYPE_6:
        p->quote.cert_type = 6;
        return true;
    case MK_BREAK_CERT_TYPE_8:
        p->quote.cert_type = 8;
        return true;
    case MK_BREAK_CERT_TYPE_1:
        filler(p, 1, 16 + 16 + 2);
        return true;
    case MK_BREAK_CERT_TYPE_2:
        filler(p, 2, 256 + 16 + 2);
        return true;
    case MK_BREAK_CERT_TYPE_3:
        filler(p, 3, 384 + 16 + 2 + 2);
        return true;
    case MK_BREAK_CERT_TYPE_4:
        p->quote.cert_type = 4;
        p->quote.chain_form = MK_CHAIN_LEAF_ONLY;
        return true;
    case MK_BREAK_OUTER_TYPE_5:
        p->quote.outer_type = 5;
        return true;
    default:
        return false;
    }
}

bool mk_break_quote(struct mk_plan *p)
{
    if (p->o.broken == MK_BREAK_RUNTIME_DATA)
        return p->runtime_data_longer = true;
    if (p->o.broken == MK_BREAK_INIT_TIME_DATA)
        return p->init_time_data_longer = true;
    return break_header(p) || break_signatures(p) || break_quoting_enclave(p) || break_certification_data(p);
}

static bool break_cuts(struct mk_plan *p)
{
    size_t section = mk_quote_section_at(p);

    switch (p->o.broken) {
    case MK_BREAK_CUT_ALL:
        cut_to(p, 0);
        return true;
    case MK_BREAK_CUT_HEADER:
        cut_to(p, MK_HEADER_BYTES - 1);
        return true;
    case MK_BREAK_CUT_BODY:
        cut_to(p, section - 1);
        return true;
    case MK_BREAK_CUT_SIGNATURE_LENGTH:
        cut_to(p, section + 3);
        return true;
    case MK_BREAK_CUT_SIGNATURE:
        cut_to(p, section + 4 + 63);
        return true;
    case MK_BREAK_CUT_LAST:
        p->quote.trailing_zeros = 0; /* the last byte that counts */
        p->cut = (struct mk_cut){ .used = true, .len = 1, .from_end = true };
        return true;
    default:
        return false;
    }
}

bool mk_break_lengths(struct mk_plan *p)
{
    static const struct mk_length less = { MK_LENGTH_ADD, -1 }, more = { MK_LENGTH_ADD, 1 };
    static const struct mk_length zero = { MK_LENGTH_SET, 0 }, huge = { MK_LENGTH_SET, 0xffffffff };
    struct mk_quote_plan *q = &p->quote;

    switch (p->o.broken) {
    case MK_BREAK_SIGNATURE_LENGTH_0:
        q->sig_length = zero;
        return true;
    case MK_BREAK_SIGNATURE_LENGTH_LESS:
        q->sig_length = less;
        return true;
    case MK_BREAK_SIGNATURE_LENGTH_MORE:
        q->sig_length = more;
        return true;
    case MK_BREAK_SIGNATURE_LENGTH_HUGE:
        q->sig_length = huge;
        return true;
    case MK_BREAK_OUTER_LENGTH_LESS:
        q->outer_length = less;
        return true;
    case MK_BREAK_OUTER_LENGTH_MORE:
        q->outer_length = more;
        return true;
    case MK_BREAK_OUTER_LENGTH_HUGE:
        q->outer_length = huge;
        return true;
    case MK_BREAK_AUTH_LENGTH_LESS:
        q->auth_length = less;
        return true;
    case MK_BREAK_AUTH_LENGTH_MORE:
        q->auth_length = more;
        return true;
    case MK_BREAK_AUTH_LENGTH_HUGE:
        q->auth_length = (struct mk_length){ MK_LENGTH_SET, 0xffff };
        return true;
    case MK_BREAK_CERT_LENGTH_LESS:
        q->cert_length = less;
        return true;
    case MK_BREAK_CERT_LENGTH_MORE:
        q->cert_length = more;
        return true;
    case MK_BREAK_CERT_LENGTH_HUGE:
        q->cert_length = huge;
        return true;
    default:
        return break_cuts(p);
    }
}

bool mk_break_oe(struct mk_plan *p)
{
    struct mk_oe_plan *oe = &p->oe;

    switch (p->o.broken) {
    case MK_BREAK_OE_VERSION_2:
        oe->version = 2;
        return true;
    case MK_BREAK_OE_VERSION_3:
        oe->version = 3;
        return true;
    case MK_BREAK_OE_LOCAL:
        oe->type = 1;
        return true;
    case MK_BREAK_OE_SIZE_LESS:
        oe->size = (struct mk_length){ MK_LENGTH_ADD, -1 };
        return true;
    case MK_BREAK_OE_SIZE_MORE:
        oe->size = (struct mk_length){ MK_LENGTH_ADD, 1 };
        return true;
    case MK_BREAK_OE_SIZE_0:
        oe->size = (struct mk_length){ MK_LENGTH_SET, 0 };
        return true;
    case MK_BREAK_OE_SIZE_WRAP:
        oe->size = (struct mk_length){ MK_LENGTH_SET, -16 };
        return true;
    case MK_BREAK_OE_HEADER_ONLY:
        oe->cut = (struct mk_cut){ .used = true, .len = 16 };
        return true;
    case MK_BREAK_OE_HEADER_CUT:
        oe->cut = (struct mk_cut){ .used = true, .len = 15 };
        return true;
    case MK_BREAK_OE_TRAILING:
        oe->trailing = true;
        return true;
    default:
        return false;
    }
}
