/* Endorsements, from their parts outward. What a row of uvm_breaks.def spoils stands where that part is written: a fault and
 * what it is a fault of are read together. */
#include "makers/uvm.h"

#include "base/err.h"
#include "base/hex.h"
#include "makers/cbor.h"
#include "makers/uvm_parts.h"

#include <inttypes.h>

const struct mk_uvm_break_row mk_uvm_breaks[MK_UVM_BREAK_COUNT] = {
#define X(symbol, name, where, text) [MK_UVM_##symbol] = { name, where, text },
#include "makers/uvm_breaks.def"
#undef X
};

enum {
    CHAIN_MOST = 6,
    MEASUREMENT_BYTES = 48,
    /* labels and algorithms: IANA, COSE */
    ALG = 1,
    CRIT = 2,
    CONTENT_TYPE = 3,
    CWT = 15,
    X5CHAIN = 33,
    X5T = 34,
    HASH_ALG = 258,
    RS256 = -257,
    HASH_SHA1 = -14,
    HASH_SHA256 = -16,
    TAG_SIGN1 = 18,
    TAG_SIGN = 98,
};

struct made {
    const struct mk_uvm_signer *s;
    const struct mk_uvm_options *o;
    enum mk_uvm_break broken;
    X509 *certs[MK_UVM_CERTS];
    struct att_buf chain[CHAIN_MOST]; /* DER, in the order of x5chain */
    size_t chain_count;
    struct att_buf issuer;
    struct att_buf protected_header, unprotected, payload, signature;
};

static void made_free(struct made *m)
{
    for (size_t i = 0; i < MK_UVM_CERTS; i++)
        X509_free(m->certs[i]);
    for (size_t i = 0; i < CHAIN_MOST; i++)
        att_buf_free(&m->chain[i]);
    att_buf_free(&m->issuer);
    att_buf_free(&m->protected_header);
    att_buf_free(&m->unprotected);
    att_buf_free(&m->payload);
    att_buf_free(&m->signature);
}

/* -- certificates --------------------------------------------------------------------------------------------- */

static void break_cert(const struct made *m, unsigned which, struct mk_uvm_cert *c)
{
    int64_t t = m->o->signed_unix_s;

    if (which == MK_UVM_LEAF && m->broken == MK_UVM_LEAF_SIGNATURE)
        c->signer = m->s->stranger;
    if (which == MK_UVM_LEAF && m->broken == MK_UVM_LEAF_USAGE)
        c->usage = "critical,keyAgreement";
    if (which == MK_UVM_LEAF && m->broken == MK_UVM_EKU_ABSENT)
        c->purpose = NULL;
    if (which == MK_UVM_LEAF && m->broken == MK_UVM_EKU_ANY)
        c->purpose = "anyExtendedKeyUsage";
    if (which == MK_UVM_LEAF && m->broken == MK_UVM_LEAF_CRITICAL)
        c->unknown_critical = true;
    if (which == MK_UVM_LEAF && m->broken == MK_UVM_LEAF_NOT_YET)
        c->not_before = t + 1;
    if (which == MK_UVM_CA && m->broken == MK_UVM_CA_NOT_CA)
        c->constraints = "critical,CA:FALSE";
    if (which == MK_UVM_CA && m->broken == MK_UVM_CA_USAGE)
        c->usage = "critical,digitalSignature,cRLSign";
    if (which == MK_UVM_ROOT && m->broken == MK_UVM_ROOT_PATH)
        c->constraints = "critical,CA:TRUE,pathlen:0";
    if (which == MK_UVM_ROOT && m->broken == MK_UVM_ROOT_OTHER)
        c->key = c->signer = m->s->stranger;
    if ((which == MK_UVM_LEAF && m->broken == MK_UVM_LEAF_EXPIRED) ||
        (which == MK_UVM_CA && m->broken == MK_UVM_CA_EXPIRED) ||
        (which == MK_UVM_ROOT && m->broken == MK_UVM_ROOT_EXPIRED))
        c->not_after = t - 1;
}

