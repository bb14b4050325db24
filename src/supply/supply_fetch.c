#include "supply/supply_fetch.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "fetch/fetch.h"

enum { CONNECT_MS = 3000, TOTAL_MS = 10 * 1000, BODY_BYTES_MAX = 512 * 1024, URL_BYTES_MAX = 1500 };

/* Which of them comes depends on the item, and on the version of the API; an answer has one. */
static const char *const chain_headers[] = {
    "TCB-Info-Issuer-Chain",
    "SGX-TCB-Info-Issuer-Chain",
    "SGX-Enclave-Identity-Issuer-Chain",
    "SGX-PCK-CRL-Issuer-Chain",
    "TCB-Evaluation-Data-Numbers-Issuer-Chain",
    NULL,
};

bool supply_fetch(void *ctx, const struct supply_source *source, const char *path, struct att_arena *arena,
                  struct supply_answer *ret, struct att_err *err)
{
    const struct supply_fetch *by = ctx;
    ATT_AUTO(att_buf_free) struct att_buf url = { .max = URL_BYTES_MAX };
    ATT_AUTO(att_buf_free) struct att_buf key = { .max = URL_BYTES_MAX };
    const char *headers[] = { NULL, NULL };
    struct fetch_answer answer = { 0 };

    att_buf_printf(&url, "%s%s", source->url, path);
    if (source->kind == SUPPLY_PCS && source->api_key) {
        att_buf_printf(&key, "Ocp-Apim-Subscription-Key: %s", source->api_key);
        att_buf_putc(&key, '\0');
        headers[0] = (const char *)key.ptr;
    }
    att_buf_putc(&url, '\0');
    if (url.failed || key.failed)
        return att_fail(err, ATT_FETCH_FAILED, "fetch.url", "a URL and a key of at most 1500 bytes",
                        "longer ones");
    const struct fetch_request request = {
        .url = (const char *)url.ptr,
        .ca_file = source->ca_file,
        .connect_ms = by->connect_ms ? by->connect_ms : CONNECT_MS,
        .total_ms = by->total_ms ? by->total_ms : TOTAL_MS,
        .body_bytes_max = BODY_BYTES_MAX,
        .headers = headers,
        .proxy = by->proxy,
        .wanted = chain_headers,
    };
    if (!fetch_ask(by->fetch, &request, arena, &answer, err))
        return false;
    *ret = (struct supply_answer){ .status = answer.status,
                                   .body = answer.body,
                                   .retry_after_s = answer.retry_after_s };
    for (size_t i = 0; chain_headers[i] && ret->issuer_chain.len == 0; i++)
        ret->issuer_chain = answer.wanted[i];
    return true;
}
