/* Which names a resource may have. */
#include "service/arm.h"

#include "base/err.h"

#include <strings.h>

enum {
    PROVIDER_NAME_MIN = 3,
    PROVIDER_NAME_MAX = 24,
    GROUP_NAME_MAX = 90,
    CONNECTION_NAME_MAX = 80,
};

/* Labels under the installation's domain that are its own, or that people would take for it. */
static const char *const reserved[] = {
    SERVICE_DEFAULT_PROVIDER,
    "admin",
    "api",
    "arm",
    "authority",
    "localhost",
    "login",
    "management",
    "portal",
    "privatelink",
    "security",
    "sts",
    "www",
};

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool made_of(const char *name, const char *others)
{
    for (const char *c = name; *c; c++) {
        if (!is_alnum(*c) && !strchr(others, *c))
            return false;
    }
    return true;
}

static bool refuse(struct att_err *err, const char *what, const char *name)
{
    struct att_shown shown;

    return att_fail(err, ATT_NAME_INVALID, "name", what, "\"%s\"", att_shown(&shown, att_str(name)));
}

bool service_provider_name_check(const char *name, struct att_err *err)
{
    size_t len = strlen(name);

    if (len < PROVIDER_NAME_MIN || len > PROVIDER_NAME_MAX || !made_of(name, "-"))
        return refuse(err, "3 to 24 letters, digits and hyphens (^[a-zA-Z0-9-]{3,24}$)", name);
    /* RFC 5891 4.2.3.1: no hyphen at the ends; two at the third and fourth place mean an encoded name, which shows as
     * something else than it is. */
    if (name[0] == '-' || name[len - 1] == '-' || (len > 3 && name[2] == '-' && name[3] == '-'))
        return refuse(err, "a host name's label: no hyphen first, last, or twice at the third place", name);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcasecmp(name, reserved[i]) == 0)
            return refuse(err, "a name that is not reserved", name);
    }
    return true;
}

bool service_group_name_check(const char *name, struct att_err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > GROUP_NAME_MAX || !made_of(name, "-_.()") || name[len - 1] == '.')
        return refuse(err, "1 to 90 letters, digits and -_.(), no dot at the end", name);
    return true;
}

bool service_connection_name_check(const char *name, struct att_err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > CONNECTION_NAME_MAX || !made_of(name, "-_.") || !is_alnum(name[0]) ||
        (!is_alnum(name[len - 1]) && name[len - 1] != '_'))
        return refuse(err, "1 to 80 letters, digits and -_., a letter or digit first, no - or . at the end",
                      name);
    return true;
}
