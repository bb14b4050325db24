/* layers: service keys signer store store/memory site access attest base codec */
/* Addresses of providers, and from a host back to the provider. */
#include "support/cases.h"
#include "unit/service/rig.h"

static void locations(struct cases *c)
{
    static const struct {
        const char *text, *want; /* NULL: refused */
    } rows[] = {
        { "East US", "eastus" },
        { "eastus", "eastus" },
        { "EASTUS", "eastus" },
        { " West  Europe ", "westeurope" },
        { "rack-7", "rack-7" },
        { "A", "a" },
        { "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd" },
        { "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde", NULL },
        { "", NULL },
        { "   ", NULL },
        { "east\tus", NULL },
        { "east.us", NULL },
        { "east/us", NULL },
        { "east_us", NULL },
        { "-east", NULL },
        { "east-", NULL },
        { "\xc3\xa4st", NULL },
        { "east%20us", NULL },
    };
    struct att_arena *a = att_arena_new(1 << 16);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *ret = "untouched";
        struct att_err err = { 0 };
        bool ok = service_location_of(a, att_str(rows[i].text), &ret, &err);
        bool right = rows[i].want ? ok && strcmp(ret, rows[i].want) == 0
                                  : !ok && err.code == ATT_PARAMETER_INVALID && strcmp(ret, "untouched") == 0;
        cases_check(c, right, "location '%s': %s%s", rows[i].text, ok ? ret : "", err.text);
    }
    struct att_err err = { 0 };
    const char *ret = NULL;
    cases_check(
        c, !service_location_of(a, att_span_of("a\0b", 3), &ret, &err) && err.code == ATT_PARAMETER_INVALID,
        "a location with a NUL");
    static const char *const codes[][2] = { { "eastus", "eus" },       { "eastus2", "eus2" },
                                            { "centralus", "cus" },    { "westus", "wus" },
                                            { "uksouth", "uks" },      { "westeurope", "weu" },
                                            { "basement", "basement" } };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        cases_check(c, strcmp(service_region_of(codes[i][0]), codes[i][1]) == 0, "region of %s", codes[i][0]);
    att_arena_free(a);
}

struct uri_row {
    const char *name, *location, *want; /* NULL: refused with `code` */
    enum att_code code;
};

static void uris_of(struct cases *c, const struct rig_options *o, const char *style,
                    const struct uri_row *rows, size_t count)
{
    struct rig r;

    rig_new(&r, o);
    for (size_t i = 0; i < count; i++) {
        const char *uri = "";
        struct att_err err = { 0 };
        bool ok = service_attest_uri(r.service, r.arena, rows[i].name, rows[i].location, &uri, &err);
        bool right = rows[i].want ? ok && strcmp(uri, rows[i].want) == 0 : !ok && err.code == rows[i].code;
        cases_check(c, right, "%s: %.40s in %.40s: %s%s", style, rows[i].name, rows[i].location, uri,
                    err.text);
    }
    rig_free(&r);
}

static void uris(struct cases *c)
{
    static const struct uri_row path[] = {
        { "default", "East US", RIG_BASE, ATT_OK },
        { "Default", "East US", RIG_BASE, ATT_OK },
        { "contoso", "East US", RIG_BASE "/p/contoso", ATT_OK },
        { "ConToso", "nowhere at all", RIG_BASE "/p/ConToso", ATT_OK },
    };
    static const struct uri_row host[] = {
        { "default", "East US", RIG_BASE, ATT_OK },
        { "contoso", "East US", "https://contoso.eus.attest.example", ATT_OK },
        { "ConToso", "uksouth", "https://contoso.uks.attest.example", ATT_OK },
        { "contoso", "Basement 2", "https://contoso.basement2.attest.example", ATT_OK },
        { "a.b", "eastus", NULL, ATT_NAME_INVALID },
        { "-ab", "eastus", NULL, ATT_NAME_INVALID },
        { "ab-", "eastus", NULL, ATT_NAME_INVALID },
        { "", "eastus", NULL, ATT_NAME_INVALID },
        { "a/b", "eastus", NULL, ATT_NAME_INVALID },
        { "abcdefghijklmnopqrstuvwxy", "eastus", NULL, ATT_NAME_INVALID },
        { "abcdefghijklmnopqrstuvwx", "eastus", "https://abcdefghijklmnopqrstuvwx.eus.attest.example",
          ATT_OK },
        { "contoso", "east/us", NULL, ATT_PARAMETER_INVALID },
    };
    static const struct uri_row longest[] = {
        { "abc", "eastus", NULL, ATT_CONFIG_INVALID },
    };
    char base[256] = "https://";

    uris_of(c, &(struct rig_options){ 0 }, "path style", path, sizeof path / sizeof path[0]);
    uris_of(c, &(struct rig_options){ .domain = "attest.example" }, "host style", host,
            sizeof host / sizeof host[0]);
    memset(base + 8, 'a', 244);
    base[252] = '\0';
    uris_of(c, &(struct rig_options){ .base_url = base, .not_installed = true }, "257 bytes", longest, 1);
}

