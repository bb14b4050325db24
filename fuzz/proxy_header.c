/* layers: http base */
/* The PROXY header. Properties: the verdict of a prefix is that of everything, or none yet; a header is never longer than
 * the limits nor than what is there, and outputs change only when it is whole; a refusal says why; and a version 1
 * header with an address, written again from what was understood, is understood the same. */
#include "http/proxy_header.h"

#include <stdio.h>

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static bool same(const struct proxy_header *a, const struct proxy_header *b)
{
    return a->has_source == b->has_source && a->source.v6 == b->source.v6 &&
           a->source_port == b->source_port &&
           memcmp(a->source.bytes, b->source.bytes, sizeof a->source.bytes) == 0;
}

static void check_again(const struct proxy_header *h)
{
    struct proxy_header again = { 0 };
    char address[ATT_IP_TEXT_SIZE], line[PROXY_V1_BYTES_MAX + 1];

    (void)att_ip_text(&h->source, address);
    int len = snprintf(line, sizeof line, "PROXY TCP%d %s %s %u 1\r\n", h->source.v6 ? 6 : 4, address,
                       address, h->source_port);
    check(len > 0 && (size_t)len < sizeof line);
    check(proxy_header_read(att_span_of(line, (size_t)len), &again, NULL) == PROXY_DONE);
    check(again.bytes == (size_t)len && same(h, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header whole = { .bytes = 7777 };
    struct att_err err = { 0 };
    enum proxy_status status = proxy_header_read(att_span_of(data, size), &whole, &err);

    if (status == PROXY_DONE) {
        check(whole.bytes <= size && whole.bytes <= PROXY_HEADER_BYTES_MAX);
        check(data[0] != 'P' || whole.bytes <= PROXY_V1_BYTES_MAX);
        if (whole.has_source)
            check_again(&whole);
    } else {
        check(whole.bytes == 7777);
        check(status == PROXY_NEED_MORE ? err.code == ATT_OK && size < PROXY_HEADER_BYTES_MAX
                                        : err.code != ATT_OK && err.where[0] && err.expected[0]);
    }
    bool decided = false;
    for (size_t len = 0; len <= size && len <= PROXY_HEADER_BYTES_MAX; len++) {
        struct proxy_header cut = { .bytes = 7777 };
        enum proxy_status now = proxy_header_read(att_span_of(data, len), &cut, NULL);
        check(now == PROXY_NEED_MORE ? !decided : now == status);
        if (now == PROXY_DONE)
            check(len >= whole.bytes && cut.bytes == whole.bytes && same(&cut, &whole));
        decided = now != PROXY_NEED_MORE;
    }
    return 0;
}
