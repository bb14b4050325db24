#include "base/err.h"
#include "evidence/snp/uvm_parts.h"

enum {
    TAG_EPOCH = 1, /* RFC 8949 3.4.2 */
    /* CWT claims, RFC 8392 4 */
    CWT_ISS = 1,
    CWT_SUB = 2,
    CWT_EXP = 4,
    CWT_NBF = 5,
    CWT_IAT = 6,
    /* hash envelopes */
    HASH_ALG = 258,
    HASH_PREIMAGE_TYPE = 259,
    HASH_LOCATION = 260,
};

struct headers {
    struct att_span issuer, feed; /* empty: not yet met */
    bool has_time;
    int64_t signed_unix_s;
};

static bool refuse(struct att_err *err, const char *where, const char *expected, const char *found)
{
    return att_fail(err, ATT_ENDORSEMENT_INVALID, where, expected, "%s", found);
}

static bool take_text(struct att_cbor *c, const char *where, struct att_span *known, struct att_err *err)
{
    struct att_span text;

    if (!att_cbor_take_text(c, where, &text, err))
        return false;
    if (text.len == 0)
        return refuse(err, where, "a text", "an empty one");
    if (known->len > 0 && !att_span_eq(*known, text))
        return refuse(err, where, "the same in header and claims", "another");
    *known = text;
    return true;
}

static bool take_time(struct att_cbor *c, const char *where, struct headers *h, struct att_err *err)
{
    int64_t unix_s = 0;

    if (!att_cbor_take_int(c, where, &unix_s, err))
        return false;
    if (h->has_time && h->signed_unix_s != unix_s)
        return refuse(err, where, "the same in header and claims", "another");
    h->has_time = true;
    h->signed_unix_s = unix_s;
    return true;
}

static bool read_iss(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    return take_text(c, "protected.iss", &h->issuer, err);
}

static bool read_feed(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    return take_text(c, "protected.feed", &h->feed, err);
}

static bool read_signing_time(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    uint64_t tag = 0;

    if (!att_cbor_take_tag(c, "protected.signingtime", &tag, err))
        return false;
    if (tag != TAG_EPOCH)
        return att_fail(err, ATT_ENDORSEMENT_INVALID, "protected.signingtime",
                        "seconds since 1970 under tag 1", "tag %llu", (unsigned long long)tag);
    return take_time(c, "protected.signingtime", h, err);
}

static bool read_cwt_iss(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    return take_text(c, "protected.cwt.iss", &h->issuer, err);
}

static bool read_cwt_sub(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    return take_text(c, "protected.cwt.sub", &h->feed, err);
}

static bool read_cwt_iat(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    return take_time(c, "protected.cwt.iat", h, err);
}

/* No endorsement that is known has them; who writes them means something that is not judged here. */
static bool read_cwt_limits(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    (void)c;
    (void)h;
    return refuse(err, "protected.cwt", "no limits of time", "exp or nbf");
}

static bool read_cwt(struct att_cbor *c, struct headers *h, struct att_err *err);

static bool read_hash_envelope(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    (void)c;
    (void)h;
    return refuse(err, "protected.payload_hash", "the statement itself as payload", "its hash");
}

struct row {
    const char *text; /* NULL: the number counts */
    int64_t number;
    bool (*read)(struct att_cbor *, struct headers *, struct att_err *);
};

static const struct row header_rows[] = {
    { "iss", 0, read_iss },
    { "feed", 0, read_feed },
    { "signingtime", 0, read_signing_time },
    { NULL, COSE_CWT_CLAIMS, read_cwt },
    { NULL, HASH_ALG, read_hash_envelope },
    { NULL, HASH_PREIMAGE_TYPE, read_hash_envelope },
    { NULL, HASH_LOCATION, read_hash_envelope },
    { 0 },
};

static const struct row cwt_rows[] = {
    { NULL, CWT_ISS, read_cwt_iss },    { NULL, CWT_SUB, read_cwt_sub },    { NULL, CWT_IAT, read_cwt_iat },
    { NULL, CWT_EXP, read_cwt_limits }, { NULL, CWT_NBF, read_cwt_limits }, { 0 },
};

static bool is_row(const struct row *row, const struct cose_label *label)
{
    if (label->text.len > 0)
        return row->text && att_span_is(label->text, row->text);
    return !row->text && row->number == label->number;
}

static bool read_map(struct att_cbor *c, const char *where, const struct row *rows, struct headers *h,
                     struct att_err *err)
{
    struct att_span keys[ATT_CBOR_KEYS_MAX];
    struct cose_label label;
    size_t pairs = 0;

    if (!att_cbor_keys(c, where, keys, &pairs, err) || !att_cbor_take_map(c, where, &pairs, err))
        return false;
    for (size_t i = 0; i < pairs; i++) {
        if (!cose_label_take(c, where, &label, err))
            return false;
        const struct row *row = rows;
        while (row->read && !is_row(row, &label))
            row++;
        if (row->read ? !row->read(c, h, err) : !att_cbor_skip(c, where, NULL, err))
            return false;
    }
    return true;
}

/* Its rows do not hold this function: it does not call itself. */
static bool read_cwt(struct att_cbor *c, struct headers *h, struct att_err *err)
{
    return read_map(c, "protected.cwt", cwt_rows, h, err);
}

bool uvm_headers_read(const struct cose_sign1 *cose, struct snp_uvm *ret, struct att_err *err)
{
    struct headers h = { 0 };
    struct att_cbor c;

    if (!att_cbor_open(cose->protected_header, NULL, "protected", &c, err) ||
        !read_map(&c, "protected", header_rows, &h, err) || !att_cbor_done(&c, "protected", err))
        return false;
    if (h.issuer.len == 0)
        return refuse(err, "protected.iss", "an issuer", "none");
    if (h.feed.len == 0)
        return refuse(err, "protected.feed", "a feed", "none");
    if (!h.has_time)
        return refuse(err, "protected.signingtime", "the time of signing", "none");
    ret->issuer = h.issuer;
    ret->feed = h.feed;
    ret->signed_unix_s = h.signed_unix_s;
    return true;
}
