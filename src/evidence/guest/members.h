/* evidence/guest/members.h - members of the attestation information: null is absent, names come in any case, bytes in either
 * alphabet of base64, padded or not. GUEST_REQUEST_MALFORMED names the member; a member that is required must not be empty.
 */
#ifndef EVIDENCE_GUEST_MEMBERS_H
#define EVIDENCE_GUEST_MEMBERS_H

#include "codec/json.h"
#include "tpm/tpm.h"

struct guest_members {
    const struct att_json *doc;
    struct att_arena *arena;
    const char *where; /* of `obj`: "guest.TpmInfo" */
    att_json_id obj;
};
enum guest_need { GUEST_OPTIONAL, GUEST_REQUIRED };

/* ATT_JSON_NONE when absent. */
att_json_id guest_member(const struct guest_members *m, const char *name);
ATT_CHECK bool guest_member_object(const struct guest_members *m, const char *name, const char *where,
                                   enum guest_need need, struct guest_members *ret, struct att_err *err);
ATT_CHECK bool guest_member_text(const struct guest_members *m, const char *name, enum guest_need need,
                                 struct att_span *ret, struct att_err *err);
ATT_CHECK bool guest_member_bytes(const struct guest_members *m, const char *name, enum guest_need need,
                                  struct att_span *ret, struct att_err *err);
/* A number, or its digits as a string: clients differ. */
ATT_CHECK bool guest_member_number(const struct guest_members *m, const char *name, bool *ret_has,
                                   int64_t *ret, struct att_err *err);
/* PCRs [{"Index","Digest"}] of SHA-256, and PcrSet, which must name the same registers if it is there. Required. */
ATT_CHECK bool guest_member_pcrs(const struct guest_members *m, struct tpm_pcrs **ret, struct att_err *err);

/* The refusal of one member. */
bool guest_member_bad(const struct guest_members *m, const char *name, const char *expected,
                      const char *found, struct att_err *err);

#endif
