/* layers: evidence/snp evidence/common collateral crypto makers base codec */
/* Endorsements: whole, and refused at the end of each kind of work; judged anew each time, judged and kept, remembered. */
#include "torture/torture.h"

#include <attest/attest.h>

#include "base/buf.h"
#include "evidence/snp/uvm.h"
#include "makers/uvm.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIGNED = 1700000000, NOW = SIGNED + 86400, SVN = 105 };

static struct cases cases = { .name = "torture.uvm" };

struct scene {
    enum att_code expected;
    bool named; /* a row of the table names the issuer: the outcome is kept */
    struct att_buf cose;
    struct att_compliance_row row;
    struct att_lib *lib;
    struct att_arena *arena;
};

static void need(bool ok, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "maker: %s\n", err->text);
    exit(2);
}

static void fresh(void *state)
{
    struct scene *s = state;
    struct att_err err = { 0 };

    if (!s->named || !s->lib) {
        struct att_lib_options options = { .size = sizeof options };
        att_lib_free(s->lib);
        s->lib = NULL;
        need(att_lib_new(&options, &s->lib, &err), &err);
    }
    s->arena = att_arena_new((size_t)1 << 20);
    need(s->arena != NULL, &err);
}

static enum torture_answer verified(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_attest_in in = { .size = sizeof in,
                                .compliance = &s->row,
                                .compliance_count = s->named ? 1 : 0 };
    struct att_ctx ctx = { .lib = s->lib, .arena = s->arena, .in = &in, .now_unix_s = NOW };
    struct snp_uvm uvm = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;

    bool ok = snp_uvm_verify(&ctx, att_buf_span(&s->cose), &uvm, err);
    torture_rest();
    if (ok && s->expected != ATT_OK)
        answer = torture_wrong("a bad endorsement holds");
    else if (ok)
        answer = uvm.svn == SVN && uvm.signed_unix_s == SIGNED && att_span_is(uvm.feed, MK_UVM_FEED)
                     ? TORTURE_RIGHT
                     : torture_wrong("holds with another content");
    else if (uvm.issuer.ptr || uvm.svn)
        answer = torture_wrong("refused, and said something all the same");
    else if (err->code == s->expected)
        answer = TORTURE_RIGHT;
    att_arena_free(s->arena);
    s->arena = NULL;
    return answer;
}

int main(void)
{
    static const struct {
        const char *name;
        enum mk_uvm_break broken;
        bool named;
    } rows[] = {
        { "good", MK_UVM_WHOLE, false },
        { "good, kept", MK_UVM_WHOLE, true },
        { "broken signature", MK_UVM_SIGNATURE_FLIP, false },
        { "signed by a stranger", MK_UVM_LEAF_SIGNATURE, false },
        { "another CA named", MK_UVM_ISS_OTHER_CA, false },
        { "another thumbprint", MK_UVM_X5T_OTHER, false },
        { "bad SVN", MK_UVM_SVN_SIGN, false },
    };
    struct mk_uvm_signer *signer = NULL;
    struct att_err err = { 0 };

    torture_start();
    need(mk_uvm_signer_new("ES384", &signer, &err), &err);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_uvm_options options = { .svn = SVN, .signed_unix_s = SIGNED, .broken = rows[i].broken };
        struct scene s = { .named = rows[i].named, .row = { .uvm_issuer = mk_uvm_issuer(signer) } };
        s.expected = rows[i].broken == MK_UVM_WHOLE ? ATT_OK : ATT_ENDORSEMENT_INVALID;
        need(mk_uvm_make(signer, &options, &s.cose, &err), &err);
        torture_flow(&cases, &(struct torture_flow){ rows[i].name, verified, fresh, &s, rows[i].named });
        att_lib_free(s.lib);
        att_buf_free(&s.cose);
    }
    mk_uvm_signer_free(signer);
    return cases_report(&cases);
}
