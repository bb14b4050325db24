/* codec/der.h - pull reader for DER (X.690), for the extensions that OpenSSL does not know.
 *
 * Definite, minimal lengths only, of at most four bytes; single-byte tags only (all that X.509 extensions of
 * this field use); universal types in the one form, primitive or constructed, that DER gives them. Reading an
 * element consumes it from the reader and gives its content; constructed content is read by another reader
 * over it, and every reader must end with att_all_read(). A refusal sticks in the reader, and outputs are
 * left alone: the caller knows which field it was and says so (DER_MALFORMED or its own code). Not checked:
 * what is inside strings, OIDs and times, and the order of SET elements.
 *
 * Example:
 *     struct att_reader outer = att_reader_of(extension);
 *     struct att_span inside;
 *     uint64_t svn = 0;
 *     if (!att_der_take(&outer, ATT_DER_SEQUENCE, &inside) || !att_all_read(&outer))
 *         return att_fail(...);
 *     struct att_reader r = att_reader_of(inside);
 *     if (!att_der_take_uint(&r, ATT_DER_INTEGER, 255, &svn) || !att_all_read(&r))
 *         return att_fail(...);
 */
#ifndef CODEC_DER_H
#define CODEC_DER_H

#include <attest/error.h>

#include "base/reader.h"

enum att_der_tag {
    ATT_DER_BOOLEAN = 0x01,
    ATT_DER_INTEGER = 0x02,
    ATT_DER_BIT_STRING = 0x03,
    ATT_DER_OCTET_STRING = 0x04,
    ATT_DER_NULL = 0x05,
    ATT_DER_OID = 0x06,
    ATT_DER_ENUMERATED = 0x0a,
    ATT_DER_UTF8_STRING = 0x0c,
    ATT_DER_SEQUENCE = 0x30,
    ATT_DER_SET = 0x31,
};

/* The next element, whatever its tag. */
ATT_CHECK bool att_der_next(struct att_reader *r, uint8_t *ret_tag, struct att_span *ret_content);
/* The next element, which must have this tag. On false the reader has failed. */
ATT_CHECK bool att_der_take(struct att_reader *r, uint8_t tag, struct att_span *ret_content);
/* INTEGER or ENUMERATED that is not negative, minimal and <= max. */
ATT_CHECK bool att_der_take_uint(struct att_reader *r, uint8_t tag, uint64_t max, uint64_t *ret);
/* BOOLEAN, 00 or FF only. */
ATT_CHECK bool att_der_take_bool(struct att_reader *r, bool *ret);
/* OCTET STRING of exactly `len` bytes. */
ATT_CHECK bool att_der_take_octets(struct att_reader *r, size_t len, struct att_span *ret);

#endif
