#include "authority/internal.h"

#include "access/text.h"
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <stdlib.h>

enum { TOKEN_LIFETIME_S = 3600, TOKEN_LIFETIME_MAX_S = 24 * 3600, RESOURCES_MAX = 16 };

static bool options_check(const struct authority_options *o, struct att_err *err)
{
    size_t resources = 0;

    while (o->resources && o->resources[resources])
        resources++;
    if (!o->site || !o->signer || !o->keys || !o->base_url || !o->now_unix_s)
        return att_fail(err, ATT_CONFIG_INVALID, "authority", "site, signer, keys, base URL and clock",
                        "one of them missing");
    if (resources == 0 || resources > RESOURCES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "authority.resources", "1 to 16", "%zu", resources);
    if (o->token_lifetime_s < 0 || o->token_lifetime_s > TOKEN_LIFETIME_MAX_S)
        return att_fail(err, ATT_CONFIG_INVALID, "authority.token_lifetime_s", "at most a day", "%lld s",
                        (long long)o->token_lifetime_s);
    if (o->base_url[0] == '\0' || o->base_url[strlen(o->base_url) - 1] == '/')
        return att_fail(err, ATT_CONFIG_INVALID, "authority.base_url", "a URL without a slash at the end",
                        "'%s'", o->base_url);
    return true;
}

bool authority_new(const struct authority_options *options, struct authority **ret, struct att_err *err)
{
    if (!options_check(options, err))
        return false;
    struct authority *a = calloc(1, sizeof *a);
    if (!a)
        return att_fail_memory(err, "authority");
    a->options = *options;
    if (a->options.token_lifetime_s == 0)
        a->options.token_lifetime_s = TOKEN_LIFETIME_S;
    if (pthread_mutex_init(&a->keys_lock, NULL) != 0) {
        free(a);
        return att_fail_memory(err, "authority");
    }
    if (!guesses_new(GUESSES_IN_ALL_MAX, &a->guesses, err) || !guesses_new(0, &a->misses, err) ||
        !replay_new(&a->replay, err)) {
        authority_free(a);
        return false;
    }
    *ret = a;
    return true;
}

void authority_free(struct authority *a)
{
    if (!a)
        return;
    guesses_free(a->guesses);
    guesses_free(a->misses);
    replay_free(a->replay);
    pthread_mutex_destroy(&a->keys_lock);
    free(a->keys_json);
    free(a);
}

int64_t authority_now(const struct authority *a)
{
    return a->options.now_unix_s(a->options.now_ctx);
}

static bool text_of(struct att_arena *arena, struct att_buf *b, const char **ret, struct att_err *err)
{
    const char *copy = b->failed ? NULL : att_arena_dup(arena, att_buf_span(b));

    if (!copy)
        return att_fail_memory(err, "authority.url");
    *ret = copy;
    return true;
}

bool authority_root(const struct authority *a, struct att_arena *arena, const char *tenant, const char **ret,
                    struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    att_buf_printf(&b, "%s/%s", a->options.base_url, tenant ? tenant : "adfs");
    return text_of(arena, &b, ret, err);
}

bool authority_issuer(const struct authority *a, struct att_arena *arena, const char *tenant,
                      const char **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    att_buf_printf(&b, "%s/%s/v2.0", a->options.base_url, tenant);
    return text_of(arena, &b, ret, err);
}

bool authority_tenant_check(const struct authority *a, const char *tenant, struct att_err *err)
{
    struct site_list list = { 0 };
    struct att_shown shown;
    bool found = false;

    if (!site_list(a->options.site, SITE_SUBSCRIPTION, "", &list, err))
        return false;
    for (size_t i = 0; i < list.count && !found; i++)
        found = strcmp(((const struct site_object *)list.objects[i])->tenant, tenant) == 0;
    site_list_free(&list);
    return found || att_fail(err, ATT_TENANT_NOT_FOUND, "tenant", "a tenant of this service", "'%s'",
                             att_shown(&shown, att_str(tenant)));
}

/* -- the token endpoint ----------------------------------------------------------------------------------- */

static void answer_token(struct att_arena *arena, const struct authority_issued *issued,
                         struct authority_answer *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    struct att_json_writer w = { .out = &json };

    att_jw_object(&w);
    att_jw_key(&w, "access_token");
    att_jw_string(&w, issued->jwt);
    att_jw_key(&w, "expires_in");
    att_jw_int(&w, issued->lifetime_s);
    att_jw_key(&w, "ext_expires_in");
    att_jw_int(&w, issued->lifetime_s);
    att_jw_key(&w, "token_type");
    att_jw_str(&w, "Bearer");
    att_jw_end_object(&w);
    authority_answer_put(arena, 200, &json, ret);
}

static bool token_for(struct authority *a, struct att_arena *arena, const struct authority_token_in *in,
                      struct authority_answer *answer, struct authority_issued *ret, struct att_err *err)
{
    const struct site_principal *p = NULL;
    struct authority_asked asked = { 0 };

    if (!authority_asked_read(a, arena, in, &asked, &answer->client_id, err) ||
        !authority_client_check(a, arena, &asked, &p, err))
        return false;
    bool ok = authority_issue(a, arena, p, asked.resource, ret, err);
    site_unref(p);
    answer->resource = asked.resource;
    return ok;
}

void authority_token(struct authority *a, struct att_arena *arena, const struct authority_token_in *in,
                     struct authority_answer *ret)
{
    struct authority_issued issued = { 0 };
    struct att_err err = { 0 };

    *ret = (struct authority_answer){ 0 };
    if (token_for(a, arena, in, ret, &issued, &err))
        answer_token(arena, &issued, ret);
    else
        authority_refuse(arena, &err, in->trace_id, authority_now(a), ret);
    ret->challenge_basic = ret->status == 401 && in->basic.len > 0;
}
