/* attestctl collateral fetch: what one piece of evidence needs, from its vendor's service, into a folder. */
#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/collateral.h"
#include "cli/collateral_source.h"
#include "cli/files.h"
#include "cli/members.h"
#include "codec/json.h"

#include <attest/attest.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 8, WAIT_MS = 20 * 1000, PAUSE_MS_MAX = 50 };

struct fetching {
    struct cli *c;
    struct att_lib *lib;
    struct coll_source source;
    struct supply *supply;
    struct att_collateral *snapshot;
    int64_t now_unix_s;
    bool done;
    struct att_err why; /* of the last want */
    bool platform_ca;   /* who issued the PCK certificate: a folder has room for one list */
    const char *dir;
    size_t written;
    struct att_span vcek_chain; /* PEM, when it had to be asked for */
    struct att_err *err;        /* of writing */
};

static void fetching_free(struct fetching *f)
{
    supply_free(f->supply);
    att_collateral_free(f->snapshot);
    coll_source_close(&f->source);
    att_lib_free(f->lib);
}

static int64_t now_of(void *ctx)
{
    return ((struct fetching *)ctx)->now_unix_s;
}

static void on_changed(void *ctx, struct att_collateral *snapshot)
{
    struct fetching *f = ctx;
    struct att_collateral *old = f->snapshot;

    f->snapshot = att_collateral_ref(snapshot);
    att_collateral_free(old);
}

static void on_done(void *ctx, const struct att_err *why)
{
    struct fetching *f = ctx;

    f->done = true;
    f->why = why ? *why : (struct att_err){ 0 };
}

/* One item, with those that belong to it. */
static bool want(struct fetching *f, const struct att_collateral_want *what, struct att_err *err)
{
    f->done = false;
    supply_want(f->supply, what, WAIT_MS, on_done, f);
    while (!f->done) {
        int64_t pause_ms = supply_step(f->supply);
        if (f->done)
            break;
        pause_ms = pause_ms < 1 ? 1 : pause_ms > PAUSE_MS_MAX ? PAUSE_MS_MAX : pause_ms;
        const struct timespec t = { 0, (long)pause_ms * 1000000 };
        (void)nanosleep(&t, NULL);
    }
    if (f->why.code == ATT_OK)
        return true;
    *err = f->why;
    return false;
}

/* -- what the evidence says of itself -------------------------------------------------------------------------- */

/* Text at evidence.A.B.C of `attestctl evidence show`; empty: not there. */
static struct att_span described(struct fetching *f, struct att_span evidence, const char *const path[3])
{
    struct att_span json = { 0 }, ret = { 0 };
    struct att_err unused = { 0 };
    struct att_json j;

    if (!att_describe(f->lib, f->c->arena, f->c->operands[0], evidence, &json, &unused) ||
        !att_json_parse(f->c->arena, json, NULL, &j, &unused))
        return ret;
    att_json_id at = ATT_JSON_ROOT;
    for (size_t i = 0; i < 3 && path[i] && at != ATT_JSON_NONE; i++)
        at = att_json_type(&j, at) == ATT_JSON_OBJECT ? att_json_get(&j, at, path[i]) : ATT_JSON_NONE;
    if (at == ATT_JSON_NONE || att_json_type(&j, at) != ATT_JSON_STRING ||
        !att_json_string(&j, f->c->arena, at, &ret))
        return (struct att_span){ 0 };
    return ret;
}

/* The list that revokes the VCEK or VLEK. Evidence does not miss it, so nothing else asks for it. */
static bool want_amd_list(struct fetching *f, struct att_span evidence, const struct att_verdict *v,
                          struct att_err *err)
{
    static const char *const signer[] = { "report", "key_bits", "signing_key" };
    const struct att_claim *family =
        att_claims_find(&v->claims, "x-ms-sevsnpvm-chip-family", ATT_ISSUER_SERVICE);
    struct att_collateral_want w = { .kind = ATT_ITEM_AMD_CRL, .signer = ATT_AMD_VCEK };

