#include <attest/attest.h>

static const char *const names[ATT_STATUS_COUNT] = {
    [ATT_STATUS_UNKNOWN] = "",
    [ATT_STATUS_UP_TO_DATE] = "UpToDate",
    [ATT_STATUS_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
    [ATT_STATUS_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
    [ATT_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
    [ATT_STATUS_TD_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
    [ATT_STATUS_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = "TDRelaunchAdvisedConfigurationNeeded",
    [ATT_STATUS_OUT_OF_DATE] = "OutOfDate",
    [ATT_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
    [ATT_STATUS_REVOKED] = "Revoked",
};
_Static_assert(ATT_STATUS_COUNT == 10, "a status was added: give it the name that Intel writes");

const char *att_tcb_status_name(enum att_tcb_status s)
{
    return (unsigned)s < ATT_STATUS_COUNT ? names[s] : "";
}

enum att_tcb_status att_tcb_status_of(struct att_span name)
{
    for (unsigned s = ATT_STATUS_UNKNOWN + 1; s < ATT_STATUS_COUNT; s++)
        if (att_span_is(name, names[s]))
            return (enum att_tcb_status)s;
    return ATT_STATUS_UNKNOWN;
}