static bool make_certs(struct made *m, struct att_err *err)
{
    bool own_root =
        m->broken == MK_UVM_ROOT_PATH || m->broken == MK_UVM_ROOT_OTHER || m->broken == MK_UVM_ROOT_EXPIRED;

    for (unsigned i = 0; i < MK_UVM_CERTS; i++) {
        if (i == MK_UVM_ROOT && !own_root) {
            if (X509_up_ref(m->s->root) != 1)
                return att_fail(err, ATT_CRYPTO_FAILED, "makers.uvm.cert", "success",
                                "a failure inside OpenSSL");
            m->certs[i] = m->s->root;
            continue;
        }
        struct mk_uvm_cert c = mk_uvm_cert_of(m->s, i, m->o->signed_unix_s);
        break_cert(m, i, &c);
        if (!mk_uvm_cert_make(&c, &m->certs[i], err))
            return false;
    }
    return true;
}

static bool make_chain(struct made *m, struct att_err *err)
{
    static const uint8_t usual[CHAIN_MOST] = { MK_UVM_LEAF, MK_UVM_CA,   MK_UVM_ROOT,
                                               MK_UVM_ROOT, MK_UVM_ROOT, MK_UVM_ROOT };
    uint8_t order[CHAIN_MOST];

    memcpy(order, usual, sizeof order);
    m->chain_count = m->broken == MK_UVM_CHAIN_ONE   ? 1
                     : m->broken == MK_UVM_CHAIN_GAP ? 2
                     : m->broken == MK_UVM_CHAIN_SIX ? CHAIN_MOST
                                                     : MK_UVM_CERTS;
    if (m->broken == MK_UVM_CHAIN_GAP)
        order[1] = MK_UVM_ROOT;
    if (m->broken == MK_UVM_CHAIN_SWAPPED)
        order[1] = MK_UVM_ROOT, order[2] = MK_UVM_CA;
    if (m->broken == MK_UVM_CHAIN_REVERSED)
        order[0] = MK_UVM_ROOT, order[2] = MK_UVM_LEAF;
    for (size_t i = 0; i < m->chain_count; i++)
        if (!mk_cert_der(m->certs[order[i]], &m->chain[i], err))
            return false;
    if (m->broken == MK_UVM_CHAIN_TRAILING)
        att_buf_fill(&m->chain[0], 0, 1);
    return !m->chain[0].failed || att_fail_memory(err, "makers.uvm.cert");
}

/* -- whose ---------------------------------------------------------------------------------------------------- */

static void replace(struct att_buf *text, size_t at, const char *with)
{
    if (!text->failed)
        memcpy(text->ptr + at, with, strlen(with));
}

static bool make_issuer(struct made *m, struct att_err *err)
{
    enum { VERSION_AT = 9, HASH_AT = 14 };
    struct att_buf *to = &m->issuer;

    if (!mk_uvm_did_start(m->certs[m->broken == MK_UVM_ISS_LEAF ? MK_UVM_LEAF : MK_UVM_ROOT], to, err))
        return false;
    switch (m->broken) {
    case MK_UVM_ISS_OTHER_CA:
        to->ptr[to->len - 2] = to->ptr[to->len - 2] == 'A' ? 'B' : 'A';
        break;
    case MK_UVM_ISS_BITS: /* A, E, I, ... end 256 bits; the next letter is one of the lost bits more */
        to->ptr[to->len - 1]++;
        break;
    case MK_UVM_ISS_PADDED:
        att_buf_puts(to, "=");
        break;
    case MK_UVM_ISS_VERSION:
        replace(to, VERSION_AT, "1");
        break;
    case MK_UVM_ISS_SHA384:
        replace(to, HASH_AT, "384");
        break;
    case MK_UVM_ISS_WEB:
        replace(to, 4, "web0");
        break;
    default:
        break;
    }
    if (m->broken == MK_UVM_ISS_SUBJECT)
        att_buf_puts(to, "::subject:CN:TEST%20UVM%20signer");
    else if (m->broken == MK_UVM_ISS_USAGE)
        att_buf_puts(to, "::eku:" MK_UVM_USAGE ".1");
    else if (m->broken != MK_UVM_ISS_NO_USAGE)
        att_buf_puts(to, "::eku:" MK_UVM_USAGE);
    if (m->broken == MK_UVM_ISS_TWO)
        att_buf_puts(to, "::eku:1.3.6.1.4.1.311.76.59.1.1");
    att_buf_fill(to, 0, 1); /* a C string */
    return !to->failed || att_fail_memory(err, "makers.uvm.issuer");
}

