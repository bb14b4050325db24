/* cli/members.h - reading the members of a JSON document that may or may not be there, and showing them. */
#ifndef CLI_MEMBERS_H
#define CLI_MEMBERS_H

#include "base/buf.h"
#include "codec/json.h"

struct members {
    struct att_arena *arena;
    const struct att_json *doc;
    bool failed; /* sticky: a member had another type or held a NUL, or memory ran out */
};

/* NULL when absent or null. */
const char *member_text(struct members *m, att_json_id object, const char *name);
/* A member of a member of ...: "properties.attestUri". Never NULL: "" when absent. */
const char *member_at(struct members *m, att_json_id object, const char *path);

/* For a terminal: whatever could steer one is written as a question mark. */
void cli_put_plain(struct att_buf *b, const char *text);

/* printf into the arena. NULL when memory runs out. */
const char *cli_text(struct att_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
