/* What the pipeline counts for /metrics: how long requests took, what was answered, which limits were hit, how full lanes are.
 * By plane, never by caller: a name in a metric would tell everybody who may read it who is there. */
#include "api/internal.h"

void api_measure(struct api_call *call)
{
    struct api_meters *m = &call->api->meters;
    enum api_meter_plane plane = call->route ? (enum api_meter_plane)call->route->plane : API_METER_NONE;
    int status = call->answer->status ? call->answer->status : 200;

    int64_t waited_us = (int64_t)call->http->waited_us;

    att_histogram_add(&m->took[plane], service_monotonic_ns() - (call->begun_us - waited_us) * 1000);
    if (status >= 100 && status < 600)
        (void)atomic_fetch_add_explicit(&m->answers[plane][status / 100], 1, memory_order_relaxed);
}

void api_limit_hit(struct api *api, enum api_limit limit)
{
    (void)atomic_fetch_add_explicit(&api->meters.limits[limit], 1, memory_order_relaxed);
}

const struct api_meters *api_meters(const struct api *api)
{
    return &api->meters;
}

void api_lanes(const struct api *api, struct api_lane_state ret[API_LANES])
{
    const struct {
        const char *name;
        struct lane *lane;
    } lanes[API_LANES] = { { "changes", api->changes },
                           { "identity", api->identity },
                           { "tpm", api->tpm },
                           { "collateral", api->collateral } };
    bool serving = atomic_load_explicit(&api->serving, memory_order_acquire);

    for (size_t i = 0; i < API_LANES; i++) {
        ret[i] = (struct api_lane_state){ .name = lanes[i].name };
        if (serving)
            lane_state(lanes[i].lane, &ret[i]);
    }
}