/* -- headers -------------------------------------------------------------------------------------------------- */

struct map {
    struct att_buf pairs;
    unsigned count;
};

static void map_free(struct map *map)
{
    att_buf_free(&map->pairs);
}

static struct att_buf *label(struct map *map, int64_t number)
{
    map->count++;
    mk_cbor_int(&map->pairs, number);
    return &map->pairs;
}

static struct att_buf *label_text(struct map *map, const char *text)
{
    map->count++;
    mk_cbor_text(&map->pairs, text);
    return &map->pairs;
}

static void map_put(struct att_buf *out, const struct map *map)
{
    mk_cbor_head(out, MK_CBOR_MAP, map->count);
    att_buf_put(out, att_buf_span(&map->pairs));
    out->failed |= map->pairs.failed;
}

static void put_chain(const struct made *m, struct map *map)
{
    struct att_buf *out = label(map, X5CHAIN);

    if (m->chain_count > 1)
        mk_cbor_head(out, MK_CBOR_ARRAY, m->chain_count);
    for (size_t i = 0; i < m->chain_count; i++)
        mk_cbor_bytes(out, att_buf_span(&m->chain[i]));
}

static bool put_x5t(const struct made *m, struct map *map, struct att_err *err)
{
    const struct att_buf *of = &m->chain[m->broken == MK_UVM_X5T_OTHER ? 1 : 0];
    uint8_t digest[32];

    if (m->o->no_x5t)
        return true;
    if (!mk_sha256(att_buf_span(of), digest, err))
        return false;
    struct att_buf *out = label(map, X5T);
    mk_cbor_head(out, MK_CBOR_ARRAY, 2);
    mk_cbor_int(out, m->broken == MK_UVM_X5T_SHA1 ? HASH_SHA1 : HASH_SHA256);
    mk_cbor_bytes(out, att_span_of(digest, sizeof digest - (m->broken == MK_UVM_X5T_SHORT ? 1 : 0)));
    return true;
}

static int64_t alg_id(const struct made *m)
{
    if (m->broken == MK_UVM_ALG_UNKNOWN)
        return RS256;
    if (m->broken == MK_UVM_ALG_OF_OTHER_KEY)
        return m->s->alg->curve ? -38 : -35;
    return m->s->alg->id;
}

static void put_standard(const struct made *m, struct map *map)
{
    if (m->broken == MK_UVM_ALG_TEXT)
        mk_cbor_text(label(map, ALG), "none");
    else if (m->broken != MK_UVM_ALG_ABSENT && m->broken != MK_UVM_ALG_UNPROTECTED)
        mk_cbor_int(label(map, ALG), alg_id(m));
    if (m->broken == MK_UVM_CRIT) {
        struct att_buf *out = label(map, CRIT);
        mk_cbor_head(out, MK_CBOR_ARRAY, 1);
        mk_cbor_int(out, ALG);
    }
    if (m->broken == MK_UVM_TYPE_NUMBER)
        mk_cbor_int(label(map, CONTENT_TYPE), 50);
    else if (m->broken != MK_UVM_TYPE_ABSENT)
        mk_cbor_text(label(map, CONTENT_TYPE),
                     m->broken == MK_UVM_TYPE_OTHER ? "text/plain" : "application/json");
    if (m->broken == MK_UVM_HASH_ENVELOPE)
        mk_cbor_int(label(map, HASH_ALG), HASH_SHA256);
    if (m->broken == MK_UVM_LABEL_BYTES) {
        map->count++;
        mk_cbor_bytes(&map->pairs, att_str("x"));
        mk_cbor_int(&map->pairs, 0);
    }
}

