/* Where providers are: attestUri, regions, and from a host back to the provider. */
#include "base/err.h"
#include "service/internal.h"

#include <stdio.h>
#include <strings.h>

enum { LOCATION_BYTES_MAX = 40, HOST_BYTES_MAX = 253, NAME_BYTES_MAX = 24 };

/* Short codes of regions, as they stand in the host names of Azure's own shared providers. */
static const struct {
    const char *location, *code;
} regions[] = {
    { "australiaeast", "eau" },   { "australiasoutheast", "sau" }, { "canadacentral", "cac" },
    { "canadaeast", "cae" },      { "centralus", "cus" },          { "eastasia", "easia" },
    { "eastus", "eus" },          { "eastus2", "eus2" },           { "francecentral", "frc" },
    { "japaneast", "jpe" },       { "northcentralus", "ncus" },    { "northeurope", "neu" },
    { "southcentralus", "scus" }, { "southeastasia", "sasia" },    { "uksouth", "uks" },
    { "ukwest", "ukw" },          { "westcentralus", "wcus" },     { "westeurope", "weu" },
    { "westus", "wus" },          { "westus2", "wus2" },
};

const char *service_region_of(const char *location)
{
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        if (strcmp(regions[i].location, location) == 0)
            return regions[i].code;
    }
    return location;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A location can become a label of a host name, so it has the form of one (RFC 1123 2.1). */
static bool is_label(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len && text[0] != '-' &&
           text[len - 1] != '-';
}

static bool location_of(struct att_span text, char ret[LOCATION_BYTES_MAX + 1], struct att_err *err)
{
    static const char form[] = "1 to 40 letters, digits and hyphens; spaces and case do not count";
    struct att_shown shown;
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ' ')
            continue;
        if (len == LOCATION_BYTES_MAX || text.ptr[i] == '\0')
            return att_fail(err, ATT_PARAMETER_INVALID, "location", form, "'%s'", att_shown(&shown, text));
        ret[len++] = lower((char)text.ptr[i]);
    }
    ret[len] = '\0';
    return is_label(ret) ||
           att_fail(err, ATT_PARAMETER_INVALID, "location", form, "'%s'", att_shown(&shown, text));
}

bool service_location_of(struct att_arena *arena, struct att_span text, const char **ret, struct att_err *err)
{
    char room[LOCATION_BYTES_MAX + 1];

    if (!location_of(text, room, err))
        return false;
    char *kept = att_arena_dup(arena, att_str(room));
    if (!kept)
        return att_fail_memory(err, "location");
    *ret = kept;
    return true;
}

static bool same_name(const char *a, const char *b)
{
    for (; *a && lower(*a) == lower(*b); a++)
        b++;
    return lower(*a) == lower(*b);
}

bool service_is_default(const char *name)
{
    return same_name(name, SERVICE_DEFAULT_PROVIDER);
}

static bool host_style(const struct service *s, const char *name, const char *location,
                       char ret[SERVICE_URI_SIZE], int *ret_len, struct att_err *err)
{
    char label[NAME_BYTES_MAX + 1], place[LOCATION_BYTES_MAX + 1];
    size_t len = strlen(name);
    struct att_shown shown;

    for (size_t i = 0; i <= len && i < sizeof label; i++)
        label[i] = lower(name[i]);
    if (len >= sizeof label || !is_label(label))
        return att_fail(err, ATT_NAME_INVALID, "name",
                        "at most 24 letters, digits and hyphens, none of these at an end", "'%s'",
                        att_shown(&shown, att_str(name)));
    if (!location_of(att_str(location), place, err))
        return false;
    *ret_len = snprintf(ret, SERVICE_URI_SIZE, "https://%s.%s.%s", label, service_region_of(place),
                        s->options.domain);
    return true;
}

bool service_uri_of(const struct service *s, const char *name, const char *location,
                    char ret[SERVICE_URI_SIZE], struct att_err *err)
{
    int len = 0;

    if (service_is_default(name))
        len = snprintf(ret, SERVICE_URI_SIZE, "%s", s->options.base_url);
    else if (!s->options.domain)
        len = snprintf(ret, SERVICE_URI_SIZE, "%s/p/%s", s->options.base_url, name);
    else if (!host_style(s, name, location, ret, &len, err))
        return false;
    if (len <= 0 || len >= SERVICE_URI_SIZE)
        return att_fail(err, ATT_CONFIG_INVALID, "base_url", "addresses of at most 256 bytes", "%d bytes",
                        len);
    return true;
}

bool service_attest_uri(const struct service *s, struct att_arena *arena, const char *name,
                        const char *location, const char **ret, struct att_err *err)
{
    char room[SERVICE_URI_SIZE];

    if (!service_uri_of(s, name, location, room, err))
        return false;
    char *kept = att_arena_dup(arena, att_str(room));
    if (!kept)
        return att_fail_memory(err, "attestUri");
    *ret = kept;
    return true;
}

/* base_url may itself lie below the domain; its host stays that of the default provider and of the control plane. */
static bool is_base_host(const struct service *s, const char *host)
{
    const char *base = s->options.base_url + sizeof "https://" - 1;
    size_t len = strlen(host);

    return strncasecmp(base, host, len) == 0 && (base[len] == '\0' || base[len] == ':');
}

/* What stands before ".DOMAIN"; empty when the host does not lie below it. */
static struct att_span below_domain(const struct service *s, const char *host)
{
    size_t len = strlen(host), tail = s->options.domain ? strlen(s->options.domain) : 0;

    if (tail == 0 || len > HOST_BYTES_MAX || len < tail + 2 || host[len - tail - 1] != '.' ||
        strcmp(host + len - tail, s->options.domain) != 0 || is_base_host(s, host))
        return (struct att_span){ 0 };
    return att_span_of(host, len - tail - 1);
}

bool service_host_is_provider(const struct service *s, const char *host)
{
    return below_domain(s, host).len > 0;
}

const struct site_provider *service_provider_by_host(struct service *s, const char *host)
{
    struct att_span labels = below_domain(s, host);
    char name[NAME_BYTES_MAX + 1], uri[SERVICE_URI_SIZE];
    const uint8_t *dot = labels.len > 0 ? memchr(labels.ptr, '.', labels.len) : NULL;
    struct att_err ignored = { 0 };

    if (!dot || (size_t)(dot - labels.ptr) >= sizeof name)
        return NULL;
    (void)snprintf(name, sizeof name, "%.*s", (int)(dot - labels.ptr), (const char *)labels.ptr);
    const struct site_provider *p = site_provider_by_name(s->options.site, name);
    /* The whole address must be its own: another region's host is nobody's, and the default provider has none. */
    if (p && service_uri_of(s, p->name, p->location, uri, &ignored) &&
        strcmp(uri + sizeof "https://" - 1, host) == 0)
        return p;
    site_unref(p);
    return NULL;
}
