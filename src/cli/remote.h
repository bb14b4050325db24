/* cli/remote.h - asking the service in the name of who is logged in.
 *
 *     struct remote r;
 *     struct remote_answer answer;
 *     if (!remote_open(c, &r) || !remote_call(&r, &(struct remote_request){ .path = path }, &answer))
 *         return r.exit;                                   what is wrong was said already
 *
 * What the service refuses is shown with its code, message and details as they came. Exit status: 1 for a clear no
 * (4xx), 3 when the answer tells nothing (no answer, 408, 429, 5xx, no JSON where JSON was due).
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "base/buf.h"
#include "cli/members.h"
#include "cli/profile.h"

#define VERSION_PROVIDERS "2021-06-01"
#define VERSION_GROUPS    "2021-04-01"
#define VERSION_ROLES     "2022-04-01"
#define VERSION_OWN       "2026-01-01" /* principals, audit records */
#define VERSION_DATA      "2022-08-01"

struct remote {
    struct cli *c;
    struct profile profile;
    enum cli_exit exit; /* of the last failure */
};

struct remote_request {
    const char *method; /* NULL: GET */
    const char *url;    /* base of another plane: a provider's attestUri; NULL: the profile's */
    const char *path;   /* from its slash on, with query */
    enum audience audience;
    const char *if_match;
    const char *if_none_match;
    const char *content_type;    /* NULL with a body: application/json */
    const struct att_span *body; /* NULL: none */
};

struct remote_answer {
    long status;
    char etag[96];
    struct att_span body; /* in the arena */
    bool has_doc;
    struct att_json doc; /* when has_doc */
};

ATT_CHECK bool remote_open(struct cli *c, struct remote *ret);
/* True when an answer came, whatever it says: also that of the authority, when it refuses a token. */
ATT_CHECK bool remote_send(struct remote *r, const struct remote_request *q, struct remote_answer *ret,
                           struct att_err *err);
/* True for 2xx, with a document when there is a body. */
ATT_CHECK bool remote_call(struct remote *r, const struct remote_request *q, struct remote_answer *ret);
static inline bool remote_done(const struct remote_answer *a)
{
    return a->status >= 200 && a->status < 300;
}

/* The refusal of a whole command; gives the exit status. */
enum cli_exit remote_refuse(struct cli *c, const struct remote_answer *a);
enum cli_exit remote_exit_of(const struct remote_answer *a);
/* {"status":...,"error":{...}}, and the same as lines for people. */
void remote_put_refusal(struct att_json_writer *w, struct cli *c, const struct remote_answer *a);
void remote_show_refusal(struct att_buf *b, struct cli *c, const struct remote_answer *a);
/* A failure of ours: says it, notes the exit status, gives false. */
bool remote_fail(struct remote *r, const struct att_err *err);

/* A valid token for the audience: the cached one, or a new one, then kept. On false with an `answer` of a status other
 * than 0 the authority refused. */
ATT_CHECK bool remote_token(struct cli *c, struct profile *p, enum audience audience, const char **ret,
                            struct remote_answer *answer, struct att_err *err);

/* The answer as it came: with --json, on one line. */
void remote_put_json(struct cli *c, const struct remote_answer *a);
static inline struct members remote_members(struct remote *r, const struct remote_answer *a)
{
    return (struct members){ .arena = r->c->arena, .doc = &a->doc };
}

#endif