/* A10, A11: which provider a host names, and that near misses name none. */
static void hosts(struct cases *c)
{
    static const struct {
        const char *host;
        bool below, found;
    } rows[] = {
        { "contoso.eus.attest.example", true, true },
        { "contoso.uks.attest.example", true, false },    /* of another region */
        { "contoso.eastus.attest.example", true, false }, /* not its address */
        { "fabrikam.eus.attest.example", true, false },
        { "default.eus.attest.example", true, false }, /* has another address */
        { "contoso.attest.example", true, false },
        { "x.contoso.eus.attest.example", true, false },
        { "contoso.eus.x.attest.example", true, false },
        { "contoso.eus.attest.example.", false, false },
        { "contoso.eus.attest.example.evil", false, false },
        { "contoso.eus.xattest.example", false, false },
        { "contoso..attest.example", true, false },
        { ".eus.attest.example", true, false },
        { ".attest.example", false, false },
        { "..attest.example", true, false },
        { "attest.example", false, false },
        { "", false, false },
        { ".", false, false },
        { "contoso.eus.ATTEST.EXAMPLE", false, false }, /* callers lower-case; who does not finds nothing */
        { "abcdefghijklmnopqrstuvwxy.eus.attest.example", true, false },
        { "localhost", false, false },
    };
    struct rig r;

    rig_new(&r, &(struct rig_options){ .domain = "attest.example" });
    rig_provider(&r, "ConToso", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct site_provider *p = service_provider_by_host(r.service, rows[i].host);
        cases_check(c, service_host_is_provider(r.service, rows[i].host) == rows[i].below,
                    "A10: '%s' is below the domain", rows[i].host);
        cases_check(c, (p != NULL) == rows[i].found && (!p || strcmp(p->name, "ConToso") == 0),
                    "A11: '%s' names %s", rows[i].host, p ? p->name : "nobody");
        site_unref(p);
    }
    char long_host[400];
    memset(long_host, 'a', sizeof long_host);
    memcpy(long_host + 300, ".eus.attest.example", 20);
    cases_check(
        c, !service_provider_by_host(r.service, long_host) && !service_host_is_provider(r.service, long_host),
        "A10: a host of 319 bytes");
    rig_free(&r);
    rig_new(&r, &(struct rig_options){ 0 });
    rig_provider(&r, "contoso", NULL);
    cases_check(c,
                !service_provider_by_host(r.service, "contoso.eus.attest.example") &&
                    !service_host_is_provider(r.service, "contoso.eus.attest.example"),
                "A11: without a domain no host is a provider's");
    rig_free(&r);
    rig_new(&r, &(struct rig_options){ .base_url = "https://Main.eus.attest.example:8443",
                                       .domain = "attest.example" });
    cases_check(c, !service_host_is_provider(r.service, "main.eus.attest.example"),
                "A11: the base address below the domain is no provider's host");
    cases_check(c,
                service_host_is_provider(r.service, "main2.eus.attest.example") &&
                    service_host_is_provider(r.service, "mai.eus.attest.example") &&
                    service_host_is_provider(r.service, "x.main.eus.attest.example"),
                "A11: hosts beside the base address are");
    rig_free(&r);
}

static void types(struct cases *c)
{
    static const struct {
        const char *segment, *want;
    } rows[] = {
        { "SgxEnclave", "SgxEnclave" },
        { "sgxenclave", "SgxEnclave" },
        { "OPENENCLAVE", "OpenEnclave" },
        { "tpm", "Tpm" },
        { "SevSnpVm", "SevSnpVm" },
        { "tdxvm", "TdxVm" },
        { "AzureGuest", "AzureGuest" },
        { "sgx", NULL },
        { "", NULL },
        { "SgxEnclave ", NULL },
        { "SgxEnclav", NULL },
        { "SgxEnclavee", NULL },
        { "../SgxEnclave", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *type = service_policy_type(att_str(rows[i].segment));
        cases_check(c, rows[i].want ? type && strcmp(type, rows[i].want) == 0 : !type, "type '%s'",
                    rows[i].segment);
    }
    cases_check(c, !service_policy_type(att_span_of("tpm\0", 4)), "a type with a NUL behind it");
}

int main(void)
{
    struct cases c = { .name = "unit_service_address" };

    locations(&c);
    uris(&c);
    hosts(&c);
    types(&c);
    return cases_report(&c);
}
