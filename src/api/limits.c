/* What a request meets before anything is done for it: how often its client and its provider are asked, and how busy this
 * loop is. The body has been read by then: to refuse it earlier would close the connection, and a new one costs more than the
 * rest of the body. */
#include "api/internal.h"
#include "api/rate.h"

#include "base/err.h"

#include <time.h>

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool api_limits_new(struct api *api, struct att_err *err)
{
    const struct api_options *o = &api->options;

    return (o->client_per_s == 0 || rate_new(o->client_per_s, o->client_burst, &api->clients, err)) &&
           (o->provider_per_s == 0 || rate_new(o->provider_per_s, o->provider_burst, &api->providers, err));
}

void api_limits_free(struct api *api)
{
    rate_free(api->clients);
    rate_free(api->providers);
}

/* Documents that relying parties need are never held back for what others do at the provider. */
static bool is_attestation(const struct api_route *route)
{
    return route->body_bytes_max == API_BODY_ATTEST || route->body_bytes_max == API_BODY_TPM;
}

static bool client_passes(struct api_call *call, struct att_err *err)
{
    struct api *api = call->api;
    struct rate_client room;

    if (rate_take(api->clients, rate_client_key(call->http->client, &room), now_ms(), &call->retry_after_s))
        return true;
    api_limit_hit(api, API_LIMIT_CLIENT);
    return att_fail(err, ATT_THROTTLED, "client", "fewer requests of one client", "more than %u a second",
                    api->options.client_per_s);
}

static bool provider_passes(struct api_call *call, struct att_err *err)
{
    struct api *api = call->api;

    if (!call->provider || !is_attestation(call->route) ||
        rate_take(api->providers, att_str(call->provider->o.key), now_ms(), &call->retry_after_s))
        return true;
    api_limit_hit(api, API_LIMIT_PROVIDER);
    return att_fail(err, ATT_THROTTLED, "provider", "fewer requests to one provider", "more than %u a second",
                    api->options.provider_per_s);
}

/* Callers of these are looked at before the body: a signature is checked there, which is counted first. */
static bool is_counted_at_head(const struct api_call *call)
{
    return call->route->body_bytes_max == API_BODY_TPM && api_needs_caller(call);
}

bool api_limits_pass_head(struct api_call *call, struct att_err *err)
{
    return !is_counted_at_head(call) || client_passes(call, err);
}

bool api_limits_pass(struct api_call *call, struct att_err *err)
{
    unsigned overload_ms = call->options->overload_ms;

    if (overload_ms > 0 && is_attestation(call->route) && call->http->waited_us / 1000 >= overload_ms) {
        call->retry_after_s = 1;
        api_limit_hit(call->api, API_LIMIT_OVERLOAD);
        return att_fail(err, ATT_OVERLOADED, "service", "room for one more attestation",
                        "a queue of more than %u ms", overload_ms);
    }
    return (is_counted_at_head(call) || client_passes(call, err)) && provider_passes(call, err);
}
