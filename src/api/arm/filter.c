/* The part of OData's $filter that clients of resource lists send: equations joined by "and". */
#include "api/arm/internal.h"

#include "base/err.h"

#include <strings.h>

static const char fields_known[] = "FIELD eq 'VALUE', joined by and; FIELD one of name, resourceType, "
                                   "resourceGroup, location, tagName, tagValue";

static const char *const field_names[ARM_FIELDS] = {
    [ARM_FIELD_NAME] = "name",         [ARM_FIELD_TYPE] = "resourceType", [ARM_FIELD_GROUP] = "resourceGroup",
    [ARM_FIELD_LOCATION] = "location", [ARM_FIELD_TAG_NAME] = "tagName",  [ARM_FIELD_TAG_VALUE] = "tagValue",
};

static void skip_spaces(struct att_span *s)
{
    while (s->len > 0 && s->ptr[0] == ' ')
        *s = att_span_of(s->ptr + 1, s->len - 1);
}

static struct att_span take_word(struct att_span *s)
{
    size_t len = 0;

    skip_spaces(s);
    while (len < s->len && s->ptr[len] != ' ' && s->ptr[len] != '\'')
        len++;
    struct att_span word = att_span_of(s->ptr, len);
    *s = att_span_of(s->ptr + len, s->len - len);
    return word;
}

static bool word_is(struct att_span word, const char *text)
{
    return word.len == strlen(text) && strncasecmp((const char *)word.ptr, text, word.len) == 0;
}

/* 'it''s': a quote inside is doubled. */
static bool take_quoted(struct api_call *call, struct att_span *s, const char **ret)
{
    skip_spaces(s);
    char *text = att_arena_alloc(call->arena, s->len + 1, 1);
    size_t len = 0;

    if (!text || s->len == 0 || s->ptr[0] != '\'')
        return false;
    for (size_t i = 1; i < s->len; i++) {
        if (s->ptr[i] == '\'' && (i + 1 == s->len || s->ptr[i + 1] != '\'')) {
            *s = att_span_of(s->ptr + i + 1, s->len - i - 1);
            *ret = text;
            return true;
        }
        i += s->ptr[i] == '\'';
        if (s->ptr[i] == '\0')
            return false;
        text[len++] = (char)s->ptr[i];
    }
    return false;
}

static bool take_clause(struct api_call *call, struct att_span *s, struct arm_filter *filter)
{
    struct att_span word = take_word(s);
    size_t field = 0;

    while (field < ARM_FIELDS && !word_is(word, field_names[field]))
        field++;
    return field < ARM_FIELDS && !filter->wanted[field] && word_is(take_word(s), "eq") &&
           take_quoted(call, s, &filter->wanted[field]);
}

bool arm_filter_read(struct api_call *call, struct arm_filter *ret, struct att_err *err)
{
    struct att_span text = { 0 };
    struct arm_filter filter = { 0 };
    struct att_shown shown;
    bool present = false;

    if (!http_query_get(call->arena, call->http->query, "$filter", &present, &text, err))
        return false;
    struct att_span left = text;
    for (skip_spaces(&left); left.len > 0; skip_spaces(&left)) {
        if (!take_clause(call, &left, &filter))
            return att_fail(err, ATT_PARAMETER_INVALID, "$filter", fields_known, "\"%s\"",
                            att_shown(&shown, text));
        skip_spaces(&left);
        if (left.len > 0 && (!word_is(take_word(&left), "and") || left.len == 0))
            return att_fail(err, ATT_PARAMETER_INVALID, "$filter", fields_known, "\"%s\"",
                            att_shown(&shown, text));
    }
    *ret = filter;
    return true;
}

static bool tags_have(struct att_arena *scratch, struct att_span tags, const char *name, const char *value)
{
    struct att_json doc;

    if (tags.len == 0 || !att_json_parse(scratch, tags, NULL, &doc, NULL))
        return false;
    for (att_json_id at = att_json_first(&doc, ATT_JSON_ROOT); at != ATT_JSON_NONE;
         at = att_json_next(&doc, at)) {
        struct att_span key = { 0 }, text = { 0 };
        if (att_json_key(&doc, scratch, at, &key) && att_json_string(&doc, scratch, at, &text) &&
            (!name || word_is(key, name)) && (!value || att_span_is(text, value)))
            return true;
    }
    return false;
}

static bool fits(const char *wanted, const char *text)
{
    return !wanted || strcasecmp(wanted, text) == 0;
}

bool arm_filter_takes(const struct arm_filter *filter, struct att_arena *scratch,
                      const struct arm_filtered *what)
{
    const char *const *w = filter->wanted;

    if (!fits(w[ARM_FIELD_NAME], what->name) || !fits(w[ARM_FIELD_TYPE], what->type) ||
        !fits(w[ARM_FIELD_GROUP], what->group))
        return false;
    if (w[ARM_FIELD_LOCATION] && !service_same_location(scratch, w[ARM_FIELD_LOCATION], what->location))
        return false;
    return (!w[ARM_FIELD_TAG_NAME] && !w[ARM_FIELD_TAG_VALUE]) ||
           tags_have(scratch, what->tags, w[ARM_FIELD_TAG_NAME], w[ARM_FIELD_TAG_VALUE]);
}