    if (!family || family->value.kind != ATT_CLAIM_STRING || family->value.text.len >= sizeof w.product)
        return true;
    memcpy(w.product, family->value.text.ptr, family->value.text.len);
    if (att_span_is(described(f, evidence, signer), "VLEK"))
        w.signer = ATT_AMD_VLEK;
    return want(f, &w, err);
}

/* Judges, and asks for what was missing, until nothing is. What else is wrong with the evidence is not asked here. */
static bool fetch_for(struct fetching *f, struct att_span evidence, struct att_span chain,
                      struct att_err *err)
{
    struct att_collateral_want last = { 0 };

    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        struct att_attest_in in = {
            .size = sizeof in,
            .evidence_type = f->c->operands[0],
            .evidence = evidence,
            .cert_chain = chain,
            .collateral = f->snapshot,
            .now_unix_s = f->now_unix_s,
            .accepted_tcb = ATT_TCB_ANY_BUT_REVOKED,
            .newer_claims = true, /* which names the product */
        };
        struct att_verdict v;
        if (att_attest(f->lib, f->c->arena, &in, &v) || v.err.code != ATT_COLLATERAL_MISSING)
            return want_amd_list(f, evidence, &v, err);
        if (v.missing.kind == ATT_ITEM_NONE || memcmp(&v.missing, &last, sizeof last) == 0) {
            *err = v.err;
            return false;
        }
        last = v.missing;
        if (!want(f, &v.missing, err))
            return false;
        if (v.missing.kind == ATT_ITEM_VCEK &&
            supply_vcek(f->supply, &v.missing, f->c->arena, &f->vcek_chain))
            chain = f->vcek_chain;
    }
    return att_fail(err, ATT_INTERNAL, "collateral", "a folder in a few rounds", "%u", ROUNDS_MAX);
}

/* -- the folder ------------------------------------------------------------------------------------------- */

static bool put_file(struct fetching *f, const char *name, struct att_span bytes)
{
    const char *path = cli_text(f->c->arena, "%s/%s", f->dir, name);

    if (!path)
        return att_fail_memory(f->err, "out");
    (void)unlink(path); /* an older one; O_EXCL refuses whatever else is there */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return att_fail(f->err, ATT_IO_FAILED, "out", "a file that can be written", "%m");
    bool done = cli_write_all(fd, bytes);
    done = close(fd) == 0 && done;
    f->written += done;
    return done || att_fail(f->err, ATT_IO_FAILED, "out", "all bytes written", "%m");
}

/* File names of a collateral folder; NULL: the item has no place there. */
static const char *names_of(const struct fetching *f, const struct att_collateral_want *is,
                            const char **ret_chain)
{
    bool vlek = is->signer == ATT_AMD_VLEK;

    *ret_chain = NULL;
    switch (is->kind) {
    case ATT_ITEM_TCB_INFO:
        *ret_chain = "tcb_info_issuer_chain.pem";
        return is->set == ATT_SET_CURRENT ? "tcb_info.json" : NULL;
    case ATT_ITEM_QE_IDENTITY:
        *ret_chain = "qe_identity_issuer_chain.pem";
        return is->set == ATT_SET_CURRENT ? "qe_identity.json" : NULL;
    case ATT_ITEM_PCK_CRL:
        *ret_chain = "pck_crl_issuer_chain.pem";
        return is->platform_ca == f->platform_ca ? "pck_crl.der" : NULL;
    case ATT_ITEM_ROOT_CA_CRL:
        return "root_ca_crl.der";
    case ATT_ITEM_AMD_CRL:
        *ret_chain = vlek ? "vlek_chain.pem" : "vcek_chain.pem";
        return vlek ? "vlek_crl.der" : "vcek_crl.der";
    default:
        return NULL;
    }
}

static void put_item(void *ctx, const struct supply_item *item)
{
    struct fetching *f = ctx;
    const char *chain_name = NULL;
    const char *name = names_of(f, &item->facts.is, &chain_name);

    if (f->err->code != ATT_OK || !item->held)
        return;
    if (name && put_file(f, name, item->body) && chain_name)
        (void)put_file(f, chain_name, item->chain); /* what failed is in f->err */
}

