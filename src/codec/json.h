/* codec/json.h - strict JSON (RFC 8259) that keeps the source bytes of every value.
 *
 * Reading gives a flat array of nodes in document order; node 0 is the root. Strings stay in place with a
 * mark when they hold escapes. Every node knows the span of source it was read from, because TCB info, `jwk`
 * and `report_signed` are hashed or signed over exact source bytes.
 *
 * Refused: bytes that are not UTF-8, a BOM, unpaired surrogates, control characters in strings, any number
 * outside the grammar, trailing bytes, and the same member twice in one object. Names are compared after
 * unescaping
 * ("\u0061lg" is "alg"), exactly or, with fold_case, ignoring ASCII case (request envelopes).
 *
 * Example:
 *     struct att_json doc;
 *     if (!att_json_parse(arena, text, NULL, &doc, err))
 *         return false;
 *     att_json_id id = att_json_get(&doc, ATT_JSON_ROOT, "tcbInfo");
 *     struct att_span signed_bytes = att_json_source(&doc, id);
 *
 * Ownership: nodes and unescaped strings live in the arena; the source is borrowed and must outlive the doc.
 * Errors: JSON_SYNTAX, JSON_DUPLICATE, JSON_DEPTH, JSON_LIMIT, UTF8_INVALID; `where` is "json", found names
 * the byte offset; OUT_OF_MEMORY when the arena is full. The att_json_want_* readers add JSON_MISSING,
 * JSON_TYPE, JSON_RANGE, HEX_INVALID and TIME_INVALID with the member's dotted path.
 *
 * Cost: linear in the text but for the duplicate check, which sorts the names of objects with many members.
 * Memory: 28 bytes per value, up to twice that while the array grows. No recursion, here and in the writers.
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

enum att_json_type {
    ATT_JSON_NULL,
    ATT_JSON_BOOL,
    ATT_JSON_NUMBER,
    ATT_JSON_STRING,
    ATT_JSON_ARRAY,
    ATT_JSON_OBJECT,
};

typedef uint32_t att_json_id;
#define ATT_JSON_ROOT ((att_json_id)0)
#define ATT_JSON_NONE ((att_json_id)UINT32_MAX)

struct att_json_node {
    uint32_t start;  /* offset of the value's first byte */
    uint32_t end;    /* offset behind its last byte */
    uint32_t next;   /* the next sibling, ATT_JSON_NONE at the end */
    uint32_t key;    /* offset of the member name's first byte inside its quotes; 0 when not a member (a name
                      * never    starts before offset 2) */
    uint32_t keylen; /* bytes of the name as written */
    uint32_t count;  /* members or elements */
    uint8_t type;    /* enum att_json_type */
    bool escaped;    /* a string with at least one backslash */
    bool key_escaped;
};

struct att_json {
    struct att_span source;
    const struct att_json_node *nodes;
    uint32_t count;
    bool fold_case;
};

struct att_json_options {
    const struct att_limits *limits; /* NULL: att_limits_default */
    bool fold_case;                  /* duplicate names in any case are refused, att_json_get ignores case */
};

ATT_CHECK bool att_json_parse(struct att_arena *a, struct att_span text,
                              const struct att_json_options *options, struct att_json *ret,
                              struct att_err *err);

/* Every reader below takes ATT_JSON_NONE and then gives NONE, nothing or false, so that a chain of
 * att_json_get needs one check at its end. */

/* The member, or ATT_JSON_NONE (also when obj is NONE or not an object). Walks the members: for a handful of
 * names out of one object, not for an index. */
att_json_id att_json_get(const struct att_json *j, att_json_id obj, const char *name);
/* First child of an array or object, ATT_JSON_NONE when empty; then siblings by att_json_next. */
att_json_id att_json_first(const struct att_json *j, att_json_id id);
static inline att_json_id att_json_next(const struct att_json *j, att_json_id id)
{
    return id < j->count ? j->nodes[id].next : ATT_JSON_NONE;
}
/* ATT_JSON_NULL for ATT_JSON_NONE: who must tell absent from null compares the id first. */
static inline enum att_json_type att_json_type(const struct att_json *j, att_json_id id)
{
    return id < j->count ? (enum att_json_type)j->nodes[id].type : ATT_JSON_NULL;
}
/* The value's exact source bytes (strings with their quotes). */
struct att_span att_json_source(const struct att_json *j, att_json_id id);
/* Member name unescaped; text in the source or in the arena. False when the node is no member or memory ran
 * out. */