static void put_time(const struct made *m, struct map *map)
{
    struct att_buf *out;

    if (m->broken == MK_UVM_TIME_ABSENT)
        return;
    out = label_text(map, "signingtime");
    if (m->broken == MK_UVM_TIME_TEXT) {
        mk_cbor_head(out, MK_CBOR_TAG, 0);
        mk_cbor_text(out, "2024-01-01T00:00:00Z");
        return;
    }
    if (m->broken != MK_UVM_TIME_UNTAGGED)
        mk_cbor_head(out, MK_CBOR_TAG, 1);
    if (m->broken == MK_UVM_TIME_NULL)
        att_buf_fill(out, 0xf6, 1);
    else
        mk_cbor_int(out, m->o->signed_unix_s);
}

static const char *feed_of(const struct made *m)
{
    return m->broken == MK_UVM_FEED_EMPTY ? "" : m->o->feed ? m->o->feed : MK_UVM_FEED;
}

static void put_profile(const struct made *m, struct map *map)
{
    if (m->broken != MK_UVM_ISS_ABSENT)
        mk_cbor_text(label_text(map, "iss"),
                     m->broken == MK_UVM_ISS_EMPTY ? "" : (const char *)m->issuer.ptr);
    if (m->broken == MK_UVM_FEED_BYTES)
        mk_cbor_bytes(label_text(map, "feed"), att_str(feed_of(m)));
    else if (m->broken != MK_UVM_FEED_ABSENT)
        mk_cbor_text(label_text(map, "feed"), feed_of(m));
    if (m->broken == MK_UVM_LABEL_TWICE)
        mk_cbor_text(label_text(map, "feed"), feed_of(m));
    put_time(m, map);
}

/* RFC 8392 4: iss, sub, iat; 4 is exp. */
static void put_cwt(const struct made *m, struct map *map)
{
    ATT_AUTO(map_free) struct map claims = { 0 };

    mk_cbor_text(label(&claims, 1),
                 m->broken == MK_UVM_CWT_ISS ? "did:web:other" : (const char *)m->issuer.ptr);
    mk_cbor_text(label(&claims, 2), feed_of(m));
    if (m->broken == MK_UVM_CWT_TWICE)
        mk_cbor_text(label(&claims, 2), feed_of(m));
    if (m->broken == MK_UVM_CWT_EXP)
        mk_cbor_int(label(&claims, 4), m->o->signed_unix_s + 1);
    mk_cbor_int(label(&claims, 6), m->o->signed_unix_s + (m->broken == MK_UVM_CWT_IAT ? 1 : 0));
    map_put(label(map, CWT), &claims);
}

static bool make_protected(struct made *m, struct att_err *err)
{
    ATT_AUTO(map_free) struct map map = { 0 };
    bool cwt_broken = m->broken >= MK_UVM_CWT_ISS && m->broken <= MK_UVM_CWT_TWICE;
    enum mk_uvm_form form = cwt_broken ? MK_UVM_BOTH : m->o->form;

    put_standard(m, &map);
    if (m->broken != MK_UVM_CHAIN_ABSENT && m->broken != MK_UVM_CHAIN_UNPROTECTED)
        put_chain(m, &map);
    if (!put_x5t(m, &map, err))
        return false;
    if (form != MK_UVM_CWT)
        put_profile(m, &map);
    if (form == MK_UVM_CWT || form == MK_UVM_BOTH)
        put_cwt(m, &map);
    map_put(&m->protected_header, &map);
    if (m->broken == MK_UVM_PROTECTED_TRAILING)
        att_buf_fill(&m->protected_header, 0, 1);
    return !m->protected_header.failed || att_fail_memory(err, "makers.uvm.protected");
}

static void make_unprotected(struct made *m)
{
    ATT_AUTO(map_free) struct map map = { 0 };

    mk_cbor_bytes(label_text(&map, "timestamp"), att_str("TEST, of no meaning"));
    if (m->broken == MK_UVM_UNPROTECTED_TWICE)
        mk_cbor_int(label_text(&map, "timestamp"), 0);
    if (m->broken == MK_UVM_ALG_UNPROTECTED || m->broken == MK_UVM_ALG_BOTH)
        mk_cbor_int(label(&map, ALG), alg_id(m));
    if (m->broken == MK_UVM_CRIT_UNPROTECTED)
        mk_cbor_int(label(&map, CRIT), 0);
    if (m->broken == MK_UVM_CHAIN_UNPROTECTED)
        put_chain(m, &map);
    if (m->broken == MK_UVM_LABEL_BOTH)
        mk_cbor_text(label_text(&map, "feed"), feed_of(m));
    map_put(&m->unprotected, &map);
}

