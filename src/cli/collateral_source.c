#include "cli/collateral_source.h"

#include "base/err.h"
#include "cli/files.h"
#include "cli/profile.h"
#include "fetch/fetch.h"

#include <time.h>

enum { KEY_BYTES_MAX = 256 };

#define PCS_URL "https://api.trustedservices.intel.com"
#define KDS_URL "https://kdsintf.amd.com"

static bool kind_of(const struct cli *c, enum supply_source_kind *ret, struct att_err *err)
{
    static const struct {
        const char *name;
        enum supply_source_kind kind;
    } kinds[] = { { "pcs", SUPPLY_PCS }, { "pccs", SUPPLY_PCCS }, { "kds", SUPPLY_KDS } };
    const char *name = cli_value(c, "kind");
    bool amd = c->operand_count > 0 && strcmp(c->operands[0], "sev-snp") == 0;

    if (!name)
        name = amd ? "kds" : "pcs";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *ret = kinds[i].kind;
            return true;
        }
    }
    return att_fail(err, ATT_USAGE, "kind", "pcs, pccs or kds", "%s",
                    att_shown(&(struct att_shown){ 0 }, att_str(name)));
}

static bool url_of(const struct cli *c, enum supply_source_kind kind, const char **ret, struct att_err *err)
{
    const char *url = cli_value(c, "url");

    if (!url && kind == SUPPLY_PCCS)
        return att_fail(err, ATT_USAGE, "url", "the address of the PCCS: https://HOST:PORT", "none");
    *ret = url ? url : kind == SUPPLY_KDS ? KDS_URL : PCS_URL;
    size_t len = strlen(*ret);
    return (strncmp(*ret, "https://", 8) == 0 && len > 8 && (*ret)[len - 1] != '/') ||
           att_fail(err, ATT_USAGE, "url", "https://HOST[:PORT], without a slash at its end", "%s",
                    att_shown(&(struct att_shown){ 0 }, att_str(*ret)));
}

/* A secret: from a file that nobody else can read, and in no message. */
static bool key_of(struct cli *c, const char **ret, struct att_err *err)
{
    const char *path = cli_value(c, "api-key-file");
    struct att_span text = { 0 };
    size_t len = 0;

    if (!path)
        return true;
    if (!private_read(c, "api-key-file", path, &text, err))
        return false;
    while (len < text.len && text.ptr[len] > 0x20 && text.ptr[len] < 0x7f)
        len++;
    if (len == 0 || len > KEY_BYTES_MAX)
        return att_fail(err, ATT_USAGE, "api-key-file", "a key of 1 to 256 visible characters", "%zu", len);
    *ret = att_arena_dup(c->arena, att_span_of(text.ptr, len));
    return *ret || att_fail_memory(err, "api-key-file");
}

bool coll_source_open(struct cli *c, struct coll_source *ret, struct att_err *err)
{
    struct supply_source *s = &ret->source;

    *ret = (struct coll_source){ .fetch = { .proxy = cli_value(c, "proxy") } };
    if (!kind_of(c, &s->kind, err) || !url_of(c, s->kind, &s->url, err) || !cli_is_readable(c, "ca", err) ||
        !key_of(c, &s->api_key, err))
        return false;
    s->ca_file = cli_value(c, "ca");
    return fetch_open(&ret->fetch.fetch, err);
}

void coll_source_close(struct coll_source *s)
{
    fetch_close(s->fetch.fetch);
    s->fetch.fetch = NULL;
}

int64_t coll_elapsed_ms(void *ctx)
{
    struct timespec t;

    (void)ctx;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
