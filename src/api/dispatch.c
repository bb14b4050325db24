/* From a matched route to its answer: caller, permission, handler - on the loop or on a lane. */
#include "api/internal.h"

#include "base/err.h"

#include <stdio.h>

static const char site_trail[] = "site"; /* of requests that name no subscription we know */

/* -- the end of every request ----------------------------------------------------------------------------- */

static void tell_operator(struct api_call *call, const struct att_err *err)
{
    if (call->options->on_refusal)
        call->options->on_refusal(call->options->on_refusal_ctx, call->request_id,
                                  call->route ? call->route->operation : "none", err);
}

/* Headers that a handler set before its change failed are of no answer: the common ones are set anew. */
static void answer_again(struct api_call *call)
{
    *call->answer = (struct http_response){ 0 };
    api_answer_headers(call->api, call->arena, call->request_id, call->http, call->answer);
}

/* The record comes first: an answer of which none can be kept is taken back, where the operator wants it so. */
static void keep_record(struct api_call *call)
{
    struct att_err err = { 0 };

    if (api_record(call, &err))
        return;
    call->caller_refused = false;
    call->explanation = call->tcb = (struct att_span){ 0 };
    answer_again(call);
    api_answer_error(call, &err, true);
    tell_operator(call, &err);
}

static void finish(struct api_call *call)
{
    const struct http_request *http = call->http;
    bool later = call->later;

    keep_record(call);
    site_unref(call->provider);
    call->provider = NULL;
    api_measure(call);
    if (later)
        http_answer_now(http); /* the call lies in the request's arena: it is gone now */
}

void api_refuse(struct api_call *call, const struct att_err *err, bool tell)
{
    api_answer_error(call, err, tell);
    api_record_outcome(call, err);
    tell_operator(call, err);
}

void api_refuse_telling(struct api_call *call, const struct att_err *err, const struct att_err *told)
{
    api_answer_error(call, told, false);
    api_record_outcome(call, err);
    tell_operator(call, err);
}

/* -- reading ---------------------------------------------------------------------------------------------- */

static bool permitted(struct api_call *call, struct att_err *err)
{
    return !api_needs_action(call) ||
           site_allows(call->site, &call->who, call->resource, call->route->action, err);
}

static void busy(struct api_call *call);

/* After the wait, on the lane that goes on with such calls. */
static void run_again(struct api_call *call)
{
    struct att_err err = { 0 };

    call->waited = true;
    if (!call->route->handle(call, &err))
        api_refuse(call, &err, true);
    (void)atomic_fetch_sub_explicit(&call->api->waiting, 1, memory_order_relaxed);
    finish(call);
}

static void item_came(void *ctx, const struct att_err *why)
{
    struct api_call *call = ctx;

    call->missing_why = why ? att_arena_alloc(call->arena, 1, sizeof *why) : NULL;
    if (call->missing_why)
        *call->missing_why = *why;
    if (lane_push(call->api->collateral, call, NULL, run_again))
        return;
    (void)atomic_fetch_sub_explicit(&call->api->waiting, 1, memory_order_relaxed);
    busy(call);
}

/* The call is not this thread's any more once it is asked for. Beyond the bound nobody waits: the handler answers at once
 * that the item is missing. */
static bool wait_for_item(struct api_call *call)
{
    struct api *api = call->api;

    if (atomic_fetch_add_explicit(&api->waiting, 1, memory_order_relaxed) >= API_WAITING_FOR_COLLATERAL_MAX) {
        (void)atomic_fetch_sub_explicit(&api->waiting, 1, memory_order_relaxed);
        api_limit_hit(api, API_LIMIT_COLLATERAL);
        return false;
    }
    if (!call->later)
        http_answer_later(call->http);
    call->later = true;
    service_collateral_want(call->service, call->want, item_came, call);
    return true;
}

/* Who would wait for a store that is known to be away is told at once; it comes back by itself. */
static bool store_there(const struct api_call *call, struct att_err *err)
{
    return !service_store_away(call->service) ||
           att_fail(err, ATT_STORE_FAILED, "store", "a store that answers", "none at the moment");
}

static void run_read(struct api_call *call)
{
    struct att_err err = { 0 };

    if (api_needs_caller(call))
        api_explain_allow(call);
    bool ok = (call->route->lane != API_LANE_CHANGES || store_there(call, &err)) && permitted(call, &err) &&
              call->route->handle(call, &err);
    if (ok && call->want) {
        if (wait_for_item(call))
            return;
        call->waited = true;
        ok = call->route->handle(call, &err);
    }
    if (!ok)
        api_refuse(call, &err, true);
    finish(call);
}

/* -- changing --------------------------------------------------------------------------------------------- */

