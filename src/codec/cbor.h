/* codec/cbor.h - pull reader for CBOR (RFC 8949), for COSE.
 *
 * att_cbor_open() walks the whole document once and refuses what is not well-formed or exceeds a limit; what is
 * opened is one item with nothing behind it, every length in it fits, every text in it is UTF-8. Then the caller takes
 * item after item. Reading an array or a map gives its count; its items follow from the same reader. No memory is
 * allocated and nothing recurses.
 *
 * Taken: definite lengths, and arguments in their shortest form (RFC 8949 4.2.1). Refused: indefinite lengths,
 * longer forms, simple values other than false, true, null and undefined. Floating-point numbers can be skipped, not
 * read. The order of map keys is free. The same key twice is not seen by att_cbor_open: whoever reads a map calls
 * att_cbor_keys() on it.
 *
 * Example: [ 1, h'0102' ]
 *     struct att_cbor c;
 *     if (!att_cbor_open(bytes, NULL, "thing", &c, err) || !att_cbor_take_array(&c, "thing", &count, err))
 *         return false;
 *     if (count != 2)
 *         return att_fail(...);
 *     if (!att_cbor_take_uint(&c, "thing[0]", &version, err) || !att_cbor_take_bytes(&c, "thing[1]", &key, err) ||
 *         !att_cbor_done(&c, "thing", err))
 *         return false;
 *
 * Ownership: spans point into the document. Errors: CBOR_MALFORMED at `where`; `found` names the byte offset.
 */
#ifndef CODEC_CBOR_H
#define CODEC_CBOR_H

#include <attest/error.h>

#include "base/reader.h"

enum {
    ATT_CBOR_DEPTH_MAX = 16, /* no limit may be higher; a COSE_Sign1 with all that is inside needs 5 */
    ATT_CBOR_KEYS_MAX = 64,  /* keys of a map that att_cbor_keys compares, each with each; COSE headers: 7 */
};

struct att_cbor_limits {
    size_t bytes_max;
    size_t items_max; /* arrays, maps, tags, keys and values all count */
    size_t depth_max; /* arrays, maps and tags inside one another; at most ATT_CBOR_DEPTH_MAX */
};

extern const struct att_cbor_limits att_cbor_limits_default; /* 1 MiB, 10000 items, ATT_CBOR_DEPTH_MAX */

enum att_cbor_type {
    ATT_CBOR_UINT = 0, /* the first eight are RFC 8949's major types */
    ATT_CBOR_NEGATIVE = 1,
    ATT_CBOR_BYTES = 2,
    ATT_CBOR_TEXT = 3,
    ATT_CBOR_ARRAY = 4,
    ATT_CBOR_MAP = 5,
    ATT_CBOR_TAG = 6,
    ATT_CBOR_SIMPLE = 7, /* false is 20, true 21, null 22, undefined 23 */
    ATT_CBOR_FLOAT,
    ATT_CBOR_END, /* nothing is left */
};

struct att_cbor {
    struct att_reader r;
    size_t total; /* bytes of the document: total - r.left is the offset */
};

/* limits NULL: att_cbor_limits_default. */
ATT_CHECK bool att_cbor_open(struct att_span document, const struct att_cbor_limits *limits,
                             const char *where, struct att_cbor *ret, struct att_err *err);
/* What comes next; consumes nothing. */
enum att_cbor_type att_cbor_peek(const struct att_cbor *c);

/* The next item, which must be of this type. On false nothing was consumed. */
ATT_CHECK bool att_cbor_take_uint(struct att_cbor *c, const char *where, uint64_t *ret, struct att_err *err);
/* A positive or negative integer that fits. */
ATT_CHECK bool att_cbor_take_int(struct att_cbor *c, const char *where, int64_t *ret, struct att_err *err);
ATT_CHECK bool att_cbor_take_bytes(struct att_cbor *c, const char *where, struct att_span *ret,
                                   struct att_err *err);
ATT_CHECK bool att_cbor_take_text(struct att_cbor *c, const char *where, struct att_span *ret,
                                  struct att_err *err);
/* The head alone: items, or pairs of key and value, follow. */
ATT_CHECK bool att_cbor_take_array(struct att_cbor *c, const char *where, size_t *ret_items,
                                   struct att_err *err);
ATT_CHECK bool att_cbor_take_map(struct att_cbor *c, const char *where, size_t *ret_pairs,
                                 struct att_err *err);
/* The head alone: the tagged item follows. */
ATT_CHECK bool att_cbor_take_tag(struct att_cbor *c, const char *where, uint64_t *ret, struct att_err *err);
ATT_CHECK bool att_cbor_take_simple(struct att_cbor *c, const char *where, uint8_t *ret, struct att_err *err);
/* Any one item with all that is in it; `ret` (may be NULL) gets its bytes. */
ATT_CHECK bool att_cbor_skip(struct att_cbor *c, const char *where, struct att_span *ret,
                             struct att_err *err);
/* The keys of the map that is next, as they are written, each of which is there once; consumes nothing. Comparing what is
 * written is exact for integers and strings, which have one form here; floating-point keys of one value in two widths
 * would differ. */
ATT_CHECK bool att_cbor_keys(const struct att_cbor *c, const char *where,
                             struct att_span ret_keys[ATT_CBOR_KEYS_MAX], size_t *ret_count,
                             struct att_err *err);
/* Is nothing left? */
ATT_CHECK bool att_cbor_done(const struct att_cbor *c, const char *where, struct att_err *err);

#endif
