#include "support/vendor.h"

#include "base/hex.h"
#include "makers/snp.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAY_S = 24 * 3600, HUGE_BYTES = 1 << 20, PATH_SIZE = 512, CERTS_MAX = 3 };

struct vendor_made {
    struct vendor_made *next;
    char path[PATH_SIZE];
    enum vendor_mode mode;
    uint32_t number, early;
    int64_t issued_unix_s;
    struct mk_published item;
};

const char *const vendor_mode_names[VENDOR_MODE_COUNT] = {
#define X(id, name) [VENDOR_##id] = name,
    VENDOR_MODES(X)
#undef X
};

enum vendor_mode vendor_mode_of(const char *name)
{
    unsigned i = 0;

    while (i < VENDOR_MODE_COUNT && strcmp(vendor_mode_names[i], name) != 0)
        i++;
    return (enum vendor_mode)i;
}

void vendor_init(struct vendor *v, const struct mk_hardware *hw,
                 const struct mk_amd *const amd[MK_AMD_PRODUCT_COUNT])
{
    *v = (struct vendor){ .hw = hw,
                          .number = 17,
                          .early_number = 18,
                          .period_s = DAY_S,
                          .life_s = (int64_t)30 * DAY_S,
                          .retry_after_s = 30 };
    for (size_t i = 0; amd && i < MK_AMD_PRODUCT_COUNT; i++)
        v->amd[i] = amd[i];
}

void vendor_free(struct vendor *v)
{
    while (v->made) {
        struct vendor_made *m = v->made;
        v->made = m->next;
        mk_published_free(&m->item);
        free(m);
    }
}

static void must(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "vendor: %s: %s\n", what, err ? err->text : "failed");
    exit(2);
}

/* -- paths ---------------------------------------------------------------------------------------------------- */

/* The value of `name=` in the query; empty: not there. */
static const char *query(const char *path, const char *name, char ret[160])
{
    const char *at = strchr(path, '?');
    size_t len = strlen(name);

    ret[0] = '\0';
    while (at && *at) {
        at++;
        if (strncmp(at, name, len) == 0 && at[len] == '=') {
            (void)snprintf(ret, 160, "%.*s", (int)strcspn(at + len + 1, "&"), at + len + 1);
            return ret;
        }
        at = strchr(at, '&');
    }
    return ret;
}

static bool under(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '?');
}

/* -- Intel ---------------------------------------------------------------------------------------------------- */

/* Which set the path asks for; false: there is no such one. */
static bool choose_set(const struct vendor *v, const char *path, uint32_t *ret)
{
    char update[160], pinned[160];

    *ret = strcmp(query(path, "update", update), "early") == 0 ? v->early_number : v->number;
    if (query(path, "tcbEvaluationDataNumber", pinned)[0])
        *ret = (uint32_t)strtoul(pinned, NULL, 10);
    return *ret + 2 >= v->number && *ret <= v->early_number;
}

static void options_of(const struct vendor *v, enum att_tee tee, uint32_t number, int64_t issued,
                       struct mk_vendor_options *o)
{
    mk_vendor_defaults(o, tee, issued);
    o->dcap.evaluation_number = number;
    o->issued_unix_s = issued;
    o->next_unix_s = issued + v->life_s;
    if (v->mode == VENDOR_LIE_OLD) {
        o->issued_unix_s = issued - v->life_s / 2;
        o->next_unix_s = o->issued_unix_s + v->life_s;
        o->dcap.evaluation_number = number - 1;
    }
    if (v->mode == VENDOR_LIE_LOW)
        o->dcap.evaluation_number = number - 1;
    if (v->mode == VENDOR_EXPIRED) {
        o->issued_unix_s = issued - 2 * v->life_s;
        o->next_unix_s = issued - v->life_s;
    }
    if (v->mode == VENDOR_FUTURE) {
        o->issued_unix_s = issued + 2 * (int64_t)DAY_S;
        o->next_unix_s = o->issued_unix_s + v->life_s;
    }
    o->other_key = v->mode == VENDOR_LIE_SIGNATURE;
}

typedef bool (*publish_fn)(const struct mk_hardware *, const struct mk_vendor_options *,
                           struct mk_published *, struct att_err *);

