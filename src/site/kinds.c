/* The table of kinds. */
#include "site/row.h"

const struct site_row *const site_rows[SITE_KINDS] = {
    [SITE_SUBSCRIPTION] = &site_row_subscription, [SITE_GROUP] = &site_row_group,
    [SITE_PROVIDER] = &site_row_provider,         [SITE_POLICY] = &site_row_policy,
    [SITE_CONNECTION] = &site_row_connection,     [SITE_ASSIGNMENT] = &site_row_assignment,
    [SITE_PRINCIPAL] = &site_row_principal,       [SITE_DIAGNOSTIC] = &site_row_diagnostic,
};
_Static_assert(SITE_KINDS == 8, "a kind was added: give it a row here and an index in view.c");