ATT_CHECK bool att_json_key(const struct att_json *j, struct att_arena *a, att_json_id id,
                            struct att_span *ret);
/* Is the member's name, unescaped, this text? Without memory, and letter for letter whatever fold_case says. */
bool att_json_key_is(const struct att_json *j, att_json_id id, struct att_span name);
/* String value unescaped; false when the node is no string or memory ran out. */
ATT_CHECK bool att_json_string(const struct att_json *j, struct att_arena *a, att_json_id id,
                               struct att_span *ret);
bool att_json_true(const struct att_json *j, att_json_id id);
/* Integer written without fraction and exponent, inside the range; false otherwise. "-0" is 0. */
ATT_CHECK bool att_json_i64(const struct att_json *j, att_json_id id, int64_t *ret);

/* Readers for required members: the error says which member of which object is missing or of the wrong type.
 * `where` is the dotted path of `obj`. */
ATT_CHECK bool att_json_want(const struct att_json *j, att_json_id obj, const char *where, const char *name,
                             enum att_json_type type, att_json_id *ret, struct att_err *err);
ATT_CHECK bool att_json_want_string(const struct att_json *j, struct att_arena *a, att_json_id obj,
                                    const char *where, const char *name, struct att_span *ret,
                                    struct att_err *err);
ATT_CHECK bool att_json_want_u32(const struct att_json *j, att_json_id obj, const char *where,
                                 const char *name, uint32_t max, uint32_t *ret, struct att_err *err);
/* Hex string of exactly `len` bytes, either case. */
ATT_CHECK bool att_json_want_hex(const struct att_json *j, struct att_arena *a, att_json_id obj,
                                 const char *where, const char *name, uint8_t *ret, size_t len,
                                 struct att_err *err);
ATT_CHECK bool att_json_want_time(const struct att_json *j, struct att_arena *a, att_json_id obj,
                                  const char *where, const char *name, int64_t *ret_unix_s,
                                  struct att_err *err);

/* Writing
 * ------------------------------------------------------------------------------------------------------ */
struct att_buf;

/* A quoted, escaped JSON string: escapes only where RFC 8259 7 demands them. Each byte of the input that
 * belongs to no UTF-8 character is written as U+FFFD. */
void att_json_put_string(struct att_buf *b, struct att_span text);
/* The value again, compact, with the members of every object sorted by name (byte order of the unescaped
 * names); numbers and strings keep their meaning, numbers also their spelling. Never longer than the source.
 * On false nothing was appended: memory ran out, the buffer is full, or `id` is none of the document. */
ATT_CHECK bool att_json_put_sorted(const struct att_json *j, struct att_arena *a, att_json_id id,
                                   struct att_buf *b);

/* A streaming writer that puts commas and colons where they belong. Compact; `pretty` indents by two spaces.
 * Check out->failed (sticky) at the end: it also says that the calls did not make one JSON value (a name
 * outside of an object, an end too many, two values at the top). What it cannot see: a missing end, the wrong
 * kind of end, a value without a name in an object.
 *
 *     struct att_json_writer w = { .out = &buf };
 *     att_jw_object(&w);
 *     att_jw_key(&w, "iat");
 *     att_jw_int(&w, now_unix_s);
 *     att_jw_end_object(&w);
 */
struct att_json_writer {
    struct att_buf *out;
    unsigned depth;
    bool pretty;
    bool after_value; /* a comma is due before the next value or member */
    bool after_key;
};
void att_jw_object(struct att_json_writer *w);
void att_jw_end_object(struct att_json_writer *w);
void att_jw_array(struct att_json_writer *w);
void att_jw_end_array(struct att_json_writer *w);
void att_jw_key(struct att_json_writer *w, const char *name);
void att_jw_key_span(struct att_json_writer *w, struct att_span name);
void att_jw_string(struct att_json_writer *w, struct att_span text);
void att_jw_str(struct att_json_writer *w, const char *text); /* NULL writes null */
void att_jw_int(struct att_json_writer *w, int64_t v);
void att_jw_bool(struct att_json_writer *w, bool v);
void att_jw_null(struct att_json_writer *w);
void att_jw_hex(struct att_json_writer *w, struct att_span bytes);
/* Text that already is one JSON value. */
void att_jw_raw(struct att_json_writer *w, struct att_span json);

#endif