/* What the path names; NULL: nothing. */
static publish_fn intel_kind(const char *rest, const char **ret_header)
{
    static const struct {
        const char *path;
        publish_fn publish;
        const char *header;
    } rows[] = {
        { "/certification/v4/tcb", mk_vendor_tcb_info, "TCB-Info-Issuer-Chain" },
        { "/certification/v4/qe/identity", mk_vendor_qe_identity, "SGX-Enclave-Identity-Issuer-Chain" },
        { "/certification/v4/tcbevaluationdatanumbers", mk_vendor_tcb_numbers,
          "TCB-Evaluation-Data-Numbers-Issuer-Chain" },
        { "/certification/v4/pckcrl", mk_vendor_pck_crl, "SGX-PCK-CRL-Issuer-Chain" },
        { "/certification/v4/rootcacrl", mk_vendor_root_crl, NULL },
        { "/IntelSGXRootCA.der", mk_vendor_root_crl, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (under(rest, rows[i].path)) {
            *ret_header = rows[i].header;
            return rows[i].publish;
        }
    }
    return NULL;
}

/* A PCCS gives the root list as hex. */
static void as_hex(struct att_buf *body)
{
    struct att_buf text = { 0 };

    att_hex_put(&text, att_buf_span(body));
    att_buf_free(body);
    *body = text;
}

static bool make_intel(struct vendor *v, const char *path, int64_t issued, struct mk_published *ret)
{
    bool tdx = strncmp(path, "/tdx/", 5) == 0, named = tdx || strncmp(path, "/sgx/", 5) == 0;
    const char *rest = named ? path + 4 : path, *header = NULL;
    publish_fn publish = intel_kind(rest, &header);
    struct mk_vendor_options o;
    struct att_err err = { 0 };
    char value[160];
    uint32_t number = 0;

    if (!v->hw || !publish || !choose_set(v, path, &number))
        return false;
    options_of(v, tdx ? ATT_TEE_TDX : ATT_TEE_SGX, number, issued, &o);
    o.dcap.ca = strcmp(query(path, "ca", value), "platform") == 0 ? MK_CA_PLATFORM : MK_CA_PROCESSOR;
    query(path, "fmspc", value);
    if (publish == mk_vendor_tcb_info &&
        (!att_hex_read(att_str(value), o.dcap.platform.fmspc, 6) || o.dcap.platform.fmspc[0] == 0xff))
        return false;
    if (v->mode == VENDOR_LIE_OTHER) {
        o.dcap.platform.fmspc[5] ^= 1;
        o.dcap.ca = o.dcap.ca == MK_CA_PLATFORM ? MK_CA_PROCESSOR : MK_CA_PLATFORM;
        o.tee = tdx ? ATT_TEE_SGX : ATT_TEE_TDX;
    }
    must(publish(v->hw, &o, ret, &err), path, &err);
    if (publish == mk_vendor_root_crl && under(rest, "/certification/v4/rootcacrl"))
        as_hex(&ret->body);
    return true;
}

/* -- AMD ------------------------------------------------------------------------------------------------------ */

static void put_cert(const char *from, const char *end, struct att_buf *ret)
{
    att_buf_put(ret, att_span_of(from, (size_t)(end - from)));
}

/* Splits a PEM chain; the number of certificates. */
static size_t split(const char *pem, struct att_span ret[CERTS_MAX])
{
    static const char begin[] = "-----BEGIN", end[] = "-----END CERTIFICATE-----\n";
    size_t n = 0;

    for (const char *at = strstr(pem, begin); at && n < CERTS_MAX; at = strstr(at, begin)) {
        const char *last = strstr(at, end);
        if (!last)
            break;
        last += sizeof end - 1;
        ret[n++] = att_span_of(at, (size_t)(last - at));
        at = last;
    }
    return n;
}

static void der_of(struct att_span pem, struct att_buf *ret)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
    uint32_t bits = 0;
    unsigned have = 0;

    for (size_t i = sizeof begin - 1; i < pem.len && pem.ptr[i] != '-' && pem.ptr[i] != '='; i++) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *at = strchr(digits, pem.ptr[i]);
        if (pem.ptr[i] == '\n' || !at)
            continue;
        bits = bits << 6 | (uint32_t)(at - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            att_buf_putc(ret, (char)(bits >> have & 0xff));
        }
    }
}

