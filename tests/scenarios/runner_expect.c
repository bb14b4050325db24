/* What an answer must be. */
#include "runner.h"

#include "base/base64.h"
#include "base/buf.h"
#include "codec/json.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

static bool matches(struct story *s, const char *pattern, struct att_span value, bool *ret)
{
    regex_t re;
    char *text = att_arena_dup(s->arena, value);

    if (!text || regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return fault(s, "not a regular expression: %s", pattern);
    *ret = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return true;
}

static bool holds(struct story *s, const char *op, struct att_span value, struct att_span wanted, bool *ret)
{
    bool not = op[0] == '!';
    const char *plain = not ? op + 1 : op;

    if (strcmp(op, "==") == 0 || strcmp(op, "!=") == 0)
        *ret = att_span_eq(value, wanted);
    else if (strcmp(plain, "has") == 0)
        *ret = value.len > 0 && memmem(value.ptr, value.len, wanted.ptr, wanted.len) != NULL;
    else if (strcmp(plain, "~") != 0)
        return fault(s, "no comparison %s", op);
    else if (!matches(s, (const char *)wanted.ptr, value, ret))
        return false;
    *ret = *ret != not ;
    return true;
}

bool compare(struct story *s, const char *what, bool there, struct att_span value, char *args)
{
    const char *op = word(&args);
    struct att_span wanted = { 0 };
    bool ok = false;

    if (strcmp(op, "absent") == 0)
        return !there || fault(s, "%s is there: %.200s", what, (const char *)value.ptr);
    if (!there)
        return fault(s, "%s is not there", what);
    if (strcmp(op, "present") == 0)
        return true;
    if (!expand(s, att_str(args), false, &wanted) || !holds(s, op, value, wanted, &ok))
        return false;
    return ok || fault(s, "%s is \"%.*s\", wanted %s %.300s", what, (int)(value.len < 500 ? value.len : 500),
                       (const char *)value.ptr, op, (const char *)wanted.ptr);
}

bool verb_status(struct story *s, char *args)
{
    return s->reply.status == (int)strtol(args, NULL, 10) ||
           fault(s, "status %d, wanted %s: %.600s", s->reply.status, args, (const char *)s->reply.body.ptr);
}

static struct att_span header_get(const struct story *s, const char *name, bool *ret_there)
{
    size_t len = strlen(name);
    struct att_span found = { 0 };

    *ret_there = false;
    for (const char *line = (const char *)s->reply.head.ptr; line && (line = strstr(line, "\r\n"));) {
        line += 2;
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        *ret_there = true;
        found = att_span_of(line + len + 2, strcspn(line + len + 2, "\r"));
    }
    return found;
}

bool verb_header(struct story *s, char *args)
{
    const char *name = word(&args);
    bool there = false;
    struct att_span value = header_get(s, name, &there);

    return compare(s, name, there, value, args);
}

bool verb_body(struct story *s, char *args)
{
    return compare(s, "body", s->reply.status > 0, s->reply.body, args);
}

/* a.b[0].c */
static att_json_id walk(const struct att_json *j, const char *path)
{
    att_json_id id = ATT_JSON_ROOT;
    char name[128];

    while (*path && id != ATT_JSON_NONE) {
        if (*path == '[') {
            unsigned long index = strtoul(path + 1, NULL, 10);
            id = att_json_type(j, id) == ATT_JSON_ARRAY ? att_json_first(j, id) : ATT_JSON_NONE;
            while (index-- > 0)
                id = att_json_next(j, id);
            path += strcspn(path, "]") + 1;
        } else {
            size_t len = strcspn(path, ".[");
            (void)snprintf(name, sizeof name, "%.*s", (int)len, path);
            id = att_json_get(j, id, name);
            path += len;
        }
        path += *path == '.';
    }
    return id;
}

/* Strings unescaped, all else as written. */
static bool value_at(struct story *s, struct att_span json, const char *path, bool *ret_there,
                     struct att_span *ret)
{
    struct att_json doc;
    struct att_err err = { 0 };

    if (!att_json_parse(s->arena, json, NULL, &doc, &err))
        return fault(s, "%s: %.300s", err.text, (const char *)json.ptr);
    att_json_id id = walk(&doc, path);
    *ret_there = id != ATT_JSON_NONE;
    *ret = att_json_source(&doc, id);
    if (!*ret_there || att_json_type(&doc, id) != ATT_JSON_STRING)
        return true;
    return att_json_string(&doc, s->arena, id, ret) || fault(s, "memory");
}

bool verb_json(struct story *s, char *args)
{
    const char *path = word(&args);
    struct att_span value = { 0 };
    bool there = false;

    return value_at(s, s->reply.body, strcmp(path, ".") == 0 ? "" : path, &there, &value) &&
           compare(s, path, there, value, args);
}

/* {"token":"..."} or, in the oldest form, "..." */
static bool token_text(struct story *s, struct att_span *ret)
{
    bool there = false;

    if (s->reply.status != 200)
        return fault(s, "status %d and no token: %.600s", s->reply.status, (const char *)s->reply.body.ptr);
    const char *path = s->reply.body.len > 0 && s->reply.body.ptr[0] == '"' ? "" : "token";
    if (!value_at(s, s->reply.body, path, &there, ret))
        return false;
    keep_untold(s, *ret);
    return there || fault(s, "no token");
}

static struct att_span segment(struct att_span token, unsigned index)
{
    for (; index > 0; index--) {
        const uint8_t *dot = token.len > 0 ? memchr(token.ptr, '.', token.len) : NULL;
        if (!dot)
            return (struct att_span){ 0 };
        token = att_span_of(dot + 1, token.len - (size_t)(dot - token.ptr) - 1);
    }
    const uint8_t *dot = token.len > 0 ? memchr(token.ptr, '.', token.len) : NULL;
    return dot ? att_span_of(token.ptr, (size_t)(dot - token.ptr)) : token;
}

static bool token_part(struct story *s, unsigned index, struct att_span *ret)
{
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    return token_text(s, &token) &&
           (att_base64_decode(s->arena, ATT_BASE64_STRICT, segment(token, index), "token", ret, &err) ||
            fault(s, "token: %s", err.text));
}

/* "header.kid", "claims.exp", "text", "signature" */
static bool token_value(struct story *s, const char *path, bool *ret_there, struct att_span *ret)
{
    bool header = strncmp(path, "header.", 7) == 0;
    struct att_span json = { 0 };

    *ret_there = true;
    if (strcmp(path, "text") == 0)
        return token_text(s, ret);
    if (strcmp(path, "signature") == 0)
        return token_part(s, 2, ret);
    if (!header && strncmp(path, "claims.", 7) != 0)
        return fault(s, "header. or claims., not %s", path);
    return token_part(s, header ? 0 : 1, &json) && value_at(s, json, path + 7, ret_there, ret);
}

bool verb_token(struct story *s, char *args)
{
    const char *path = word(&args);
    struct att_span value = { 0 };
    bool there = false;

    return token_value(s, path, &there, &value) && compare(s, path, there, value, args);
}

/* Header and claims of the token are compact, keys sorted at every level. */
bool verb_sorted(struct story *s, char *args)
{
    (void)args;
    for (unsigned part = 0; part < 2; part++) {
        struct att_span json = { 0 };
        struct att_json doc;
        struct att_buf again = { 0 };
        if (!token_part(s, part, &json) || !att_json_parse(s->arena, json, NULL, &doc, NULL))
            return fault(s, "no JSON in the token");
        bool same = att_json_put_sorted(&doc, s->arena, ATT_JSON_ROOT, &again) &&
                    att_span_eq(att_buf_span(&again), json);
        att_buf_free(&again);
        if (!same)
            return fault(s, "not sorted: %.600s", (const char *)json.ptr);
    }
    return true;
}

/* keep NAME token PATH | keep NAME json PATH */
bool verb_keep(struct story *s, char *args)
{
    const char *name = word(&args);
    bool token = strcmp(word(&args), "token") == 0, there = false;
    struct att_span value = { 0 };

    if (!(token ? token_value(s, args, &there, &value) : value_at(s, s->reply.body, args, &there, &value)))
        return false;
    return there ? var_set(s, name, value) : fault(s, "no %s", args);
}

/* save FILE token|body */
bool verb_save(struct story *s, char *args)
{
    const char *path = word(&args);
    struct att_span bytes = s->reply.body;

    if (strcmp(args, "token") == 0 && !token_text(s, &bytes))
        return false;
    FILE *f = fopen(path, "w");
    if (!f || fwrite(bytes.ptr, 1, bytes.len, f) != bytes.len || fclose(f) != 0)
        return fault(s, "%s: %m", path);
    return true;
}

static bool same_text(struct story *s, const char *path, struct att_span wanted)
{
    struct att_span value = { 0 };
    bool there = false;

    if (!value_at(s, s->reply.body, path, &there, &value))
        return false;
    return (there && att_span_eq(value, wanted)) ||
           fault(s, "%s is not \"%.200s\" in %.600s", path, (const char *)wanted.ptr,
                 (const char *)s->reply.body.ptr);
}

static bool says_something(struct story *s, const char *path)
{
    struct att_span value = { 0 };
    bool there = false;

    return (value_at(s, s->reply.body, path, &there, &value) && there && value.len > 0) ||
           fault(s, "no %s in %.600s", path, (const char *)s->reply.body.ptr);
}

/* refusal STATUS CODE DETAIL : the one shape that every error has */
bool verb_refusal(struct story *s, char *args)
{
    const char *status = word(&args), *code = word(&args), *detail = word(&args);
    bool there = false;
    struct att_span type = header_get(s, "content-type", &there);

    if (!verb_status(s, att_arena_dup(s->arena, att_str(status))))
        return false;
    if (!there || !att_span_is(type, "application/json; charset=utf-8"))
        return fault(s, "content-type %.80s", (const char *)type.ptr);
    if (header_get(s, "x-ms-request-id", &there).len != strlen("00--0000000000000000-00") + 32)
        return fault(s, "no x-ms-request-id");
    if (s->head_only)
        return true;
    if (!att_span_is(header_get(s, "x-ms-error-code", &there), code))
        return fault(s, "x-ms-error-code is not %s", code);
    struct att_span message = { 0 };
    return value_at(s, s->reply.body, "error.message", &there, &message) &&
           says_something(s, "error.message") && same_text(s, "error.code", att_str(code)) &&
           same_text(s, "error.innererror.code", att_str(code)) &&
           same_text(s, "error.innererror.message", message) &&
           same_text(s, "error.details[0].code", att_str(detail)) &&
           says_something(s, "error.details[0].target") && says_something(s, "error.details[0].message") &&
           says_something(s, "error.details[0].found") && says_something(s, "error.details[0].expected");
}
