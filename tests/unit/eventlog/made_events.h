/* Events as data, without a log around them: each digest is made from its body, and a test then changes what an attacker can
 * change, which is everything but digests and their order in a register. */
#ifndef TESTS_UNIT_EVENTLOG_MADE_EVENTS_H
#define TESTS_UNIT_EVENTLOG_MADE_EVENTS_H

#include "base/buf.h"
#include "base/hex.h"
#include "crypto/crypto.h"
#include "eventlog/body.h"

#include <stdlib.h>

enum { MADE_MAX = 64 };
enum { TAG = 0x06, SEPARATOR = 0x04, IPL = 0x0d };
#define DRIVER_CONFIG 0x80000001u
#define VARIABLE_BOOT 0x80000002u
#define AUTHORITY     0x800000e0u

struct made {
    struct att_crypto *crypto;
    struct att_arena *arena;
    struct log_env env;
    struct att_limits limits;
    struct log_events set;
    struct log_proven proven;
    struct log_event at[MADE_MAX];
    uint8_t digest[MADE_MAX][LOG_DIGEST_BYTES_MAX];
};

static inline void made_start(struct made *m)
{
    *m = (struct made){ .crypto = att_crypto_new(),
                        .arena = att_arena_new((size_t)64 << 20),
                        .limits = att_limits_default,
                        .proven = { .bank = ATT_SHA256, .pcrs = 0xffffff } };
    if (!m->crypto || !m->arena)
        abort();
    m->env = (struct log_env){ .crypto = m->crypto, .arena = m->arena, .limits = &m->limits };
    m->set = (struct log_events){ .items = m->at, .capacity = MADE_MAX, .banks = 1u << ATT_SHA256 };
}

static inline void made_end(struct made *m)
{
    att_arena_free(m->arena);
    att_crypto_free(m->crypto);
}

static inline struct att_span made_copy(struct made *m, struct att_span bytes)
{
    char *copy = att_arena_dup(m->arena, bytes);

    if (!copy)
        abort();
    return att_span_of(copy, bytes.len);
}

/* What is measured is `measured`, what the log shows is `body`. */
static inline struct log_event *made_add_as(struct made *m, uint32_t pcr, uint32_t type, struct att_span body,
                                            struct att_span measured)
{
    size_t i = m->set.count++;
    struct log_event *e = &m->at[i];

    if (i >= MADE_MAX || !att_digest(m->crypto, ATT_SHA256, measured, m->digest[i]))
        abort();
    *e = (struct log_event){ .seq = (uint32_t)i, .pcr = pcr, .type = type, .extends = type != 3 };
    e->digest[ATT_SHA256] = m->digest[i];
    e->body = made_copy(m, body);
    return e;
}

static inline struct log_event *made_add(struct made *m, uint32_t pcr, uint32_t type, struct att_span body)
{
    return made_add_as(m, pcr, type, body, body);
}

/* The same digest as a record of IMA extends it, whose template is not known and whose data is the body. */
static inline struct log_event *made_as_ima(struct made *m, uint32_t pcr, struct att_span body)
{
    struct log_event *e = made_add(m, pcr, 0, body);

    e->digest[ATT_SHA256] = NULL;
    e->ima = true;
    e->template_name = att_str("of-mine");
    return e;
}

static inline struct att_span made_hex(struct made *m, const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *p = att_arena_alloc(m->arena, n + 1, 1);

    if (!p || !att_hex_read(att_str(hex), p, n))
        abort();
    return att_span_of(p, n);
}

static inline void made_utf16(struct att_buf *b, const char *text)
{
    for (; *text; text++)
        att_buf_u16le(b, (uint8_t)*text);
}

#define GLOBAL_GUID   "61dfe48bca93d211aa0d00e098032b8c"
#define SECURITY_GUID "cbb219d73a3d9645a3bcdad00e67656f"

static inline struct att_span made_variable(struct made *m, const char *guid, const char *name,
                                            struct att_span data)
{
    struct att_buf b = { 0 };

    att_buf_put(&b, made_hex(m, guid));
    att_buf_u64le(&b, strlen(name));
    att_buf_u64le(&b, data.len);
    made_utf16(&b, name);
    att_buf_put(&b, data);
    struct att_span all = made_copy(m, att_buf_span(&b));
    att_buf_free(&b);
    return all;
}

static inline struct att_span made_secure_boot(struct made *m, const char *hex)
{
    return made_variable(m, GLOBAL_GUID, "SecureBoot", made_hex(m, hex));
}

/* One of Windows' items: number, size, payload. */
static inline struct att_span made_item(struct made *m, uint32_t id, struct att_span payload)
{
    struct att_buf b = { 0 };

    att_buf_u32le(&b, id);
    att_buf_u32le(&b, (uint32_t)payload.len);
    att_buf_put(&b, payload);
    struct att_span all = made_copy(m, att_buf_span(&b));
    att_buf_free(&b);
    return all;
}

static inline struct att_span made_join(struct made *m, struct att_span a, struct att_span b)
{
    struct att_buf buf = { 0 };

    att_buf_put(&buf, a);
    att_buf_put(&buf, b);
    struct att_span all = made_copy(m, att_buf_span(&buf));
    att_buf_free(&buf);
    return all;
}

static inline struct att_span made_bool(struct made *m, uint32_t id, unsigned value)
{
    uint8_t byte = (uint8_t)value;

    return made_item(m, id, att_span_of(&byte, 1));
}

static inline struct att_span made_boundary(struct made *m, struct att_span parts)
{
    return made_item(m, 0x40010001, parts);
}

static inline void made_separator(struct made *m, uint32_t pcr)
{
    (void)made_add(m, pcr, SEPARATOR, made_hex(m, "00000000"));
}

static inline void made_wbcl(struct made *m, uint32_t pcr)
{
    (void)made_add(m, pcr, SEPARATOR, att_str("WBCL"));
}

#endif
