/* layers: evidence/snp evidence/common collateral crypto base codec */
/* Any bytes as a COSE_Sign1, its headers and its payload as those of an endorsement. Everything that is read lies inside the input; what the
 * signature does not cover changes nothing of what is read. */
#include <stdio.h>
#include <stdlib.h>

#include "collateral/context.h"
#include "evidence/snp/uvm_parts.h"

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct att_span part, struct att_span whole)
{
    MUST(part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
                           (size_t)(part.ptr - whole.ptr) <= whole.len - part.len));
}

static void check_statement(const struct cose_sign1 *cose)
{
    struct snp_uvm uvm = { 0 };
    struct att_err err = { 0 };
    struct uvm_did did = { 0 };

    if (!uvm_headers_read(cose, &uvm, &err)) {
        MUST((err.code == ATT_ENDORSEMENT_INVALID || err.code == ATT_CBOR_MALFORMED) && uvm.issuer.len == 0);
        MUST(err.where[0] && err.found[0] && err.expected[0]);
        return;
    }
    MUST(uvm.issuer.len > 0 && uvm.feed.len > 0);
    inside(uvm.issuer, cose->protected_header);
    inside(uvm.feed, cose->protected_header);
    if (uvm_did_read(uvm.issuer, &did, &err))
        MUST(did.usage[0] != '\0' && uvm.issuer.len == 18 + 43 + 6 + strlen(did.usage));
    else
        MUST(err.code == ATT_ENDORSEMENT_INVALID && err.where[0] && err.found[0] && err.expected[0]);
}

/* SVN and measurement stand in the payload as they were read: in decimal and in digits of either case. Escapes, which would
 * hide them, apart. */
static void check_payload(const struct cose_sign1 *cose)
{
    const struct att_lib lib = { .limits = att_limits_default };
    const struct att_ctx ctx = { .lib = &lib, .arena = att_arena_new((size_t)1 << 20) };
    struct snp_uvm uvm = { .svn = 4711 };
    struct att_err err = { 0 };
    char svn[24];

    if (!ctx.arena)
        abort();
    bool ok = uvm_payload_read(&ctx, cose, &uvm, &err);
    (void)snprintf(svn, sizeof svn, "\"%llu\"", (unsigned long long)uvm.svn);
    if (!ok)
        MUST(err.code != ATT_OK && err.where[0] && err.found[0] && err.expected[0] && uvm.svn == 4711);
    else if (!memchr(cose->payload.ptr, '\\', cose->payload.len))
        MUST(memmem(cose->payload.ptr, cose->payload.len, svn, strlen(svn)) &&
             cose->payload.len > 2 * sizeof uvm.measurement);
    att_arena_free(ctx.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span all = att_span_of(data, size);
    struct att_err err = { 0 };
    struct cose_sign1 c = { 0 };

    if (!cose_sign1_read(all, &c, &err)) {
        MUST(err.code == ATT_CBOR_MALFORMED && err.where[0] && err.found[0] && err.expected[0] &&
             c.payload.ptr == NULL);
        return 0;
    }
    inside(c.protected_header, all);
    inside(c.payload, all);
    inside(c.signature, all);
    inside(c.content_type, c.protected_header);
    inside(c.x5t, c.protected_header);
    MUST(c.x5chain_count <= COSE_X5CHAIN_MAX && c.protected_header.len > 0);
    for (size_t i = 0; i < c.x5chain_count; i++)
        inside(c.x5chain[i], c.protected_header);
    check_statement(&c);
    check_payload(&c);
    return 0;
}