/* -- payload -------------------------------------------------------------------------------------------------- */

static void put_svn(const struct made *m, struct att_buf *out)
{
    att_buf_puts(out, "\n  \"x-ms-sevsnpvm-guestsvn\": ");
    if (m->broken == MK_UVM_SVN_EMPTY)
        att_buf_puts(out, "\"\"");
    else if (m->broken == MK_UVM_SVN_LARGE)
        att_buf_puts(out, "\"18446744073709551616\"");
    else if (m->broken == MK_UVM_SVN_NUMBER)
        att_buf_printf(out, "%" PRIu64, m->o->svn);
    else
        att_buf_printf(out, "\"%s%" PRIu64 "\"",
                       m->broken == MK_UVM_SVN_SIGN   ? "+"
                       : m->broken == MK_UVM_SVN_ZERO ? "0"
                                                      : "",
                       m->o->svn);
}

static void put_measurement(const struct made *m, struct att_buf *out)
{
    static const uint8_t zeros[MEASUREMENT_BYTES];
    const uint8_t *bytes = m->o->measurement ? m->o->measurement : zeros;

    att_buf_puts(out, "\n  \"x-ms-sevsnpvm-launchmeasurement\": \"");
    att_hex_put(out, att_span_of(bytes, MEASUREMENT_BYTES - 1));
    if (m->broken == MK_UVM_MEASUREMENT_HEX)
        att_buf_puts(out, "0g");
    else if (m->broken != MK_UVM_MEASUREMENT_SHORT)
        att_hex_put(out, att_span_of(bytes + MEASUREMENT_BYTES - 1, 1));
    att_buf_puts(out, "\"");
}

static void make_payload(struct made *m)
{
    struct att_buf *out = &m->payload;

    if (m->broken == MK_UVM_JSON_NONE) {
        att_buf_puts(out, "x-ms-sevsnpvm-guestsvn=22");
        return;
    }
    att_buf_puts(out, m->broken == MK_UVM_JSON_ARRAY ? "[{" : "{");
    if (m->broken != MK_UVM_SVN_ABSENT)
        put_svn(m, out);
    if (m->broken != MK_UVM_SVN_ABSENT && m->broken != MK_UVM_MEASUREMENT_ABSENT)
        att_buf_puts(out, ",");
    if (m->broken != MK_UVM_MEASUREMENT_ABSENT)
        put_measurement(m, out);
    if (m->broken == MK_UVM_JSON_TWICE) {
        att_buf_puts(out, ",");
        put_measurement(m, out);
    }
    if (m->broken == MK_UVM_JSON_MORE)
        att_buf_puts(out, ",\n  \"x-ms-sevsnpvm-revoked\": true");
    att_buf_puts(out, m->broken == MK_UVM_JSON_ARRAY ? "\n}]" : "\n}");
    if (m->broken == MK_UVM_JSON_TRAILING)
        att_buf_puts(out, " {}");
}

/* -- signature and envelope ----------------------------------------------------------------------------------- */

static bool make_signature(struct made *m, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf message = { 0 };

    mk_cbor_head(&message, MK_CBOR_ARRAY, 4);
    mk_cbor_text(&message, m->broken == MK_UVM_SIGNATURE_CONTEXT ? "Signature" : "Signature1");
    mk_cbor_bytes(&message, att_buf_span(&m->protected_header));
    mk_cbor_bytes(&message, att_str(""));
    mk_cbor_bytes(&message, att_buf_span(&m->payload));
    if (message.failed)
        return att_fail_memory(err, "makers.uvm.signature");
    EVP_PKEY *key = m->broken == MK_UVM_SIGNATURE_OTHER_KEY ? m->s->stranger : m->s->keys[MK_UVM_LEAF];
    if (!mk_uvm_sign(m->s->alg, key, att_buf_span(&message), &m->signature, err))
        return false;
    if (m->broken == MK_UVM_SIGNATURE_FLIP)
        m->signature.ptr[m->signature.len / 2] ^= 1;
    if (m->broken == MK_UVM_SIGNATURE_ZERO)
        memset(m->signature.ptr, 0, m->signature.len);
    if (m->broken == MK_UVM_SIGNATURE_EMPTY)
        att_buf_clear(&m->signature);
    return true;
}