/* Whose trail: the subscription's that the resource lies in; a refusal is its owners' business, whoever asked. */
static const char *trail_of(struct api_call *call, const struct site_subscription **ret_held)
{
    static const char begin[] = "/subscriptions/";
    const char *resource = call->resource;

    *ret_held = NULL;
    if (strncmp(resource, begin, sizeof begin - 1) != 0)
        return site_trail;
    size_t len = sizeof begin - 1 + strcspn(resource + sizeof begin - 1, "/");
    char *key = att_arena_dup(call->arena, att_span_of(resource, len));
    *ret_held = key ? site_get(call->site, SITE_SUBSCRIPTION, key) : NULL;
    return *ret_held ? (*ret_held)->o.tenant : site_trail;
}

static struct site_record record_of(struct api_call *call, const struct att_err *refusal,
                                    const struct site_subscription **ret_held)
{
    return (struct site_record){
        .tenant = trail_of(call, ret_held),
        .scope = call->resource,
        .operation = call->route->operation,
        .action = call->route->action,
        .principal = call->who.principal,
        .issuer = call->who.issuer_name,
        .name = call->who.name,
        .client = call->http->client,
        .request_id = call->request_id,
        .subject = call->subject,
        .refusal = refusal,
        .via = "rest",
    };
}

/* Each record is a write to the disk that somebody without a right has caused: a tenant's callers have so many a minute,
 * and all strangers together as many. Beyond, the operator's log alone knows. */
static bool record_refusal(struct api_call *call, const struct att_err *why, struct att_err *err)
{
    const struct site_subscription *held = NULL;
    unsigned left = 0;

    if (!throttle_take(call->api->refusals, call->who.tenant ? call->who.tenant : "", call->now_unix_s,
                       &left))
        return true;
    if (!store_there(call, err))
        return false;
    struct site_record record = record_of(call, why, &held);
    bool ok = site_record_refusal(call->site, call->now_unix_s, &record, err);
    site_unref(held);
    return ok;
}

/* The refusal stands, recorded or not; when it could not be recorded the operator's log says so. */
static void refuse_change(struct api_call *call, const struct att_err *why)
{
    const struct api_options *o = call->options;
    struct att_err err = { 0 };

    if (o->on_change)
        o->on_change(o->on_refusal_ctx, false);
    if (!record_refusal(call, why, &err) && o->on_refusal)
        o->on_refusal(o->on_refusal_ctx, call->request_id, "audit", &err);
    api_refuse(call, why, true);
}

static const char *subscription_in(const struct api_call *call)
{
    static const char begin[] = "/subscriptions/";

    if (strncmp(call->resource, begin, sizeof begin - 1) != 0)
        return "";
    const char *id = call->resource + sizeof begin - 1;
    const char *copy = att_arena_dup(call->arena, att_span_of(id, strcspn(id, "/")));
    return copy ? copy : "";
}

static bool take_write(struct api_call *call, struct att_err *err)
{
    unsigned left = 0;
    char text[16];

    if (!throttle_take(call->api->throttle, subscription_in(call), call->now_unix_s, &left)) {
        api_limit_hit(call->api, API_LIMIT_WRITES);
        return att_fail(err, ATT_THROTTLED, "subscription", "fewer writes in a minute", "%u were made",
                        call->options->writes_per_minute);
    }
    (void)snprintf(text, sizeof text, "%u", left);
    char *copy = att_arena_dup(call->arena, att_str(text));
    if (copy && call->route->plane == API_CONTROL)
        api_answer_header(call, "x-ms-ratelimit-remaining-subscription-writes", att_str(copy));
    return true;
}

/* The endpoint's provider as this change sees it: it may have gone, or be another object, since the request was matched.
 * call->resource is the object's own key and goes with it; a refusal is still recorded under the old one's. */
static bool provider_again(struct api_call *call, struct att_err *err)
{
    if (!call->provider)
        return true;
    const struct site_provider *now = site_get(call->site, SITE_PROVIDER, call->resource);
    if (!now)
        return att_fail(err, ATT_NOT_FOUND, "path", "a provider of this service", "none");
    site_unref(call->provider);
    call->provider = now;
    call->resource = now->o.key;
    return true;
}

/* Rows, record and memory change together, or nothing does; only then is anything but a refusal sent. */
static bool change(struct api_call *call, struct att_err *err)
{
    const struct site_subscription *held = NULL;

    if (!store_there(call, err))
        return false;
    if (call->route->before && (!permitted(call, err) || !call->route->before(call, err)))
        return false;
    if (!site_change_begin(call->site, call->now_unix_s, &call->change, err))
        return false;
    api_record_before(call);
    if (!permitted(call, err) || !provider_again(call, err) || !take_write(call, err) ||
        !call->route->handle(call, err)) {
        site_change_abandon(call->change);
        call->change = NULL;
        return false;
    }
    struct site_record record = record_of(call, NULL, &held);
    bool ok = site_change_commit(call->change, &record, err);
    site_unref(held);
    call->change = NULL;
    return ok;
}