static uint8_t spl(const char *path, const char *name)
{
    char value[160];

    return (uint8_t)strtoul(query(path, name, value), NULL, 10);
}

static bool chip_of(const char *rest, enum mk_amd_product product, struct mk_snp_options *o)
{
    size_t bytes = product == MK_AMD_TURIN ? 8 : 64;

    memset(o->chip_id, 0, sizeof o->chip_id);
    return strcspn(rest, "?") == 2 * bytes && att_hex_read(att_span_of(rest, 2 * bytes), o->chip_id, bytes) &&
           o->chip_id[0] != 0xff;
}

static void make_evidence(const struct vendor *v, const struct mk_amd *amd, const struct mk_snp_options *o,
                          struct mk_snp_evidence *ret)
{
    struct att_err err = { 0 };

    (void)v;
    *ret = (struct mk_snp_evidence){ 0 };
    must(mk_snp_make(amd, o, ret, &err), "mk_snp_make", &err);
}

static void list_options(const struct vendor *v, int64_t issued, struct mk_snp_options *o)
{
    int64_t at = issued + DAY_S; /* lists are issued a day before */

    if (v->mode == VENDOR_LIE_OLD)
        at -= 20 * DAY_S;
    if (v->mode == VENDOR_EXPIRED)
        at -= 5000 * (int64_t)DAY_S;
    if (v->mode == VENDOR_FUTURE)
        at += 3 * DAY_S;
    o->at_unix_s = at;
}

static void publish_amd(const struct mk_snp_evidence *ev, const char *rest, bool vlek,
                        struct mk_published *ret)
{
    struct att_span certs[CERTS_MAX] = { { 0 } }, pem = mk_snp_item(ev, MK_SNP_CHAIN);
    char *text = strndup((const char *)pem.ptr, pem.len);
    size_t n = text ? split(text, certs) : 0;

    must(n == CERTS_MAX, "a chain of three", NULL);
    if (under(rest, "crl")) {
        att_buf_put(&ret->body, mk_snp_item(ev, vlek ? MK_SNP_VLEK_CRL : MK_SNP_VCEK_CRL));
    } else if (under(rest, "cert_chain")) {
        for (size_t i = 1; i < n; i++)
            put_cert((const char *)certs[i].ptr, (const char *)certs[i].ptr + certs[i].len, &ret->body);
    } else {
        der_of(certs[0], &ret->body);
    }
    free(text);
}

/* "/vcek/v1/Milan/REST" */
static bool make_amd(struct vendor *v, const char *path, int64_t issued, struct mk_published *ret)
{
    bool vlek = strncmp(path, "/vlek/v1/", 9) == 0;
    struct mk_snp_evidence ev;
    struct mk_snp_options o;
    unsigned p = 0;

    if (!vlek && strncmp(path, "/vcek/v1/", 9) != 0)
        return false;
    for (; p < MK_AMD_PRODUCT_COUNT; p++) {
        const char *name = mk_amd_product_name((enum mk_amd_product)p);
        if (strncmp(path + 9, name, strlen(name)) == 0 && path[9 + strlen(name)] == '/')
            break;
    }
    if (p == MK_AMD_PRODUCT_COUNT || !v->amd[p])
        return false;
    const char *rest = strchr(path + 9, '/') + 1;
    bool leaf = !under(rest, "crl") && !under(rest, "cert_chain");
    mk_snp_defaults(&o, (enum mk_amd_product)p, issued);
    if (under(rest, "crl"))
        list_options(v, issued, &o);
    o.signer = vlek ? MK_SNP_VLEK : MK_SNP_VCEK;
    if (leaf) {
        if (vlek || !chip_of(rest, (enum mk_amd_product)p, &o))
            return false;
        o.reported = (struct mk_snp_tcb){ .fmc = spl(path, "fmcSPL"),
                                          .bootloader = spl(path, "blSPL"),
                                          .tee = spl(path, "teeSPL"),
                                          .snp = spl(path, "snpSPL"),
                                          .microcode = spl(path, "ucodeSPL") };
        o.current = o.committed = o.launch = o.reported;
        if (v->mode == VENDOR_LIE_OTHER)
            o.chip_id[0] ^= 1;
    }
    make_evidence(v, v->amd[p], &o, &ev);
    publish_amd(&ev, rest, vlek, ret);
    mk_snp_evidence_free(&ev);
    if (v->mode == VENDOR_LIE_SIGNATURE && leaf && ret->body.len > 0)
        ret->body.ptr[ret->body.len - 1] ^= 1;
    return true;
}

