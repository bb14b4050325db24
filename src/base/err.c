#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    const char *text;
    enum att_class class_;
} rows[ATT_CODE_COUNT] = {
    [ATT_OK] = { "OK", "no error", ATT_CLASS_NONE },
#define X(code, class_, text) [ATT_##code] = { #code, text, ATT_CLASS_##class_ },
#include <attest/errors.def>
#undef X
};

static const char *const class_names[] = {
    [ATT_CLASS_NONE] = "none",
    [ATT_CLASS_EVIDENCE] = "evidence",
    [ATT_CLASS_COLLATERAL] = "collateral",
    [ATT_CLASS_POLICY] = "policy",
    [ATT_CLASS_TOKEN] = "token",
    [ATT_CLASS_REQUEST] = "request",
    [ATT_CLASS_INTERNAL] = "internal",
};

static size_t row_of(enum att_code code)
{
    return code < ATT_CODE_COUNT ? code : ATT_INTERNAL;
}

const char *att_code_name(enum att_code code)
{
    return rows[row_of(code)].name;
}
const char *att_code_text(enum att_code code)
{
    return rows[row_of(code)].text;
}
enum att_class att_code_class(enum att_code code)
{
    return rows[row_of(code)].class_;
}

const char *att_class_name(enum att_class c)
{
    return (size_t)c < sizeof class_names / sizeof class_names[0] ? class_names[c] : "internal";
}

static void compose(struct att_err *err)
{
    const char *sentence = att_code_text(err->code);

    /* Cutting is fine: every buffer is larger than its parts need in practice, and a cut sentence is still
     * one. */
    if (err->found[0] && err->expected[0])
        (void)snprintf(err->text, sizeof err->text, "%s: %s is %s, expected %s", sentence, err->where,
                       err->found, err->expected);
    else if (err->found[0])
        (void)snprintf(err->text, sizeof err->text, "%s: %s is %s", sentence, err->where, err->found);
    else
        (void)snprintf(err->text, sizeof err->text, "%s: %s", sentence, err->where);
}

bool att_fail(struct att_err *err, enum att_code code, const char *where, const char *expected,
              const char *found_format, ...)
{
    va_list args;

    if (!err || err->code != ATT_OK)
        return false;
    err->code = code;
    (void)snprintf(err->where, sizeof err->where, "%s", where);
    (void)snprintf(err->expected, sizeof err->expected, "%s", expected);
    va_start(args, found_format);
    (void)vsnprintf(err->found, sizeof err->found, found_format, args);
    va_end(args);
    compose(err);
    return false;
}

bool att_fail_as(struct att_err *err, enum att_code code, const char *where)
{
    char inner[sizeof err->where];

    if (!err)
        return false;
    if (err->code == ATT_OUT_OF_MEMORY || err->code == ATT_INTERNAL || err->code == ATT_CRYPTO_FAILED)
        return false; /* our own trouble must not be blamed on the input */
    (void)snprintf(inner, sizeof inner, "%s", err->where);
    int head = inner[0] && where[0] ? snprintf(err->where, sizeof err->where, "%s.", where) : -1;
    if (head >= 0 && (size_t)head < sizeof err->where)
        (void)snprintf(err->where + head, sizeof err->where - (size_t)head, "%.*s",
                       (int)(sizeof err->where - (size_t)head - 1), inner);
    else if (head < 0 && where[0])
        (void)snprintf(err->where, sizeof err->where, "%s", where);
    err->code = code;
    compose(err);
    return false;
}

void att_err_text(struct att_err *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
}

bool att_fail_memory(struct att_err *err, const char *where)
{
    return att_fail(err, ATT_OUT_OF_MEMORY, where, "memory within the limit of this request", "none left");
}

const char *att_shown(struct att_shown *room, struct att_span bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        bool plain = c >= 0x20 && c < 0x7f && c != '\\';
        if (at + (plain ? 1 : 4) + 4 > sizeof room->text) {
            memcpy(room->text + at, "...", 3);
            at += 3;
            break;
        }
        if (plain) {
            room->text[at++] = (char)c;
            continue;
        }
        room->text[at++] = '\\';
        room->text[at++] = 'x';
        room->text[at++] = digits[c >> 4];
        room->text[at++] = digits[c & 15];
    }
    room->text[at] = '\0';
    return room->text;
}
