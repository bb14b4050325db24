/* tests/unit/eventlog/build.h - logs as text: "=4 :2 .1 aax20 'Some_text' 0102".
 *
 *     =N :N .N    a number of four, two, one bytes, little endian
 *     HHxN        N bytes HH
 *     'text'      its characters, _ for a space
 *     HH..        bytes
 */
#ifndef TESTS_UNIT_EVENTLOG_BUILD_H
#define TESTS_UNIT_EVENTLOG_BUILD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "eventlog/log.h"
#include "support/cases.h"

/* A header with SHA-1 and SHA-256, and events that have both. */
#define SPEC3                            "'Spec_ID_Event03' .0 =0 .0 .2 .0 .2 "
#define HEADER_OF(size, rest)            "=0 =3 00x20 =" size " " SPEC3 rest
#define HEADER                           HEADER_OF("37", "=2 :4 :20 :11 :32 .0 ")
#define EVENT(pcr, type, one, two, body) "=" pcr " =" type " =2 :4 " one "x20 :11 " two "x32 " body " "
#define OLD_EVENT(pcr, type, one, body)  "=" pcr " =" type " " one "x20 " body " "

static struct att_arena *arena;
static struct log_env env;

static inline void start(void)
{
    arena = att_arena_new((size_t)56 << 20);
    env = (struct log_env){ .crypto = att_crypto_new(), .arena = arena, .limits = &att_limits_default };
    if (!arena || !env.crypto)
        exit(1);
}

static inline void stop(void)
{
    att_crypto_free((struct att_crypto *)(uintptr_t)env.crypto);
    att_arena_free(arena);
}

static inline void build_token(struct att_buf *b, const char *at, size_t len)
{
    const char *times = memchr(at, 'x', len);
    unsigned long number = strtoul(at + 1, NULL, 0);
    uint8_t byte[64];

    if (*at == '=')
        att_buf_u32le(b, (uint32_t)number);
    else if (*at == ':')
        att_buf_u16le(b, (uint16_t)number);
    else if (*at == '.')
        att_buf_putc(b, (char)number);
    else if (*at == '\'')
        for (size_t i = 1; i + 1 < len; i++)
            att_buf_putc(b, at[i] == '_' ? ' ' : at[i]);
    else if (times && att_hex_read(att_span_of(at, 2), byte, 1))
        att_buf_fill(b, byte[0], strtoul(times + 1, NULL, 10));
    else if (len / 2 <= sizeof byte && att_hex_read(att_span_of(at, len), byte, len / 2))
        att_buf_put(b, att_span_of(byte, len / 2));
    else
        exit(1); /* a slip in the test's own text */
}

/* Appends; the whole so far. */
static inline struct att_span build(struct att_buf *b, const char *text)
{
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        build_token(b, text, len);
        text += len;
    }
    return att_buf_span(b);
}

static inline bool append(enum log_form form, struct att_span bytes, struct log_events *set,
                          struct att_err *err)
{
    *err = (struct att_err){ 0 };
    return log_append(&env, form, bytes, "log", set, err);
}

static inline bool inside(struct att_span whole, struct att_span part)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
                             (size_t)(part.ptr - whole.ptr) <= whole.len - part.len);
}

#endif
