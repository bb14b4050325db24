/* TCB info and QE identity: the text is built once, exactly that text is signed and wrapped. */
#include "base/err.h"
#include "base/hex.h"
#include "makers/plan.h"

static void put_advisories(struct att_buf *b, const char *list)
{
    if (!list || !*list)
        return;
    att_buf_puts(b, ",\"advisoryIDs\":[\"");
    for (const char *c = list; *c; c++)
        att_buf_puts(b, *c == ',' ? "\",\"" : (const char[]){ *c, '\0' });
    att_buf_puts(b, "\"]");
}

static void put_dates(struct att_buf *b, const char *issued, const char *next)
{
    att_buf_printf(b, "\"issueDate\":\"%s\",\"nextUpdate\":\"%s\"", issued, next);
}

static void put_svns(struct att_buf *b, const char *name, const uint8_t *svn, size_t count)
{
    att_buf_printf(b, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        att_buf_printf(b, "%s{\"svn\":%u}", i ? "," : "", i < 16 ? svn[i] : 0u);
    att_buf_putc(b, ']');
}

static void put_sgx_components(struct att_buf *b, unsigned version, const uint8_t *svn, size_t count)
{
    if (version == 2) {
        for (size_t i = 0; i < count; i++)
            att_buf_printf(b, "%s\"sgxtcbcomp%02zusvn\":%u", i ? "," : "", i + 1, svn[i]);
        return;
    }
    put_svns(b, "sgxtcbcomponents", svn, count);
}

static void put_tcb_level(struct att_buf *b, const struct mk_plan *p, size_t at)
{
    const struct mk_tcb_info_plan *t = &p->tcb_info;
    const struct mk_tcb_level *l = &p->o.levels[at];

    att_buf_puts(b, "{\"tcb\":{");
    put_sgx_components(b, t->version, l->components, at == 0 ? t->first_level_components : 16);
    att_buf_printf(b, ",\"pcesvn\":%u", l->pce_svn);
    if (p->o.tee == ATT_TEE_TDX && !(t->no_tdx_components && at == 1)) {
        att_buf_putc(b, ',');
        put_svns(b, "tdxtcbcomponents", l->tdx_components, at == 0 ? t->first_level_tdx_components : 16);
    }
    att_buf_printf(b, "},\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", l->date, l->status);
    put_advisories(b, l->advisories);
    att_buf_putc(b, '}');
}

/* Of a quoting enclave or of a module. */
static void put_svn_levels(struct att_buf *b, const struct mk_svn_level *levels, size_t count,
                           bool lowest_first)
{
    for (size_t i = 0; i < count; i++) {
        const struct mk_svn_level *l = &levels[lowest_first ? count - 1 - i : i];
        att_buf_printf(b, "%s{\"tcb\":{\"isvsvn\":%u},\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", i ? "," : "",
                       l->isv_svn, l->date, l->status);
        put_advisories(b, l->advisories);
        att_buf_putc(b, '}');
    }
}

static void put_module(struct att_buf *b, const struct mk_tdx_module *m)
{
    att_buf_puts(b, "\"mrsigner\":\"");
    att_hex_put(b, att_span_of(m->mrsigner, sizeof m->mrsigner));
    att_buf_puts(b, "\",\"attributes\":\"");
    att_hex_put(b, att_span_of(m->attributes, sizeof m->attributes));
    att_buf_puts(b, "\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"");
}

static void put_modules(const struct mk_plan *p, struct att_buf *b)
{
    const struct mk_tdx_tcb *t = &p->o.tdx;

    att_buf_puts(b, ",\"tdxModule\":{");
    put_module(b, &t->module_0);
    att_buf_puts(b, "},\"tdxModuleIdentities\":[");
    for (size_t i = 0; i < t->module_count; i++) {
        const struct mk_tdx_module *m = &t->modules[i];
        att_buf_printf(b, "%s{\"id\":\"TDX_%02X\",", i ? "," : "", m->version);
        put_module(b, m);
        att_buf_puts(b, ",\"tcbLevels\":[");
        put_svn_levels(b, m->levels, m->level_count, p->tcb_info.module_levels_lowest_first);
        att_buf_puts(b, "]}");
    }
    att_buf_putc(b, ']');
}

static void put_tcb_info_body(const struct mk_plan *p, struct att_buf *b)
{
    const struct mk_tcb_info_plan *t = &p->tcb_info;
    size_t count = p->o.level_count;

    att_buf_putc(b, '{');
    if (t->version >= 3)
        att_buf_printf(b, "\"id\":\"%s\",", t->id);
    att_buf_printf(b, "\"version\":%u,", t->version_named);
    put_dates(b, t->issued, t->next);
    att_buf_puts(b, ",\"fmspc\":\"");
    att_hex_put(b, att_span_of(t->fmspc, sizeof t->fmspc));
    att_buf_puts(b, "\",\"pceId\":\"");
    att_hex_put(b, att_span_of(t->pce_id, sizeof t->pce_id));
    att_buf_printf(b, "\",\"tcbType\":0,\"tcbEvaluationDataNumber\":%u", p->o.evaluation_number);
    if (p->o.tee == ATT_TEE_TDX)
        put_modules(p, b);
    att_buf_puts(b, ",\"tcbLevels\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            att_buf_putc(b, ',');
        put_tcb_level(b, p, t->lowest_first ? count - 1 - i : i);
    }
    att_buf_puts(b, "]}");
}

/* Production writes these members in upper case, TCB info in lower: readers must take both. */
static void put_upper_hex(struct att_buf *b, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        att_buf_printf(b, "%02X", bytes[i]);
}

static void put_qe_identity_body(const struct mk_plan *p, struct att_buf *b)
{
    const struct mk_qe_identity_plan *q = &p->qe_identity;

    att_buf_printf(b, "{\"id\":\"%s\",\"version\":2,", q->id);
    put_dates(b, q->issued, q->next);
    att_buf_printf(b, ",\"tcbEvaluationDataNumber\":%u,\"miscselect\":\"", p->o.evaluation_number);
    put_upper_hex(b, q->misc_select, sizeof q->misc_select);
    att_buf_puts(b, "\",\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"");
    put_upper_hex(b, q->attributes, sizeof q->attributes);
    att_buf_puts(b, "\",\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"");
    put_upper_hex(b, q->mrsigner, sizeof q->mrsigner);
    att_buf_printf(b, "\",\"isvprodid\":%u,\"tcbLevels\":[", q->product_id);
    put_svn_levels(b, p->o.qe_levels, p->o.qe_level_count, false);
    att_buf_puts(b, "]}");
}

static bool edit(struct att_buf *text, const struct mk_edit *e, struct att_err *err)
{
    size_t find_len = strlen(e->find), put_len = strlen(e->put);

    if (find_len == 0)
        return true;
    uint8_t *from = text->len && e->from ? memmem(text->ptr, text->len, e->from, strlen(e->from)) : text->ptr;
    uint8_t *at = from ? memmem(from, text->len - (size_t)(from - text->ptr), e->find, find_len) : NULL;
    if (!at)
        return att_fail(err, ATT_INTERNAL, "makers.collateral.edit", e->find, "not in the text");
    size_t head = (size_t)(at - text->ptr), tail = text->len - head - find_len;
    if (put_len > find_len && !att_buf_room(text, put_len - find_len))
        return att_fail_memory(err, "makers.collateral");
    at = text->ptr + head;
    memmove(at + put_len, at + find_len, tail);
    memcpy(at, e->put, put_len);
    text->len = head + put_len + tail;
    return true;
}

static void put_envelope(const struct mk_envelope_plan *e, struct att_span body, const uint8_t sig[64],
                         struct att_buf *out)
{
    att_buf_printf(out, "{\"%s\":", e->name);
    att_buf_put(out, body);
    att_buf_puts(out, ",\"signature\":\"");
    att_hex_put(out, att_span_of(sig, e->short_signature ? 63 : 64));
    att_buf_puts(out, e->cut_last ? "\"" : "\"}");
    att_buf_puts(out, e->tail ? e->tail : "");
}

bool mk_envelope_seal(const struct mk_envelope_plan *e, struct att_buf *body, struct att_buf *out,
                      struct att_err *err)
{
    uint8_t sig[64];

    if (body->failed)
        return att_fail_memory(err, "makers.collateral");
    if (!edit(body, &e->before, err) || !mk_sign_raw(e->signer, att_buf_span(body), e->shape, sig, err))
        return false;
    sig[40] ^= e->flip_signature ? 1 : 0;
    put_envelope(e, att_buf_span(body), sig, out);
    if (out->failed)
        return att_fail_memory(err, "makers.collateral");
    return edit(out, &e->after, err);
}

bool mk_tcb_info_put(const struct mk_plan *p, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };

    put_tcb_info_body(p, &body);
    return mk_envelope_seal(&p->tcb_info.envelope, &body, out, err);
}

bool mk_qe_identity_put(const struct mk_plan *p, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };

    put_qe_identity_body(p, &body);
    return mk_envelope_seal(&p->qe_identity.envelope, &body, out, err);
}
