/* api/arm/arm.h - the tables of the ARM control plane, for those who serve them. */
#ifndef API_ARM_ARM_H
#define API_ARM_ARM_H

#include "api/call.h"

/* Providers and what surrounds them: subscriptions, resource groups, registration (arm_routes.c). */
extern const struct api_route api_arm_routes[];
/* Role definitions, role assignments, principals, audit. */
extern const struct api_route api_arm_role_routes[];

#endif