/* After signing: the first letter of the feed, or the first digit of the measurement. */
static void edit(struct made *m)
{
    struct att_buf *b = m->broken == MK_UVM_PAYLOAD_EDIT ? &m->payload : &m->protected_header;
    const char *after = m->broken == MK_UVM_PAYLOAD_EDIT ? "measurement\": \"" : "dfeed";
    size_t n = strlen(after);

    for (size_t i = 0; i + n + 1 < b->len; i++)
        if (memcmp(b->ptr + i, after, n) == 0) {
            uint8_t *digit = b->ptr + i + n + (m->broken == MK_UVM_PAYLOAD_EDIT ? 0 : 1);
            *digit = *digit == '7' ? '8' : '7';
            return;
        }
}

static void envelope(const struct made *m, struct att_buf *out)
{
    if (m->o->form != MK_UVM_UNTAGGED)
        mk_cbor_head(out, MK_CBOR_TAG, m->broken == MK_UVM_TAG_OTHER ? TAG_SIGN : TAG_SIGN1);
    if (m->broken == MK_UVM_INDEFINITE)
        att_buf_fill(out, 0x9f, 1);
    else
        mk_cbor_head(out, MK_CBOR_ARRAY,
                     m->broken == MK_UVM_ITEMS_3   ? 3
                     : m->broken == MK_UVM_ITEMS_5 ? 5
                                                   : 4);
    if (m->broken == MK_UVM_PROTECTED_MAP)
        att_buf_put(out, att_buf_span(&m->protected_header));
    else
        mk_cbor_bytes(out, att_buf_span(&m->protected_header));
    att_buf_put(out, att_buf_span(&m->unprotected));
    if (m->broken == MK_UVM_PAYLOAD_DETACHED)
        att_buf_fill(out, 0xf6, 1);
    else
        mk_cbor_bytes(out, att_buf_span(&m->payload));
    if (m->broken == MK_UVM_ITEMS_3)
        return;
    if (m->broken == MK_UVM_LONG_HEAD) { /* four bytes of length, where one or two do */
        static const uint8_t head[] = { 0x5a, 0, 0 };
        att_buf_put(out, att_span_of(head, sizeof head));
        att_buf_fill(out, (uint8_t)(m->signature.len >> 8), 1);
        att_buf_fill(out, (uint8_t)m->signature.len, 1);
        att_buf_put(out, att_buf_span(&m->signature));
    } else {
        mk_cbor_bytes(out, att_buf_span(&m->signature));
    }
    if (m->broken == MK_UVM_ITEMS_5)
        mk_cbor_int(out, 0);
    if (m->broken == MK_UVM_INDEFINITE)
        att_buf_fill(out, 0xff, 1);
    if (m->broken == MK_UVM_TRAILING)
        att_buf_fill(out, 0, 1);
    if (m->broken == MK_UVM_CUT && out->len > 0)
        out->len--;
}

bool mk_uvm_make(const struct mk_uvm_signer *s, const struct mk_uvm_options *o, struct att_buf *out,
                 struct att_err *err)
{
    ATT_AUTO(made_free) struct made m = { .s = s, .o = o, .broken = o->broken };

    if (!make_certs(&m, err) || !make_chain(&m, err) || !make_issuer(&m, err) || !make_protected(&m, err))
        return false;
    make_unprotected(&m);
    make_payload(&m);
    if (m.unprotected.failed || m.payload.failed)
        return att_fail_memory(err, "makers.uvm");
    if (!make_signature(&m, err))
        return false;
    if (m.broken == MK_UVM_PAYLOAD_EDIT || m.broken == MK_UVM_PROTECTED_EDIT)
        edit(&m);
    envelope(&m, out);
    return !out->failed || att_fail_memory(err, "makers.uvm");
}
