/* layers: api http access site service authority base codec */
/* SEV-SNP evidence as clients send it, behind its base64. The first byte says which layer the rest is: the object itself, or
 * the endorsements inside one, which a fuzzer would not find through their base64. Properties: the same answer twice; a
 * refusal says why and changes nothing; what is taken came from the text and is never empty. */
#include "api/internal.h"

#include "base/base64.h"
#include "base/buf.h"

enum { UVM_MAX = 8 };

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* {"SnpReport":"AQID","Endorsements":"<the input>"} */
static void wrap(struct att_buf *out, struct att_span endorsements)
{
    att_buf_puts(out, "{\"SnpReport\":\"AQID\",\"Endorsements\":\"");
    att_base64url_put(out, endorsements);
    att_buf_puts(out, "\"}");
    check(!out->failed);
}

static void check_taken(const struct service_attest_in *in, struct att_span text)
{
    size_t bytes = in->evidence.len + in->cert_chain.len;

    check(in->evidence.len > 0 && bytes < text.len && in->uvm_endorsement_count <= UVM_MAX);
    for (size_t i = 0; i < in->uvm_endorsement_count; i++) {
        check(in->uvm_endorsements[i].len > 0);
        bytes += in->uvm_endorsements[i].len;
    }
    check(bytes < text.len);
    /* The other parts of a request are none of this reader's. */
    check(!in->has_nonce && !in->runtime.present && !in->init_time.present && !in->has_draft_policy);
}

static void check_same(const struct service_attest_in *a, const struct service_attest_in *b)
{
    check(att_span_eq(a->evidence, b->evidence) && att_span_eq(a->cert_chain, b->cert_chain) &&
          a->uvm_endorsement_count == b->uvm_endorsement_count);
    for (size_t i = 0; i < a->uvm_endorsement_count; i++)
        check(att_span_eq(a->uvm_endorsements[i], b->uvm_endorsements[i]));
}

static void read_twice(struct att_span text)
{
    struct att_limits limits = att_limits_default;
    struct service_attest_in first = { .evidence_type = "sev-snp" }, again = first;
    struct att_err err = { 0 }, err_again = { 0 };
    struct att_arena *a = att_arena_new(limits.arena_bytes_max), *b = att_arena_new(limits.arena_bytes_max);

    check(a && b);
    bool ok = api_snp_read(a, &limits, text, &first, &err);
    check(ok == api_snp_read(b, &limits, text, &again, &err_again));
    check(memcmp(&err, &err_again, sizeof err) == 0);
    if (ok) {
        check(err.code == ATT_OK);
        check_taken(&first, text);
        check_same(&first, &again);
    } else {
        check(err.code != ATT_OK && err.text[0] && err.found[0] && err.expected[0]);
        check(memcmp(err.where, "report", 6) == 0);
        check(!first.evidence.ptr && !first.cert_chain.ptr && !first.uvm_endorsements &&
              first.uvm_endorsement_count == 0);
    }
    att_arena_free(a);
    att_arena_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_buf text = { 0 };

    if (size == 0 || size > 1 << 16)
        return 0;
    struct att_span rest = att_span_of(data + 1, size - 1);
    if (data[0] & 1) {
        wrap(&text, rest);
        rest = att_buf_span(&text);
    }
    read_twice(rest);
    att_buf_free(&text);
    return 0;
}
