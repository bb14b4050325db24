/* eventlog/sipa.h - Windows' events: what stands in EV_EVENT_TAG of registers 11 to 14 and 17 to 20.
 *
 * A body is a sequence of number, size and payload; the payload of a container is such a sequence again. Reading flattens it
 * into one array in document order; an item knows where its parts end.
 *
 * Spec: wbcl.h of the Windows SDK (SIPAEVENT_..., SIPAERROR_...).
 */
#ifndef EVENTLOG_SIPA_H
#define EVENTLOG_SIPA_H

#include <attest/span.h>

struct att_arena;
struct att_json_writer;

enum sipa_kind {
    SIPA_RAW,           /* {"RawData"} */
    SIPA_RAW_LIST,      /* [{"RawData"}...], also of one */
    SIPA_NUMBERED,      /* "EVENT_0x...": {"RawData"} */
    SIPA_BOOL,          /* one byte, 00 or 01 */
    SIPA_INTEGER,       /* 1, 2, 4 or 8 bytes */
    SIPA_VALUE,         /* {"Value"} */
    SIPA_NAMED_VALUE,   /* {"String","Value"} */
    SIPA_STRING,        /* UTF-16 */
    SIPA_AUTHORIZATION, /* {"SignatureValid","RawData"} */
    SIPA_OBJECT,        /* container: its parts, together with those of its equals beside it */
    SIPA_LIST,          /* container: one element for each */
};
enum sipa_id {
#define X(number, name, kind) SIPA_ID_##name = number,
#include "eventlog/sipa.def"
#undef X
};
struct sipa_row {
    uint32_t id;
    const char *name; /* "EVENT_BOOTDEBUGGING" */
    enum sipa_kind kind;
};
/* NULL: unknown. */
const struct sipa_row *sipa_find(uint32_t id);

/* A real boundary with a hundred drivers has a thousand items, in three levels. */
enum { SIPA_ITEMS_MAX = 8192, SIPA_DEPTH_MAX = 6 };

struct sipa_item {
    struct att_span data;
    uint32_t id;
    uint32_t end; /* index behind its last part; its own index + 1 when it has none */
};
struct sipa_items {
    struct sipa_item *at;
    uint64_t *order; /* for the writer */
    uint32_t capacity, count;
};

/* Room for the items of one body of so many bytes, for one after the other; in the arena. False: memory. */
ATT_CHECK bool sipa_room(struct att_arena *a, size_t body_bytes_max, struct sipa_items *ret);
/* False: the bytes are not such a sequence, to the last one; or deeper, or more, than is taken. What is marked as not measured is
 * left out. */
ATT_CHECK bool sipa_read(struct att_span body, struct sipa_items *ret);
/* The object of all items. */
void sipa_json_put(struct att_json_writer *w, struct sipa_items *items);

/* Payloads; false when it is not that. */
ATT_CHECK bool sipa_bool(struct att_span data, bool *ret);
ATT_CHECK bool sipa_integer(struct att_span data, int64_t *ret);
/* UTF-16 without its one NUL at the end. */
ATT_CHECK bool sipa_string(struct att_span data, struct att_span *ret_utf16);
/* Text, NUL, number. The layout is published nowhere: this is how the published queries would be answered. */
ATT_CHECK bool sipa_named_value(struct att_span data, struct att_span *ret_utf16, int64_t *ret);
/* VSM_IDKS_INFO: an RSA key, big-endian. */
ATT_CHECK bool sipa_rsa_key(struct att_span data, struct att_span *ret_n, struct att_span *ret_e);

#endif
