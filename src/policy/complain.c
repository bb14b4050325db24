#include "policy/complain.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

void policy_path_add(struct policy_path *path, const char *name)
{
    size_t at = strlen(path->text);

    (void)snprintf(path->text + at, sizeof path->text - at, "%s%s", at ? " > " : "", name);
}

const char *policy_symbol_of(struct policy_symbol *room, struct att_span text)
{
    struct att_shown shown;

    (void)snprintf(room->text, sizeof room->text, "'%s'", text.len ? att_shown(&shown, text) : "<EOF>");
    return room->text;
}

static void where_of(char *ret, size_t size, const struct policy_mark *at)
{
    if (at->line)
        (void)snprintf(ret, size, "policy:%u:%u", at->line, at->column);
    else
        (void)snprintf(ret, size, "policy");
}

bool policy_complain(const struct policy_complaint *to, enum att_code code, const struct policy_mark *at,
                     const char *path, const char *expected, const char *message, ...)
{
    char sentence[256];
    char where[48];
    struct policy_symbol symbol;
    va_list args;

    if (to->place)
        *to->place = (struct att_policy_place){ at->line, at->column };
    if (!to->err || to->err->code != ATT_OK)
        return false;
    va_start(args, message);
    (void)vsnprintf(sentence, sizeof sentence, message, args);
    va_end(args);
    where_of(where, sizeof where, at);
    (void)att_fail(to->err, code, where, expected, "%s", policy_symbol_of(&symbol, at->text));
    /* The documented block. Its columns count from 1 here (A5 of the reference). */
    att_err_text(to->err,
                 "Policy Parser Exception Thrown: Offending symbol: %s\nLine: '%u', Column: '%u'\n"
                 "Failure message: '%s'\nFailing rule: '%s'",
                 symbol.text, at->line, at->column, sentence, path);
    return false;
}

bool policy_engine_fail(struct att_err *err, enum att_code code, const struct policy_mark *at,
                        const char *expected, const char *sentence, const char *found, ...)
{
    char seen[sizeof err->found];
    char where[48];
    va_list args;

    if (!err || err->code != ATT_OK)
        return false;
    va_start(args, found);
    (void)vsnprintf(seen, sizeof seen, found, args);
    va_end(args);
    where_of(where, sizeof where, at);
    (void)att_fail(err, code, where, expected, "%s", seen);
    att_err_text(err, "Policy Engine Exception: %s", sentence);
    return false;
}