static bool write_folder(struct fetching *f, struct att_err *err)
{
    struct att_err failed = { 0 };

    f->dir = cli_value(f->c, "out");
    f->err = &failed;
    if (mkdir(f->dir, 0755) != 0 && errno != EEXIST)
        return att_fail(err, ATT_IO_FAILED, "out", "a folder that can be made", "%m");
    supply_each(f->supply, put_item, f);
    if (failed.code == ATT_OK && f->vcek_chain.len > 0)
        (void)put_file(f, "chain.pem", f->vcek_chain);
    if (failed.code != ATT_OK) {
        *err = failed;
        return false;
    }
    return f->written > 0 ||
           att_fail(err, ATT_COLLATERAL_MISSING, "collateral", "items of this evidence", "none was needed");
}

static bool open_all(struct fetching *f, struct att_err *err)
{
    if (!cli_time(f->c, &f->now_unix_s, err) || !coll_lib(f->c, &f->lib, err) ||
        !coll_source_open(f->c, &f->source, err))
        return false;
    struct supply_options o = {
        .lib = f->lib,
        .sources = &f->source.source,
        .source_count = 1,
        .only_wanted = true,
        .get = supply_fetch,
        .get_ctx = &f->source.fetch,
        .now_unix_s = now_of,
        .elapsed_ms = coll_elapsed_ms,
        .clock_ctx = f,
        .changed = on_changed,
        .ctx = f,
    };
    return supply_new(&o, &f->supply, err);
}

static bool fetch(struct fetching *f, struct att_err *err)
{
    static const char *const issuer[] = { "pck", "issuer_cn", NULL };
    struct att_span evidence = { 0 }, chain = { 0 };
    bool given = false;

    if (!open_all(f, err) || !cli_read(f->c, "evidence", cli_value(f->c, "evidence"), &evidence, err) ||
        !cli_read_option(f->c, "chain", &given, &chain, err) || !fetch_for(f, evidence, chain, err))
        return false;
    f->platform_ca = att_span_is(described(f, evidence, issuer), "Intel SGX PCK Platform CA");
    return write_folder(f, err);
}

static enum cli_exit run_fetch(struct cli *c)
{
    ATT_AUTO(fetching_free) struct fetching f = { .c = c };
    struct att_json_writer w = cli_writer(c);
    struct att_err err = { 0 };

    if (!fetch(&f, &err))
        return cli_refuse(c, &err);
    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "files");
        att_jw_int(&w, (int64_t)f.written);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    } else {
        att_buf_printf(&c->out, "%zu files in %s\n", f.written, f.dir);
    }
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "evidence",
      .argument = "FILE",
      .required = true,
      .help = "The quote or report whose collateral is wanted." },
    { .name = "chain", .argument = "PEM", .help = "sev-snp: its certificates, when you have them." },
    { .name = "out", .argument = "DIR", .required = true, .help = "Folder for the files; made if need be." },
    COLL_SOURCE_OPTIONS,
    { .name = "trust-root",
      .argument = "PEM",
      .repeats = true,
      .help = "Trust the key of this certificate as a vendor's root, too. For tests." },
    { .name = "at", .argument = "TIME", .help = "Judge at this time instead of now." },
    { 0 },
};

const struct cli_command cli_collateral_fetch = {
    .name = "collateral fetch",
    .operands = "sgx|open-enclave|tdx|sev-snp",
    .choices = "sgx open-enclave tdx sev-snp",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "fetch what a piece of evidence needs",
    .about =
        "Asks Intel's PCS, a PCCS or AMD's KDS for the collateral of the platform that the evidence is from, "
        "verifies each answer as attestd does, and writes it into a folder for `attestctl verify "
        "--collateral` "
        "and for attestd's collateral_dirs.",
    .examples = "  attestctl collateral fetch tdx --evidence quote.bin --out platform/\n"
                "  attestctl collateral fetch sgx --evidence quote.bin --kind pccs --url "
                "https://pccs.example:8081 --ca "
                "pccs.pem --out platform/\n",
    .options = options,
    .run = run_fetch,
};
