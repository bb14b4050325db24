/* service/arm_internal.h - what the arm_*.c files share. */
#ifndef SERVICE_ARM_INTERNAL_H
#define SERVICE_ARM_INTERNAL_H

#include "service/arm.h"
#include "service/internal.h"

/* Deletes the objects of a kind whose key is `prefix` or below it. */
ATT_CHECK bool arm_delete_below(struct service *s, struct site_change *change, enum site_kind kind,
                                const char *prefix, struct att_err *err);
/* Below a provider or a group: policies, connections, assignments. */
ATT_CHECK bool arm_delete_parts(struct service *s, struct site_change *change, const char *key,
                                struct att_err *err);
bool arm_refuse_default(struct att_err *err);

#endif
