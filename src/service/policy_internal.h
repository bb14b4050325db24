/* service/policy_internal.h - what policy.c, signers.c and history.c share. */
#ifndef SERVICE_POLICY_INTERNAL_H
#define SERVICE_POLICY_INTERNAL_H

#include <attest/policy_token.h>

#include "service/internal.h"

/* By the name that service_policy_type gives; NULL with `err` for others. */
const struct service_type_row *policy_type_row(const char *type, struct att_err *err);
/* The provider as the change sees it; NULL with RESOURCE_NOT_FOUND. Borrowed from the change. */
const struct site_provider *policy_provider_now(struct site_change *change, const struct site_provider *p,
                                                struct att_err *err);
/* Reads and judges what was sent under the rules of this provider and of the settings; one that counts once is used up
 * within the change. */
ATT_CHECK bool policy_token_judge(const struct service *s, struct site_change *change,
                                  const struct site_provider *p, struct att_arena *arena,
                                  enum att_policy_token_use use, struct att_span body,
                                  struct att_policy_token *ret, struct att_err *err);

#endif
