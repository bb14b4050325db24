#include "cli/attest_snp.h"

#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/snp_certs.h"

enum { REPORT_BYTES = 1184, ENDORSEMENTS_MAX = 8 };

static void put_base64url(struct att_json_writer *w, struct att_span bytes)
{
    struct att_buf text = { 0 };

    att_base64url_put(&text, bytes);
    w->out->failed = w->out->failed || text.failed;
    att_jw_string(w, att_buf_span(&text));
    att_buf_free(&text);
}

/* What was given counts; else what the host put behind the report. A table without a whole chain is none: the service may have
 * the VCEK, or say that it lacks it. */
static bool chain_of(struct cli *c, struct att_span evidence, struct att_span *ret, struct att_err *err)
{
    struct att_buf pem = { 0 };
    bool given = false, whole = false;

    if (!cli_read_option(c, "chain", &given, ret, err))
        return false;
    if (given || evidence.len <= REPORT_BYTES)
        return true;
    const struct att_span table = att_span_of(evidence.ptr + REPORT_BYTES, evidence.len - REPORT_BYTES);
    bool ok = snp_certs_pem(table, &pem, &whole, err);
    const char *copy = ok ? att_arena_dup(c->arena, att_buf_span(&pem)) : NULL;
    *ret = att_span_of(copy, copy ? pem.len : 0);
    att_buf_free(&pem);
    return copy || (ok ? att_fail_memory(err, "chain") : false);
}

/* {"Uvm":[...]} in base64url, as the member Endorsements. */
static bool put_endorsements(struct cli *c, struct att_json_writer *w, struct att_err *err)
{
    struct att_buf text = { 0 };
    struct att_json_writer inner = { .out = &text };
    const char *path = NULL;
    size_t n = 0;
    bool ok = true;

    if (!cli_has(c, "endorsements"))
        return true;
    att_jw_object(&inner);
    att_jw_key(&inner, "Uvm");
    att_jw_array(&inner);
    for (; ok && (path = cli_value_at(c, "endorsements", n)) != NULL; n++) {
        struct att_span one = { 0 };
        ok = n < ENDORSEMENTS_MAX ? cli_read(c, "endorsements", path, &one, err)
                                  : att_fail(err, ATT_USAGE, "endorsements", "at most 8", "more");
        if (ok)
            put_base64url(&inner, one);
    }
    att_jw_end_array(&inner);
    att_jw_end_object(&inner);
    w->out->failed = w->out->failed || text.failed;
    att_jw_key(w, "Endorsements");
    put_base64url(w, att_buf_span(&text));
    att_buf_free(&text);
    return ok;
}

bool attest_snp_put(struct cli *c, struct att_span evidence, struct att_buf *out, struct att_err *err)
{
    struct att_json_writer w = { .out = out };
    struct att_span chain = { 0 };
    size_t len = evidence.len < REPORT_BYTES ? evidence.len : REPORT_BYTES;

    if (!chain_of(c, evidence, &chain, err))
        return false;
    att_jw_object(&w);
    att_jw_key(&w, "SnpReport");
    put_base64url(&w, att_span_of(evidence.ptr, len));
    if (chain.len > 0) {
        att_jw_key(&w, "VcekCertChain");
        put_base64url(&w, chain);
    }
    if (!put_endorsements(c, &w, err))
        return false;
    att_jw_end_object(&w);
    return true;
}
