/* Ids of resources in the form that the site keeps them under. */
#include "service/arm.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

enum { KEY_BYTES_MAX = 1024 }; /* what the store takes */

__attribute__((format(printf, 4, 5))) static bool key_of(struct att_arena *arena, const char **ret,
                                                         struct att_err *err, const char *format, ...)
{
    char text[KEY_BYTES_MAX + 1];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof text)
        return att_fail(err, ATT_NAME_INVALID, "id", "an id of at most 1024 bytes", "%d bytes", len);
    char *copy = att_arena_dup(arena, att_span_of(text, (size_t)len));
    if (!copy)
        return att_fail_memory(err, "id");
    for (char *c = copy; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    }
    *ret = copy;
    return true;
}

bool service_key_subscription(struct att_arena *arena, const char *subscription, const char **ret,
                              struct att_err *err)
{
    return key_of(arena, ret, err, "/subscriptions/%s", subscription);
}

bool service_key_group(struct att_arena *arena, const char *subscription, const char *group, const char **ret,
                       struct att_err *err)
{
    return key_of(arena, ret, err, "/subscriptions/%s/resourcegroups/%s", subscription, group);
}

bool service_key_provider(struct att_arena *arena, const char *subscription, const char *group,
                          const char *name, const char **ret, struct att_err *err)
{
    return key_of(
        arena, ret, err,
        "/subscriptions/%s/resourcegroups/%s/providers/microsoft.attestation/attestationproviders/%s",
        subscription, group, name);
}

bool service_key_connection(struct att_arena *arena, const char *provider_key, const char *name,
                            const char **ret, struct att_err *err)
{
    return key_of(arena, ret, err, "%s/privateendpointconnections/%s", provider_key, name);
}

bool service_key_diagnostic(struct att_arena *arena, const char *provider_key, const char *name,
                            const char **ret, struct att_err *err)
{
    return key_of(arena, ret, err, "%s/providers/microsoft.insights/diagnosticsettings/%s", provider_key,
                  name);
}
