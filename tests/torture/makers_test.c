/* layers: attest makers base codec */
/* The makers of test hardware and evidence: what they give is whole, or they say that they could not. Evidence that
 * lacks something because memory ran out would make other tests right for the wrong reason. */
#include "torture/torture.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "makers/tdx.h"
#include "makers/vendor.h"
#include "unit/attest/fixture.h"

static struct cases cases = { .name = "torture.makers" };

struct scene {
    const struct mk_hardware *hw;
    const struct att_lib *lib;
    struct mk_sgx_options options;
    struct att_buf right;
};

static void put_extensions(struct att_buf *b, const STACK_OF(X509_EXTENSION) * list)
{
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
        unsigned char *der = NULL;
        int len = i2d_X509_EXTENSION(sk_X509_EXTENSION_value(list, i), &der);
        att_buf_put(b, att_span_of(der, len > 0 ? (size_t)len : 0));
        OPENSSL_free(der);
    }
}

/* Names and extensions of each certificate; keys, serials and signatures are new each time. */
static void put_certificates(struct att_buf *b, struct att_span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *cert = NULL;

    while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        char name[256];
        att_buf_puts(b, X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof name));
        att_buf_puts(b, X509_NAME_oneline(X509_get_issuer_name(cert), name, sizeof name));
        put_extensions(b, X509_get0_extensions(cert));
        X509_free(cert);
    }
    ERR_clear_error(); /* no more blocks */
    BIO_free(bio);
}

static void put_list(struct att_buf *b, struct att_span der)
{
    const uint8_t *p = der.ptr;
    X509_CRL *crl = der.len ? d2i_X509_CRL(NULL, &p, (long)der.len) : NULL;

    if (!crl)
        return;
    put_extensions(b, X509_CRL_get0_extensions(crl));
    att_buf_printf(b, "%d revoked", sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)));
    X509_CRL_free(crl);
}

/* A signed text up to its signature. */
static void put_document(struct att_buf *b, struct att_span text)
{
    const uint8_t *end = text.len ? memmem(text.ptr, text.len, "\"signature\"", 11) : NULL;

    att_buf_put(b, end ? att_span_of(text.ptr, (size_t)(end - text.ptr)) : text);
}

/* What does not differ between two makings, as bytes. */
static void put_facts(struct att_buf *b, const struct mk_evidence *ev)
{
    struct att_span quote = mk_item(ev, MK_QUOTE);

    att_buf_put(b, att_span_of(quote.ptr, quote.len < 432 ? quote.len : 432)); /* header and body */
    for (size_t i = 0; i < MK_ITEM_COUNT; i++)
        att_buf_printf(b, "%d", ev->present[i]);
    att_buf_put(b, mk_item(ev, MK_RUNTIME_DATA));
    att_buf_put(b, mk_item(ev, MK_INIT_TIME_DATA));
    put_certificates(b, mk_item(ev, MK_PCK_CHAIN));
    put_certificates(b, mk_item(ev, MK_TCB_INFO_ISSUER_CHAIN));
    put_certificates(b, mk_item(ev, MK_QE_IDENTITY_ISSUER_CHAIN));
    put_certificates(b, mk_item(ev, MK_PCK_CRL_ISSUER_CHAIN));
    put_certificates(b, mk_item(ev, MK_ROOT_CA));
    put_list(b, mk_item(ev, MK_PCK_CRL));
    put_list(b, mk_item(ev, MK_ROOT_CA_CRL));
    put_document(b, mk_item(ev, MK_TCB_INFO));
    put_document(b, mk_item(ev, MK_QE_IDENTITY));
}

static bool report_holds_quote(const struct mk_evidence *ev)
{
    struct att_span report = mk_item(ev, MK_REPORT), quote = mk_item(ev, MK_QUOTE);

    return report.len == quote.len + 16 && memcmp(report.ptr + 16, quote.ptr, quote.len) == 0;
}

/* The verifier must say of it what it was made for. */
static enum torture_answer judged(struct scene *s, const struct mk_evidence *ev)
{
    struct att_collateral *c = collateral_of(s->lib, ev);
    struct att_arena *a = arena_new();
    struct att_attest_in in = in_of(ev, c);
    struct att_verdict v;
    struct att_buf facts = { 0 };
    enum torture_answer answer = TORTURE_RIGHT;

    bool ok = att_attest(s->lib, a, &in, &v);
    put_facts(&facts, ev);
    if (s->right.len == 0)
        att_buf_put(&s->right, att_buf_span(&facts));
    if (ok != (ev->expected_code == ATT_OK) || v.err.code != ev->expected_code)
        answer = torture_wrong("made for %s, judged %s", att_code_name(ev->expected_code), v.err.text);
    else if (!report_holds_quote(ev))
        answer = torture_wrong("the report does not hold the quote");
    else if (!att_span_eq(att_buf_span(&facts), att_buf_span(&s->right)))
        answer = torture_wrong("%zu bytes of facts, %zu in peace", facts.len, s->right.len);
    att_buf_free(&facts);
    att_arena_free(a);
    att_collateral_free(c);
    return answer;
}

