/* What belongs to a report of Azure's paravisor, from files of their own: put around it as the JSON that the library reads. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "cli/files.h"
#include "cli/verify_inputs.h"
#include "codec/json.h"

enum { PCRS = 24, PCR_BYTES = 32 };

static void put_base64(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64_put(&text, bytes);
    w->out->failed = w->out->failed || text.failed;
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(&text));
}

/* One value, in hexadecimal digits; null: this register is not there. */
static bool put_pcr(struct cli *c, struct att_json_writer *w, const struct att_json *doc, att_json_id id,
                    int64_t index, struct att_err *err)
{
    static const char expected[] = "{\"sha256\":[...]}: values of registers 0 to 23 in hexadecimal, or null";
    struct att_span text = { 0 };
    uint8_t value[PCR_BYTES];

    if (att_json_type(doc, id) == ATT_JSON_NULL)
        return true;
    if (index >= PCRS || !att_json_string(doc, c->arena, id, &text) ||
        !att_hex_read(text, value, sizeof value))
        return att_fail(err, ATT_USAGE, "pcrs", expected, "something else");
    att_jw_object(w);
    att_jw_key(w, "Index");
    att_jw_int(w, index);
    put_base64(w, "Digest", att_span_of(value, sizeof value));
    att_jw_end_object(w);
    return true;
}

static bool put_pcrs(struct cli *c, struct att_json_writer *w, struct att_err *err)
{
    struct att_span text = { 0 };
    struct att_json doc;
    bool given = false;
    int64_t index = 0;

    if (!cli_read_option(c, "pcrs", &given, &text, err) || !given)
        return !given && (!err || err->code == ATT_OK);
    if (!att_json_parse(c->arena, text, NULL, &doc, err))
        return att_fail_as(err, ATT_USAGE, "pcrs");
    att_json_id list = att_json_get(&doc, ATT_JSON_ROOT, "sha256");
    if (att_json_type(&doc, list) != ATT_JSON_ARRAY)
        return att_fail(err, ATT_USAGE, "pcrs", "{\"sha256\":[...]}", "no such list");
    att_jw_key(w, "PCRs");
    att_jw_array(w);
    for (att_json_id id = att_json_first(&doc, list); id != ATT_JSON_NONE; id = att_json_next(&doc, id))
        if (!put_pcr(c, w, &doc, id, index++, err))
            return false;
    att_jw_end_array(w);
    return true;
}

static const struct {
    const char *option;
    const char *member;
} parts[] = {
    { "quote", "PcrQuote" },
    { "quote-signature", "PcrSignature" },
    { "event-log", "TcgLogs" },
    { "td-quote", "TdQuote" },
};

static bool any_given(const struct cli *c)
{
    bool given = cli_has(c, "pcrs");

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        given = given || cli_has(c, parts[i].option);
    return given;
}

static bool put_parts(struct cli *c, struct att_json_writer *w, struct att_err *err)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct att_span bytes = { 0 };
        bool given = false;
        if (!cli_read_option(c, parts[i].option, &given, &bytes, err))
            return false;
        if (given)
            put_base64(w, parts[i].member, bytes);
    }
    return put_pcrs(c, w, err);
}

bool cli_guest_read(struct cli *c, struct att_span *evidence, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    struct att_json_writer w = { .out = &out };

    if (!any_given(c))
        return true;
    if (evidence->len > 0 && evidence->ptr[0] == '{')
        return att_fail(err, ATT_USAGE, "evidence",
                        "a report of the paravisor beside --quote, --pcrs, --event-log or --td-quote",
                        "attestation information, which holds them itself");
    att_jw_object(&w);
    put_base64(&w, "HclReport", *evidence);
    if (!put_parts(c, &w, err))
        return false;
    att_jw_end_object(&w);
    char *copy = out.failed ? NULL : att_arena_dup(c->arena, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(err, "evidence");
    *evidence = att_span_of(copy, out.len);
    return true;
}
