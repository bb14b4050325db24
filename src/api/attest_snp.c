/* SEV-SNP evidence as clients send it: JSON around the report, its certificates and what endorses the utility VM. */
#include "api/internal.h"

#include "base/base64.h"
#include "base/err.h"
#include "codec/json.h"

#include <stdio.h>

enum { UVM_MAX = 8 }; /* real requests have one */

struct snp {
    struct att_json json;
    struct att_arena *arena;
    const struct att_limits *limits;
};

static bool object_parse(const struct snp *from, struct att_span text, const char *where,
                         struct att_json *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = from->limits, .fold_case = true };

    if (!att_json_parse(from->arena, text, &options, ret, err))
        return att_fail_as(err, ATT_REQUEST_MALFORMED, where);
    return att_json_type(ret, ATT_JSON_ROOT) == ATT_JSON_OBJECT ||
           att_fail(err, ATT_REQUEST_MALFORMED, where, "a JSON object", "another JSON value");
}

/* Base64url text of a node; null and "" are absent. */
static bool bytes_of(const struct snp *s, const struct att_json *j, att_json_id id, const char *where,
                     struct att_span *ret, struct att_err *err)
{
    struct att_span text = { 0 };

    if (id == ATT_JSON_NONE || att_json_type(j, id) == ATT_JSON_NULL)
        return true;
    if (att_json_type(j, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_PARAMETER_INVALID, where, "base64url text", "another JSON value");
    if (!att_json_string(j, s->arena, id, &text))
        return att_fail_memory(err, where);
    return att_base64_decode(s->arena, ATT_BASE64_LENIENT, text, where, ret, err);
}

static bool uvm_list(const struct snp *s, const struct att_json *j, att_json_id list,
                     struct service_attest_in *ret, struct att_err *err)
{
    char where[48];
    size_t at = 0;

    if (att_json_type(j, list) != ATT_JSON_ARRAY || j->nodes[list].count > UVM_MAX)
        return att_fail(err, ATT_PARAMETER_INVALID, "report.Endorsements.Uvm",
                        "a list of at most 8 endorsements", "something else");
    struct att_span *all = att_arena_alloc(s->arena, UVM_MAX, sizeof *all);
    if (!all)
        return att_fail_memory(err, "report.Endorsements");
    for (att_json_id id = att_json_first(j, list); id != ATT_JSON_NONE; id = att_json_next(j, id)) {
        (void)snprintf(where, sizeof where, "report.Endorsements.Uvm[%zu]", at);
        all[at] = (struct att_span){ 0 };
        if (!bytes_of(s, j, id, where, &all[at], err))
            return false;
        if (all[at++].len == 0)
            return att_fail(err, ATT_PARAMETER_INVALID, where, "an endorsement", "nothing");
    }
    ret->uvm_endorsements = all;
    ret->uvm_endorsement_count = at;
    return true;
}

static bool endorsements(const struct snp *s, struct service_attest_in *ret, struct att_err *err)
{
    static const char where[] = "report.Endorsements";
    struct att_span text = { 0 };
    struct att_json inner;

    if (!bytes_of(s, &s->json, att_json_get(&s->json, ATT_JSON_ROOT, "Endorsements"), where, &text, err))
        return false;
    if (text.len == 0)
        return true;
    if (!object_parse(s, text, where, &inner, err))
        return false;
    att_json_id list = att_json_get(&inner, ATT_JSON_ROOT, "Uvm");
    return list == ATT_JSON_NONE || att_json_type(&inner, list) == ATT_JSON_NULL ||
           uvm_list(s, &inner, list, ret, err);
}

/* Whoever sends the report alone, or the chain alone, has mixed up the two layers: it is worth a sentence. */
static const char *what_it_is(struct att_span text)
{
    if (text.len == 1184)
        return "a bare report of 1184 bytes";
    return text.len > 0 && text.ptr[0] == '-' ? "PEM text" : "other bytes";
}

bool api_snp_read(struct att_arena *arena, const struct att_limits *limits, struct att_span text,
                  struct service_attest_in *ret, struct att_err *err)
{
    struct snp s = { .arena = arena, .limits = limits };
    struct att_err inner = { 0 };
    struct att_span report = { 0 }, chain = { 0 };

    if (!object_parse(&s, text, "report", &s.json, &inner)) {
        if (att_code_class(inner.code) == ATT_CLASS_INTERNAL) {
            *err = inner;
            return false;
        }
        return att_fail(err, ATT_REQUEST_MALFORMED, "report",
                        "base64url of a JSON object with SnpReport and VcekCertChain", "%s (%s)",
                        what_it_is(text), inner.found);
    }
    if (!bytes_of(&s, &s.json, att_json_get(&s.json, ATT_JSON_ROOT, "SnpReport"), "report.SnpReport", &report,
                  err) ||
        !bytes_of(&s, &s.json, att_json_get(&s.json, ATT_JSON_ROOT, "VcekCertChain"), "report.VcekCertChain",
                  &chain, err))
        return false;
    if (report.len == 0)
        return att_fail(err, ATT_PARAMETER_MISSING, "report.SnpReport", "a report in base64url",
                        "no such member");
    if (!endorsements(&s, ret, err))
        return false;
    ret->evidence = report;
    ret->cert_chain = chain;
    return true;
}