/* -- answers -------------------------------------------------------------------------------------------------- */

static const struct vendor_made *made(struct vendor *v, const char *path, int64_t now)
{
    int64_t issued = now - now % v->period_s;

    for (const struct vendor_made *m = v->made; m; m = m->next) {
        if (m->mode == v->mode && m->issued_unix_s == issued && m->number == v->number &&
            m->early == v->early_number && strcmp(m->path, path) == 0)
            return m;
    }
    struct vendor_made *m = calloc(1, sizeof *m);
    must(m != NULL, "memory", NULL);
    (void)snprintf(m->path, sizeof m->path, "%s", path);
    m->mode = v->mode;
    m->number = v->number;
    m->early = v->early_number;
    m->issued_unix_s = issued;
    if (!make_intel(v, path, issued, &m->item) && !make_amd(v, path, issued, &m->item)) {
        free(m);
        return NULL;
    }
    m->next = v->made;
    v->made = m;
    return m;
}

static bool without_item(const struct vendor *v, struct vendor_answer *a)
{
    static char huge[HUGE_BYTES];
    static const struct {
        unsigned status;
        const char *body;
    } rows[VENDOR_MODE_COUNT] = {
        [VENDOR_ERROR] = { 500, "Internal error: the cache service has no connection" },
        [VENDOR_THROTTLE] = { 429, "{\"message\":\"Too many requests\"}" },
        [VENDOR_UNAVAILABLE] = { 503, "down for maintenance" },
        [VENDOR_DENIED] = { 401, "Access denied due to invalid subscription key" },
        [VENDOR_GONE] = { 404, "No cache data for this platform." },
        [VENDOR_REDIRECT] = { 302, "elsewhere" },
        [VENDOR_HTML] = { 200, "<html><body>Please log in to this network</body></html>" },
        [VENDOR_EMPTY] = { 200, "" },
    };

    *a = (struct vendor_answer){ .status = rows[v->mode].status, .body = att_str(rows[v->mode].body) };
    if (v->mode == VENDOR_THROTTLE)
        a->retry_after_s = v->retry_after_s;
    if (v->mode == VENDOR_HUGE)
        *a = (struct vendor_answer){ .status = 200, .body = att_span_of(huge, sizeof huge) };
    return a->status != 0 || v->mode == VENDOR_DOWN || v->mode == VENDOR_STALL;
}

void vendor_answer(struct vendor *v, const char *path, int64_t now_unix_s, struct vendor_answer *ret)
{
    const char *header = NULL;

    if (without_item(v, ret))
        return;
    const struct vendor_made *m = made(v, path, now_unix_s);
    if (!m) {
        *ret = (struct vendor_answer){ .status = 404, .body = att_str("no such item") };
        return;
    }
    (void)intel_kind(path[0] && strlen(path) > 4 && path[4] == '/' ? path + 4 : path, &header);
    *ret = (struct vendor_answer){ .status = 200,
                                   .chain_header = v->mode == VENDOR_LIE_CHAIN ? NULL : header,
                                   .chain = att_buf_span(&m->item.chain),
                                   .body = att_buf_span(&m->item.body) };
    if (v->mode == VENDOR_TRUNCATED)
        ret->body.len /= 2;
}

char *vendor_percent(struct att_span text)
{
    char *ret = malloc(3 * text.len + 1), *to = ret;

    must(ret != NULL, "memory", NULL);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool plain =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._~", c);
        to += plain ? sprintf(to, "%c", c) : sprintf(to, "%%%02X", c);
    }
    *to = '\0';
    return ret;
}
