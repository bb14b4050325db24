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

static void put_components(struct att_buf *b, unsigned version, const uint8_t *svn, size_t count)
{
    if (version == 2) {
        for (size_t i = 0; i < count; i++)
            att_buf_printf(b, "\"sgxtcbcomp%02zusvn\":%u,", i + 1, svn[i]);
        return;
    }
    att_buf_puts(b, "\"sgxtcbcomponents\":[");
    for (size_t i = 0; i < count; i++)
        att_buf_printf(b, "%s{\"svn\":%u}", i ? "," : "", svn[i]);
    att_buf_puts(b, "],");
}

static void put_tcb_level(struct att_buf *b, unsigned version, const struct mk_tcb_level *l,
                          size_t components)
{
    att_buf_puts(b, "{\"tcb\":{");
    put_components(b, version, l->components, components);
    att_buf_printf(b, "\"pcesvn\":%u},\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", l->pce_svn, l->date,
                   l->status);
    put_advisories(b, l->advisories);
    att_buf_putc(b, '}');
}

static void put_tcb_info_body(const struct mk_plan *p, struct att_buf *b)
{
    const struct mk_tcb_info_plan *t = &p->tcb_info;

    att_buf_putc(b, '{');
    if (t->version >= 3)
        att_buf_printf(b, "\"id\":\"%s\",", t->id);
    att_buf_printf(b, "\"version\":%u,", t->version_named);
    put_dates(b, t->issued, t->next);
    att_buf_puts(b, ",\"fmspc\":\"");
    att_hex_put(b, att_span_of(t->fmspc, sizeof t->fmspc));
    att_buf_puts(b, "\",\"pceId\":\"");
    att_hex_put(b, att_span_of(t->pce_id, sizeof t->pce_id));
    att_buf_printf(b, "\",\"tcbType\":0,\"tcbEvaluationDataNumber\":%u,\"tcbLevels\":[",
                   p->o.evaluation_number);
    for (size_t i = 0; i < p->o.level_count; i++) {
        if (i > 0)
            att_buf_putc(b, ',');
        put_tcb_level(b, t->version, &p->o.levels[i], i == 0 ? t->first_level_components : 16);
    }
    att_buf_puts(b, "]}");
}

/* Production writes these members in upper case, TCB info in lower: readers must take both. */
static void put_upper_hex(struct att_buf *b, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        att_buf_printf(b, "%02X", bytes[i]);
}

static void put_qe_levels(const struct mk_plan *p, struct att_buf *b)
{
    for (size_t i = 0; i < p->o.qe_level_count; i++) {
        const struct mk_qe_level *l = &p->o.qe_levels[i];
        att_buf_printf(b, "%s{\"tcb\":{\"isvsvn\":%u},\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", i ? "," : "",
                       l->isv_svn, l->date, l->status);
        put_advisories(b, l->advisories);
        att_buf_putc(b, '}');
    }
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
    put_qe_levels(p, b);
    att_buf_puts(b, "]}");
}

static bool edit(struct att_buf *text, const struct mk_edit *e, struct att_err *err)
{
    size_t find_len = strlen(e->find), put_len = strlen(e->put);

    if (find_len == 0)
        return true;
    uint8_t *at = text->len ? memmem(text->ptr, text->len, e->find, find_len) : NULL;
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

static bool seal(const struct mk_envelope_plan *e, struct att_buf *body, struct att_buf *out,
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
    return seal(&p->tcb_info.envelope, &body, out, err);
}

bool mk_qe_identity_put(const struct mk_plan *p, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };

    put_qe_identity_body(p, &body);
    return seal(&p->qe_identity.envelope, &body, out, err);
}
