/* site/row.h - the rows of this folder: what stands in the body of a document of each kind.
 *
 * A kind is a table of fields (row_<kind>.c): name in the JSON, place in the struct, form. From the table come the
 * encoder, the strict decoder and the copy of an object into one block of memory, so the three cannot disagree.
 * Members are written compact and in order of their names; the decoder wants exactly these, each in its form.
 */
#ifndef SITE_ROW_H
#define SITE_ROW_H

#include "base/buf.h"
#include "site/site.h"
#include "store/store.h"

enum site_field_type {
    SITE_TEXT,      /* const char *: a string */
    SITE_TEXT_SPAN, /* struct att_span: a string */
    SITE_BYTES,     /* struct att_span: base64url without padding */
    SITE_OBJECT,    /* struct att_span: a JSON object as it is, null when empty */
    SITE_FLAG,      /* bool */
    SITE_NUMBER,    /* uint32_t */
    SITE_TIME,      /* int64_t: a time, null for 0 */
    SITE_CHOICE,    /* an enum: one of `choices` */
    SITE_ARRAY,     /* pointer and count */
};

struct site_form {
    const char *what;              /* for the refusal: "a GUID in lower case" */
    bool (*fits)(struct att_span); /* NULL: any bytes */
    size_t bytes_min, bytes_max;
};
extern const struct site_form site_form_guid, site_form_guid_any_case, site_form_text,
    site_form_text_or_empty, site_form_principal, site_form_flexible_name, site_form_jws;

struct site_field {
    const char *name;
    enum site_field_type type;
    bool later; /* OBJECT: older rows do not have it, and one that is empty is left out */
    size_t offset;
    const struct site_form *form;    /* TEXT, TEXT_SPAN, BYTES, OBJECT */
    const char *const *choices;      /* CHOICE; NULL-terminated */
    const struct site_field *fields; /* ARRAY: of each element */
    size_t element_bytes, count_offset, count_max;
};

/* The three that every kind has; o is the first member, so the offsets are those of struct site_object. */
extern const struct site_form site_form_actor;
#define SITE_FIELD_CHANGED_BY                                                                                \
    {                                                                                                        \
        .name = "changed_by", .type = SITE_TEXT, .offset = offsetof(struct site_object, changed_by),         \
        .form = &site_form_actor                                                                             \
    }
#define SITE_FIELD_CREATED_AT                                                                                \
    {                                                                                                        \
        .name = "created_at", .type = SITE_TIME, .offset = offsetof(struct site_object, created_unix_s)      \
    }
#define SITE_FIELD_CREATED_BY                                                                                \
    {                                                                                                        \
        .name = "created_by", .type = SITE_TEXT, .offset = offsetof(struct site_object, created_by),         \
        .form = &site_form_actor                                                                             \
    }

struct site_row {
    const char *name;                /* of the kind, in the store */
    size_t bytes;                    /* of the struct */
    const struct site_field *fields; /* ends with an empty one */
    /* What one field alone does not show: the key is that of the fields, members that exclude each other. */
    bool (*check)(const void *object, struct att_err *err);
    unsigned parent_segments; /* the key without so many segments is the parent's */
    unsigned parent_kinds;    /* 1u << kind of each; 0: none */
    bool
        part_of_provider; /* another one makes the provider another object: what was derived from it is old */
    /* Of a kind that programs beside this one may not know: they delete the provider and leave the row. Such a row is not read
     * (site_rule_left_behind), and goes when its key or its provider's is put. */
    bool may_be_left;
};
enum { SITE_CREDENTIALS_MAX = 32 };

extern const struct site_row *const site_rows[SITE_KINDS];
extern const struct site_row site_row_subscription, site_row_group, site_row_provider, site_row_policy,
    site_row_connection, site_row_assignment, site_row_principal, site_row_diagnostic;

/* The body of the object's row. PARAMETER_INVALID names the field that does not have its form; LIMIT_EXCEEDED. */
ATT_CHECK bool site_row_encode(const void *object, struct att_arena *arena, struct att_buf *out,
                               struct att_err *err);
/* An object in the arena. */
ATT_CHECK bool site_row_decode(enum site_kind kind, const struct store_doc *doc, struct att_arena *arena,
                               const void **ret, struct att_err *err);

/* The same for rows that are no objects of the site: `where` is the place of the row in refusals; *ret is zeroed. */
ATT_CHECK bool site_fields_encode(const struct site_field *fields, const void *row, const char *where,
                                  struct att_arena *arena, struct att_buf *out, struct att_err *err);
ATT_CHECK bool site_fields_decode(const struct site_field *fields, struct att_span body, const char *where,
                                  struct att_arena *arena, void *ret, struct att_err *err);
/* The row's trouble becomes STORE_FAILED and names the row; our own trouble (memory, crypto) stays as it is. False. */
bool site_row_broken(const char *kind, const char *id, struct att_err *err);

/* -- what happened to policies: rows that stay in the store: row_history.c ---------------------------------- */

#define SITE_ROW_EVENT   "policy-event"      /* id PROVIDER-KEY/policies/TYPE/history/0000000001 */
#define SITE_ROW_HISTORY "policy-history"    /* id PROVIDER-KEY/policies/TYPE/history: the last number */
#define SITE_ROW_USED    "policy-token-used" /* id PROVIDER-KEY/tokens/SHA-256 */

ATT_CHECK bool site_event_encode(const struct site_policy_event *event, struct att_arena *arena,
                                 struct att_buf *out, struct att_err *err);
/* The event that the row with this number holds. */
ATT_CHECK bool site_event_decode(const struct store_doc *doc, uint64_t number, struct att_arena *arena,
                                 struct site_policy_event *ret, struct att_err *err);
ATT_CHECK bool site_history_encode(uint64_t last, struct att_arena *arena, struct att_buf *out,
                                   struct att_err *err);
ATT_CHECK bool site_history_decode(const struct store_doc *doc, struct att_arena *arena, uint64_t *ret_last,
                                   struct att_err *err);

/* -- for the checks --------------------------------------------------------------------------------------- */

bool site_is_text(struct att_span s);       /* one line of UTF-8 */
bool site_is_lower_text(struct att_span s); /* likewise, without ASCII capitals */
ATT_CHECK bool site_form_check(const struct site_form *form, struct att_span value, const char *where,
                               struct att_err *err);
/* Is the object's key this one, in lower case? NAME_INVALID. */
ATT_CHECK bool site_key_check(const struct site_object *o, struct att_err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The key without its last segments. */
struct att_span site_key_parent(const char *key, unsigned segments);

#endif