static enum torture_answer evidence(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct mk_evidence ev = { 0 };

    bool ok = mk_sgx_make(s->hw, &s->options, &ev, err);
    torture_rest();
    enum torture_answer answer = ok ? judged(s, &ev) : TORTURE_REFUSED;
    mk_evidence_free(&ev);
    return answer;
}

/* Without a verdict: that is the affair of the test of its verifier. */
static enum torture_answer same_facts(struct scene *s, const struct att_buf *facts)
{
    if (s->right.len == 0)
        att_buf_put(&s->right, att_buf_span(facts));
    return att_span_eq(att_buf_span(facts), att_buf_span(&s->right))
               ? TORTURE_RIGHT
               : torture_wrong("%zu bytes of facts, %zu in peace", facts->len, s->right.len);
}

static enum torture_answer domain(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct mk_evidence ev = { 0 };
    struct mk_tdx_options o;
    struct att_buf facts = { 0 };

    mk_tdx_defaults(&o, FIXTURE_NOW);
    o.quote_version = 5;
    o.td.report_15 = true;
    if (!mk_tdx_make(s->hw, &o, &ev, err))
        return TORTURE_REFUSED;
    torture_rest();
    put_facts(&facts, &ev);
    enum torture_answer answer = same_facts(s, &facts);
    att_buf_free(&facts);
    mk_evidence_free(&ev);
    return answer;
}

static enum torture_answer published(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct mk_published item = { 0 };
    struct mk_vendor_options o;
    struct att_buf facts = { 0 };

    mk_vendor_defaults(&o, ATT_TEE_TDX, FIXTURE_NOW);
    if (!mk_vendor_tcb_numbers(s->hw, &o, &item, err))
        return TORTURE_REFUSED;
    torture_rest();
    put_document(&facts, att_buf_span(&item.body));
    put_certificates(&facts, att_buf_span(&item.chain));
    enum torture_answer answer = same_facts(s, &facts);
    att_buf_free(&facts);
    mk_published_free(&item);
    return answer;
}

/* The bytes of its facts hold key identifiers, which are new each time: their number is not. */
static enum torture_answer hardware(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct mk_hardware *hw = NULL;
    struct mk_evidence ev = { 0 };
    struct att_buf facts = { 0 };
    struct att_err later = { 0 };

    if (!mk_hardware_new(FIXTURE_NOW, &hw, err))
        return TORTURE_REFUSED;
    torture_rest();
    need(mk_sgx_make(hw, &s->options, &ev, &later), "mk_sgx_make", &later);
    put_facts(&facts, &ev);
    if (s->right.len == 0)
        att_buf_put(&s->right, att_buf_span(&facts));
    bool same = facts.len == s->right.len;
    size_t len = facts.len;
    struct att_lib *lib = lib_new(&hw, 1, 1);
    struct scene own = { .lib = lib };
    enum torture_answer answer = judged(&own, &ev);
    att_buf_free(&own.right);
    att_buf_free(&facts);
    mk_evidence_free(&ev);
    mk_hardware_free(hw);
    att_lib_free(lib);
    return same ? answer : torture_wrong("%zu bytes of facts, %zu in peace", len, s->right.len);
}

int main(void)
{
    static const struct {
        const char *name;
        unsigned version, tcb_info;
        enum mk_ca ca;
        enum mk_break broken;
    } rows[] = {
        { "quote of version 3", 3, 3, MK_CA_PROCESSOR, MK_BREAK_NONE },
        { "quote of version 5, platform CA, TCB info of version 2", 5, 2, MK_CA_PLATFORM, MK_BREAK_NONE },
        { "chain with a byte too many", 3, 3, MK_CA_PROCESSOR, MK_BREAK_CHAIN_DER_TRAILING },
        { "another root", 4, 3, MK_CA_PROCESSOR, MK_BREAK_OTHER_ROOT },
        { "revoked", 3, 3, MK_CA_PROCESSOR, MK_BREAK_PCK_IS_REVOKED },
    };

    torture_start();
    struct mk_hardware *hw = hardware_new();
    struct att_lib *lib = lib_new(&hw, 1, 1);
    struct scene s = { .hw = hw, .lib = lib };

    mk_sgx_defaults(&s.options, FIXTURE_NOW);
    torture_flow(&cases, &(struct torture_flow){ "hardware", hardware, NULL, &s, false });
    att_buf_free(&s.right);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mk_sgx_defaults(&s.options, FIXTURE_NOW);
        s.options.quote_version = rows[i].version;
        s.options.tcb_info_version = rows[i].tcb_info;
        s.options.ca = rows[i].ca;
        s.options.broken = rows[i].broken;
        torture_flow(&cases, &(struct torture_flow){ rows[i].name, evidence, NULL, &s, false });
        att_buf_free(&s.right);
    }
    torture_flow(&cases, &(struct torture_flow){ "trust domain", domain, NULL, &s, false });
    att_buf_free(&s.right);
    torture_flow(&cases, &(struct torture_flow){ "published item", published, NULL, &s, false });
    att_buf_free(&s.right);
    att_lib_free(lib);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
