/* api/api.h - the REST face of the service.
 *
 *     struct api *api = NULL;
 *     if (!api_new(&options, &api, &err)) ...
 *     options.app = api_app(api);
 */
#ifndef API_API_H
#define API_API_H

#include "http/http.h"
#include "service/service.h"

struct api;

struct api_options {
    size_t attest_body_bytes_max;
    const char *version; /* of the server, for x-ms-maa-service-version */
    /* Each refusal that is not the client's framing: for the operator's log. Never holds evidence. */
    void (*on_refusal)(void *ctx, const char *request_id, const char *operation, const struct att_err *err);
    void *on_refusal_ctx;
};

/* Checks the table of routes: one without a permission is refused. Until api_serve every request is answered
 * 503: the port is open before the service knows its own address. */
ATT_CHECK bool api_new(const struct api_options *options, struct api **ret, struct att_err *err);
struct http_app api_app(struct api *api);
/* From now on requests reach the service, which outlives the api. */
void api_serve(struct api *api, struct service *service);
void api_free(struct api *api); /* NULL is fine */

#endif
