/* config/config_table.h - the tables behind config.h: which settings a section has, what their values may be. For the
 * files config*.c. */
#ifndef CONFIG_CONFIG_TABLE_H
#define CONFIG_CONFIG_TABLE_H

#include "config/config.h"

enum config_kind {
#define K(kind, take, type) CONFIG_##kind,
#include "config/kinds.def"
#undef K
};
enum config_required { CONFIG_NEVER, CONFIG_PRODUCTION, CONFIG_ALWAYS };

struct config_row {
    const char *name;
    enum config_kind kind;
    size_t at; /* in the section's struct */
    const char *initial;
    enum config_required required;
    unsigned long min, max;
    const char *help;
};

enum config_section {
    CONFIG_ATTESTD,
    CONFIG_ISSUER,
    CONFIG_SUBSCRIPTION,
    CONFIG_SOURCE,
    CONFIG_COMPLIANCE,
    CONFIG_SINK,
    CONFIG_SECTIONS
};

enum { CONFIG_ROWS_MAX = 128 };

struct config_table {
    const char *name;      /* "issuer" */
    const char *parameter; /* "NAME"; NULL: the section stands once */
    const char *sample;    /* what stands for it in the sample file */
    const char *about;     /* for the sample and the man page */
    const struct config_row *rows;
    size_t count;
};
extern const struct config_table config_tables[CONFIG_SECTIONS];

/* One section of a struct config. */
struct config_place {
    enum config_section section;
    size_t index; /* of issuers, subscriptions, ... */
};
/* The section of a header, "attestd" or "issuer corp": found, or made with its defaults. ret_made may be NULL. */
ATT_CHECK bool config_open(struct att_arena *arena, struct config *c, struct att_span header,
                           struct config_place *ret, struct att_err *err);
/* NULL when the section has no such setting. */
const struct config_row *config_row_of(enum config_section section, struct att_span name);
/* Sets one row of a section. */
ATT_CHECK bool config_put(struct att_arena *arena, struct config *c, const struct config_place *place,
                          struct att_span name, const char *value, struct att_err *err);
/* The text of a row whose kind is one of text. */
const char *config_text(const void *section, const struct config_row *row);

/* -- kinds: `to` is of the type that kinds.def says, and changes only on success ---------------------------- */

#define K(kind, take, type)                                                                                  \
    ATT_CHECK bool take(struct att_arena *arena, void *to, const struct config_row *row, const char *value,  \
                        struct att_err *err);
#include "config/kinds.def"
#undef K
/* "8-4-4-4-12" hexadecimal digits, copied in lower case; NULL when it is none or memory is out. */
char *config_guid(struct att_arena *arena, struct att_span text);

#endif
