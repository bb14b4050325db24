/* evidence/tpm/members.h - members of a request's JSON. Every refusal is TPM_REQUEST_MALFORMED and names the member. */
#ifndef EVIDENCE_TPM_MEMBERS_H
#define EVIDENCE_TPM_MEMBERS_H

#include "codec/json.h"

struct tpm_reading {
    struct att_arena *arena;
    const struct att_json *doc;
    struct att_err *err;
};

/* "tpm.current" + "logs" -> "tpm.current.logs" */
struct tpm_path {
    char text[sizeof((struct att_err *)0)->where];
};
const char *tpm_path(struct tpm_path *room, const char *where, const char *name);
const char *tpm_path_item(struct tpm_path *room, const char *where, const char *name, size_t i);

ATT_CHECK bool tpm_want(const struct tpm_reading *r, att_json_id obj, const char *where, const char *name,
                        enum att_json_type type, att_json_id *ret);
/* As above, but the member may be missing: ATT_JSON_NONE then. */
ATT_CHECK bool tpm_may(const struct tpm_reading *r, att_json_id obj, const char *where, const char *name,
                       enum att_json_type type, att_json_id *ret);
ATT_CHECK bool tpm_want_text(const struct tpm_reading *r, att_json_id obj, const char *where,
                             const char *name, struct att_span *ret);
/* The string `id`, base64url, decoded; at most `max` bytes. */
ATT_CHECK bool tpm_decode(const struct tpm_reading *r, att_json_id id, const char *where, size_t max,
                          struct att_span *ret);
ATT_CHECK bool tpm_want_bytes(const struct tpm_reading *r, att_json_id obj, const char *where,
                              const char *name, size_t max, struct att_span *ret);
/* Empty when the member is missing or "". */
ATT_CHECK bool tpm_may_bytes(const struct tpm_reading *r, att_json_id obj, const char *where,
                             const char *name, size_t max, struct att_span *ret);

#endif
