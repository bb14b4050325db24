#include "collateral/tcb_numbers.h"

#include "base/auto.h"
#include "base/err.h"
#include "collateral/dcap_levels.h"

#include <stdio.h>

#define WHERE "collateral.tcb_numbers"

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

/* There is no code of its own for this list: nothing is judged by it. */
const struct dcap_signed_kind tcb_numbers_kind = { "tcbEvaluationDataNumbers", WHERE,
                                                   ATT_COLLATERAL_MALFORMED, ATT_COLLATERAL_MALFORMED };

struct reading {
    const struct att_json *j;
    struct att_arena *scratch;
    struct att_arena *keep;
    struct att_err *err;
};

static bool row_read(const struct reading *r, att_json_id id, unsigned at, struct att_tcb_number *ret)
{
    char where[48];

    (void)snprintf(where, sizeof where, "tcbEvalNumbers[%u]", at);
    return att_json_want_u32(r->j, id, where, "tcbEvaluationDataNumber", UINT32_MAX, &ret->number, r->err) &&
           att_json_want_time(r->j, r->scratch, id, where, "tcbRecoveryEventDate",
                              &ret->recovery_event_unix_s, r->err) &&
           att_json_want_time(r->j, r->scratch, id, where, "tcbDate", &ret->tcb_date_unix_s, r->err);
}

/* Highest first; false when the number is there already. */
static bool row_insert(struct att_tcb_number *rows, size_t count, const struct att_tcb_number *row)
{
    size_t at = count;

    for (; at > 0 && rows[at - 1].number < row->number; at--)
        rows[at] = rows[at - 1];
    if (at > 0 && rows[at - 1].number == row->number)
        return false;
    rows[at] = *row;
    return true;
}

static bool rows_read(const struct reading *r, att_json_id body, struct tcb_numbers *ret)
{
    att_json_id list;
    unsigned at = 0;

    if (!att_json_want(r->j, body, "", "tcbEvalNumbers", ATT_JSON_ARRAY, &list, r->err))
        return false;
    uint32_t count = r->j->nodes[list].count;
    if (count == 0 || count > TCB_NUMBERS_MAX)
        return att_fail(r->err, ATT_JSON_RANGE, "tcbEvalNumbers", "1 to 256 numbers", "%u", count);
    struct att_tcb_number *rows = att_arena_alloc(r->keep, count, sizeof *rows);
    if (!rows)
        return att_fail_memory(r->err, WHERE);
    for (att_json_id id = att_json_first(r->j, list); id != ATT_JSON_NONE; id = att_json_next(r->j, id)) {
        struct att_tcb_number row = { 0 };
        if (!row_read(r, id, at, &row))
            return false;
        if (row.number == 0 || !row_insert(rows, at++, &row))
            return att_fail(r->err, ATT_JSON_RANGE, "tcbEvalNumbers", "numbers from 1 on, each once", "%u",
                            row.number);
    }
    ret->numbers = rows;
    ret->count = at;
    return true;
}

static bool content_read(const struct reading *r, att_json_id body, struct tcb_numbers *ret)
{
    struct att_span id;
    uint32_t version;

    if (!att_json_want_string(r->j, r->scratch, body, "", "id", &id, r->err) ||
        !att_json_want_u32(r->j, body, "", "version", UINT32_MAX, &version, r->err) ||
        !dcap_window(r->j, r->scratch, body, "", &ret->issued_unix_s, &ret->next_unix_s, r->err))
        return false;
    if (!att_span_is(id, "SGX") && !att_span_is(id, "TDX"))
        return att_fail(r->err, ATT_JSON_RANGE, "id", "SGX or TDX", "%s",
                        att_shown(&(struct att_shown){ 0 }, id));
    if (version != 1)
        return att_fail(r->err, ATT_JSON_RANGE, "version", "1", "%u", version);
    ret->tee = att_span_is(id, "TDX") ? ATT_TEE_TDX : ATT_TEE_SGX;
    return rows_read(r, body, ret);
}

bool tcb_numbers_content(const struct att_json *j, att_json_id body, struct att_arena *scratch,
                         struct att_arena *keep, struct tcb_numbers *ret, struct att_err *err)
{
    struct tcb_numbers n = { 0 };
    struct att_err inner = { 0 };
    const struct reading r = { j, scratch, keep, &inner };

    if (!content_read(&r, body, &n)) {
        (void)att_fail_as(&inner, ATT_COLLATERAL_MALFORMED, WHERE);
        if (err && err->code == ATT_OK)
            *err = inner;
        return false;
    }
    *ret = n;
    return true;
}

bool att_tcb_numbers_read(struct att_arena *arena, struct att_span body, const struct att_tcb_number **ret,
                          size_t *ret_count, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *scratch = att_arena_new(att_limits_default.arena_bytes_max);
    struct tcb_numbers n;
    struct dcap_signed d;

    if (!scratch)
        return att_fail_memory(err, WHERE);
    while (body.len > 0 && body.ptr[body.len - 1] == 0) /* as dcap_document_read does */
        body.len--;
    if (!dcap_signed_read(&tcb_numbers_kind, scratch, body, &att_limits_default, &d, err) ||
        !tcb_numbers_content(&d.json, d.body, scratch, arena, &n, err))
        return false;
    *ret = n.numbers;
    *ret_count = n.count;
    return true;
}
