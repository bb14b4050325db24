/* verify_quote - is this SGX quote genuine, judged at this time?
 *
 *     verify_quote QUOTE COLLATERAL_DIR UNIX_SECONDS [TEST_ROOT.pem]
 *
 * Everything that the verdict depends on is an argument: the same files and time give the same answer, years
 * later. Exit status 0 yes, 1 no, 2 usage, 3 could not tell. */
#include <attest/attest.h>

#include "files.h"

/* Intel's root key is built in. Another root is for tests: the verdict says when a chain ended in one. */
static struct att_lib *open_library(const char *root_path, struct att_err *err)
{
    struct att_root root = { .pem = { NULL, 0 }, .test_root = true };
    struct att_lib_options options = { .size = sizeof options, .roots = &root };
    struct att_lib *lib = NULL;

    if (root_path) {
        root.pem = file_read(root_path);
        options.root_count = 1;
    }
    bool ok = att_lib_new(&options, &lib, err); /* copies the root */
    file_free(root.pem);
    return ok ? lib : NULL;
}

/* The library verifies each item once, here. An item that is bad does not fail now: evidence that needs it is
 * refused with the item's own reason. */
static struct att_collateral *load_collateral(const struct att_lib *lib, const char *dir, struct att_err *err)
{
    struct att_dcap_bundle b = { .name = "from the command line" };
    struct att_collateral *collateral = NULL;
    const struct {
        const char *name;
        struct att_span *to;
    } items[] = {
        { "tcb_info.json", &b.tcb_info },
        { "tcb_info_issuer_chain.pem", &b.tcb_info_issuer_chain },
        { "qe_identity.json", &b.qe_identity },
        { "qe_identity_issuer_chain.pem", &b.qe_identity_issuer_chain },
        { "pck_crl.der", &b.pck_crl },
        { "pck_crl_issuer_chain.pem", &b.pck_crl_issuer_chain },
        { "root_ca_crl.der", &b.root_ca_crl },
    };
    size_t count = sizeof items / sizeof items[0];

    for (size_t i = 0; i < count; i++)
        *items[i].to = file_read_in(dir, items[i].name);
    bool ok = att_collateral_new(lib,
                                 &(struct att_collateral_in){ .size = sizeof(struct att_collateral_in),
                                                              .dcap = &b,
                                                              .dcap_count = 1,
                                                              .use = ATT_COLLATERAL_SOLE },
                                 &collateral, err);
    for (size_t i = 0; i < count; i++)
        file_free(*items[i].to); /* borrowed for the call only */
    return ok ? collateral : NULL;
}

static void print(const struct att_verdict *v)
{
    const struct att_claim *mrenclave = att_claims_find(&v->claims, "x-ms-sgx-mrenclave", ATT_ISSUER_SERVICE);

    if (!v->accepted) {
        printf("no: %s at %s: %s\n", att_code_name(v->err.code), v->err.where, v->err.text);
        return;
    }
    printf("yes: TCB %s%s\n", att_tcb_status_name(v->tcb.status), v->test_root ? ", under a test root" : "");
    if (mrenclave)
        printf("mrenclave %.*s\n", (int)mrenclave->value.text.len, (const char *)mrenclave->value.text.ptr);
}

int main(int argc, char **argv)
{
    struct att_err err = { .code = ATT_OK };
    char *end = NULL;
    long long now = argc >= 4 ? strtoll(argv[3], &end, 10) : 0;

    if (argc < 4 || argc > 5 || end == argv[3] || *end != '\0') {
        (void)fprintf(stderr, "usage: verify_quote QUOTE COLLATERAL_DIR UNIX_SECONDS [TEST_ROOT.pem]\n");
        return EXIT_USAGE;
    }
    struct att_span quote = file_read(argv[1]);
    struct att_lib *lib = open_library(argc == 5 ? argv[4] : NULL, &err);
    struct att_collateral *collateral = lib ? load_collateral(lib, argv[2], &err) : NULL;
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    int status = EXIT_TROUBLE;

    if (collateral && arena) {
        struct att_attest_in in = { .size = sizeof in,
                                    .evidence_type = "sgx",
                                    .evidence = quote,
                                    .collateral = collateral,
                                    .now_unix_s = now,
                                    .accepted_tcb = ATT_TCB_DEFAULT };
        struct att_verdict verdict;
        status = att_attest(lib, arena, &in, &verdict) ? EXIT_SUCCESS : EXIT_NO;
        print(&verdict);
    } else {
        (void)fprintf(stderr, "could not tell: %s\n", err.text);
    }
    att_arena_free(arena); /* the verdict lived in it */
    att_collateral_free(collateral);
    att_lib_free(lib); /* after every snapshot made with it */
    file_free(quote);
    return status;
}
