/* layers: evidence/common collateral crypto base codec */
/* The cache of verified chains holds more than PCK chains, under hashes of what strangers send: an entry of another kind is
 * never taken for a PCK chain. */
#include "evidence/common/dcap_pck.h"
#include "support/cases.h"

#include <stdlib.h>

static struct cases run = { .name = "unit.evidence.dcap_pck" };

static void other_destroy(struct att_cached *e)
{
    free(e);
}

int main(void)
{
    struct att_lib_options options = { .size = sizeof options };
    struct dcap_quote q = { .place = "sgx", .pck_chain = att_str("what a key of another kind is made from") };
    struct att_cached *other = calloc(1, sizeof *other);
    struct att_lib *lib = NULL;
    struct dcap_pck *p = NULL;
    struct att_err err = { 0 };
    uint8_t key[32];

    if (!other || !att_lib_new(&options, &lib, &err) ||
        !att_digest(lib->crypto, ATT_SHA256, q.pck_chain, key))
        return 1;
    att_cached_init(other, other_destroy);
    att_chain_cache_put(lib->chains, key, other);
    cases_check(&run, !dcap_pck_verified(lib, &q, &p, &err) && err.code == ATT_PCK_CHAIN_MALFORMED && !p,
                "an entry of another kind: %s", att_code_name(err.code));
    att_lib_free(lib);
    cases_check(&run, atomic_load(&other->references) == 1, "references are given back");
    att_cached_drop(other);
    return cases_report(&run);
}