static void run_change(struct api_call *call)
{
    struct att_err err = { 0 };

    if (!change(call, &err)) {
        answer_again(call);
        refuse_change(call, &err);
    } else if (call->options->on_change) {
        call->options->on_change(call->options->on_refusal_ctx, true);
    }
    finish(call);
}

/* A change whose caller was refused: it leaves a record, as long as the lane has room for such. */
static void run_refused_change(struct api_call *call)
{
    refuse_change(call, call->refusal);
    finish(call);
}

/* -- which thread ----------------------------------------------------------------------------------------- */

static void busy(struct api_call *call)
{
    struct att_err err = { 0 };

    call->caller_refused = false;
    (void)att_fail(&err, ATT_THROTTLED, "service", "room in the queue", "too many requests that wait");
    api_refuse(call, &err, true);
    finish(call);
}

/* The lane's thread may hang in the very store that is away: nobody is sent there. A job that waits there already is told the
 * same by that thread. */
static bool refused_for_store(struct api_call *call)
{
    struct att_err err = { 0 };

    if (call->route->lane != API_LANE_CHANGES || store_there(call, &err))
        return false;
    if (call->route->change && call->options->on_change)
        call->options->on_change(call->options->on_refusal_ctx, false);
    api_refuse(call, &err, true);
    finish(call);
    return true;
}

static void run_on_lane(struct api_call *call)
{
    struct api *api = call->api;
    bool ok = true;

    if (refused_for_store(call))
        return;

    switch (call->route->lane) {
    case API_LANE_LOOP:
        run_read(call);
        break;
    case API_LANE_IDENTITY:
        ok = lane_push(api->identity, call, call->who.tenant, run_read);
        break;
    case API_LANE_TPM:
        ok = lane_push(api->tpm, call, call->who.tenant, run_read);
        break;
    case API_LANE_CHANGES:
        ok = lane_push(api->changes, call, call->who.tenant, call->route->change ? run_change : run_read);
        break;
    }
    if (!ok)
        busy(call);
}

static void refuse_caller(struct api_call *call, const struct att_err *err)
{
    if (call->route->change) {
        struct att_err *kept = att_arena_alloc(call->arena, 1, sizeof *kept);
        if (kept) {
            *kept = *err;
            call->refusal = kept;
            if (lane_push(call->api->changes, call, NULL, run_refused_change))
                return;
        }
    }
    api_refuse(call, err, true);
    finish(call);
}

/* On the identity lane: asks the issuer for its keys. When that fails the keys that are here still count. */
static void fetch_keys(struct api_call *call)
{
    struct att_err fetched = { 0 };

    if (!access_refresh(call->api->parts.access, call->refresh, call->now_unix_s, &fetched) &&
        call->options->on_refusal)
        call->options->on_refusal(call->options->on_refusal_ctx, call->request_id, "issuer.refresh",
                                  &fetched);
}

/* Already off the loop: what would have run there runs here. */
static void run_after_refresh(struct api_call *call)
{
    if (call->route->lane == API_LANE_CHANGES || call->route->lane == API_LANE_TPM)
        run_on_lane(call);
    else
        run_read(call);
}

static void run_refresh(struct api_call *call)
{
    struct att_err err = { 0 };
    size_t again = ACCESS_NO_REFRESH;

    fetch_keys(call);
    if (api_caller_check(call, &again, &err))
        run_after_refresh(call);
    else
        refuse_caller(call, &err);
}

/* On the identity lane, for an explanation alone: whatever comes of it, the request is answered. */
static void run_explain_refresh(struct api_call *call)
{
    size_t again = ACCESS_NO_REFRESH;

    fetch_keys(call);
    (void)api_explain_check(call, &again);
    run_after_refresh(call);
}

static void run_anonymous(struct api_call *call)
{
    if (api_wants_explanation(call) && !api_explain_check(call, &call->refresh) &&
        call->refresh != ACCESS_NO_REFRESH && lane_push(call->api->identity, call, NULL, run_explain_refresh))
        return;
    run_on_lane(call);
}

void api_dispatch(struct api_call *call)
{
    struct att_err err = { 0 };

    if (!api_record_ready(call, &err)) {
        api_refuse(call, &err, true);
        finish(call);
        return;
    }
    if (!api_needs_caller(call)) {
        run_anonymous(call);
        return;
    }
    bool good = api_caller_check(call, &call->refresh, &err);
    /* Also for a good token: its issuer's keys are old, and the key that signed it may be withdrawn by now. */
    if (call->refresh != ACCESS_NO_REFRESH && lane_push(call->api->identity, call, NULL, run_refresh))
        return;
    if (good)
        run_on_lane(call);
    else
        refuse_caller(call, &err);
}
