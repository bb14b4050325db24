/* layers: makers base */
/* Hardware and evidence on disk: what comes back is what went in, keys are private, damage is refused by name. */
#include "base/auto.h"

#include "makers/folder.h"
#include "support/cases.h"

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT ((int64_t)1780000000)

static struct cases cases = { .name = "makers.folder" };
static const char *const certs[] = { "root_ca", "processor_ca", "platform_ca", "tcb_signing" };
static const char *const keys[] = { "root_ca",     "processor_ca", "platform_ca",
                                    "tcb_signing", "pck",          "attestation" };

static void remove_all(const char *dir)
{
    DIR *d = opendir(dir);

    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char *path = path_of(dir, "%s", e->d_name);
        if (unlink(path) != 0)
            remove_all(path);
        free(path);
    }
    if (d)
        closedir(d);
    (void)rmdir(dir);
}

static size_t files_in(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static mode_t mode_of(const char *dir, const char *name, const char *ending)
{
    char *path = path_of(dir, "%s%s", name, ending);
    struct stat st;
    mode_t mode = stat(path, &st) == 0 ? st.st_mode & 07777 : 0;

    free(path);
    return mode;
}

static bool same_file(const char *dir, const char *name, struct att_span want)
{
    char *path = path_of(dir, "%s", name);
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);
    bool same = bytes && att_span_eq(att_span_of(bytes, len), want);

    free(bytes);
    free(path);
    return same;
}

static bool exists(const char *dir, const char *name)
{
    char *path = path_of(dir, "%s", name);
    bool there = access(path, F_OK) == 0;

    free(path);
    return there;
}

static void overwrite(const char *dir, const char *name, const char *text)
{
    char *path = path_of(dir, "%s", name);
    FILE *f = fopen(path, "w");

    if (f) {
        (void)fputs(text, f);
        (void)fclose(f);
    }
    free(path);
}

static void root_of(const struct mk_hardware *hw, struct att_buf *out)
{
    struct att_err err = { 0 };
    cases_check(&cases, mk_hardware_root_pem(hw, out, &err), "root: %s", err.text);
}

static void check_saved(const char *dir)
{
    struct stat st;

    cases_check(&cases, stat(dir, &st) == 0 && (st.st_mode & 07777) == 0700, "the folder is not 0700");
    for (size_t i = 0; i < 6; i++)
        cases_check(&cases, mode_of(dir, keys[i], ".TEST-KEY.pem") == 0600, "%s.TEST-KEY.pem is not 0600",
                    keys[i]);
    for (size_t i = 0; i < 4; i++)
        cases_check(&cases, mode_of(dir, certs[i], ".pem") == 0644, "%s.pem is not 0644", certs[i]);
    cases_check(&cases, files_in(dir) == 10, "%zu files in place of 10", files_in(dir));
}

/* The quote made by one verifies under the PCK of the other: the attestation key is the same. */
static void check_same_machine(const struct mk_hardware *a, const struct mk_hardware *b)
{
    struct mk_evidence x = { 0 }, y = { 0 };
    struct mk_sgx_options o;
    struct att_err err = { 0 };

    mk_sgx_defaults(&o, AT);
    bool made = mk_sgx_make(a, &o, &x, &err) && mk_sgx_make(b, &o, &y, &err);
    cases_check(&cases, made, "evidence: %s", err.text);
    if (made) {
        const uint8_t *p = mk_item(&x, MK_QUOTE).ptr, *q = mk_item(&y, MK_QUOTE).ptr;
        cases_check(&cases, memcmp(p + 436 + 64, q + 436 + 64, 64) == 0, "another attestation key");
        cases_check(&cases, memcmp(p, q, 432) == 0, "another body from the same options");
        cases_check(&cases, memcmp(p + 436, q + 436, 64) != 0, "signatures repeat");
        static const enum mk_item fixed[] = { MK_TCB_INFO_ISSUER_CHAIN, MK_QE_IDENTITY_ISSUER_CHAIN,
                                              MK_PCK_CRL_ISSUER_CHAIN, MK_ROOT_CA };
        for (size_t i = 0; i < 4; i++)
            cases_check(&cases, att_span_eq(mk_item(&x, fixed[i]), mk_item(&y, fixed[i])), "%s differs",
                        mk_item_file(fixed[i]));
        cases_check(&cases, !att_span_eq(mk_item(&x, MK_PCK_CHAIN), mk_item(&y, MK_PCK_CHAIN)),
                    "the PCK certificate's serial repeats");
    }
    mk_evidence_free(&x);
    mk_evidence_free(&y);
}

static void check_round_trip(const char *base)
{
    char *dir = path_of(base, "data/dev/hardware"); /* parents are made */
    struct mk_hardware *made = NULL, *loaded = NULL, *again = NULL;
    ATT_AUTO(att_buf_free) struct att_buf a = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_err err = { 0 };

    cases_check(&cases, mk_hardware_open(dir, AT, &made, &err), "open: %s", err.text);
    check_saved(dir);
    cases_check(&cases, mk_hardware_open(dir, AT + 1000, &again, &err), "open again: %s", err.text);
    cases_check(&cases, mk_hardware_load(dir, &loaded, &err), "load: %s", err.text);
    if (made && again && loaded) {
        root_of(made, &a);
        root_of(loaded, &b);
        cases_check(&cases, att_span_eq(att_buf_span(&a), att_buf_span(&b)), "another root after loading");
        cases_check(&cases, same_file(dir, "root_ca.pem", att_buf_span(&a)), "root_ca.pem is another root");
        att_buf_clear(&b);
        root_of(again, &b);
        cases_check(&cases, att_span_eq(att_buf_span(&a), att_buf_span(&b)),
                    "opening twice makes a second root");
        check_same_machine(made, loaded);
        cases_check(&cases,
                    mk_hardware_covers(loaded, AT) && !mk_hardware_covers(loaded, 1577836800 - 1) &&
                        !mk_hardware_covers(loaded, 2208988800 + 1),
                    "the validity is lost in loading");
    }
    mk_hardware_free(made);
    mk_hardware_free(loaded);
    mk_hardware_free(again);
    free(dir);
}

/* -- damage ----------------------------------------------------------------------------------------------------- */

static void check_refused(const char *dir, const char *what, enum att_code want)
{
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };

    cases_check(&cases, !mk_hardware_load(dir, &hw, &err) && !hw && err.code == want && err.text[0], "%s: %s",
                what, att_code_name(err.code));
}

static void swap(const char *dir, const char *a, const char *b)
{
    char *pa = path_of(dir, "%s", a), *pb = path_of(dir, "%s", b), *pc = path_of(dir, "swap");

    if (rename(pa, pc) != 0 || rename(pb, pa) != 0 || rename(pc, pb) != 0)
        abort();
    free(pa);
    free(pb);
    free(pc);
}

static void check_damage(const char *base, const struct mk_hardware *hw)
{
    char *dir = path_of(base, "damaged");
    struct att_err err = { 0 };

    check_refused(dir, "no folder", ATT_IO_FAILED);
    for (size_t i = 0; i < 6; i++) {
        char *name = path_of(dir, "%s.TEST-KEY.pem", keys[i]);
        cases_check(&cases, mk_hardware_save(hw, dir, &err), "save: %s", err.text);
        (void)unlink(name);
        check_refused(dir, "a key is missing", ATT_IO_FAILED);
        overwrite(dir, name + strlen(dir) + 1,
                  "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        check_refused(dir, "a key that is none", ATT_CONFIG_INVALID);
        overwrite(dir, name + strlen(dir) + 1, "");
        check_refused(dir, "an empty key", ATT_CONFIG_INVALID);
        free(name);
    }
    cases_check(&cases, mk_hardware_save(hw, dir, &err), "saving over: %s", err.text);
    for (size_t i = 0; i < 4; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s.pem", certs[i]);
        overwrite(dir, name, "no certificate");
        check_refused(dir, "a certificate that is none", ATT_CONFIG_INVALID);
        cases_check(&cases, mk_hardware_save(hw, dir, &err), "saving over: %s", err.text);
    }
    swap(dir, "processor_ca.TEST-KEY.pem", "platform_ca.TEST-KEY.pem");
    check_refused(dir, "two keys exchanged", ATT_CONFIG_INVALID);
    cases_check(&cases, mk_hardware_save(hw, dir, &err), "saving over: %s", err.text);

    /* a folder of somebody else's CA: key and certificate fit each other, not the root */
    struct mk_hardware *other = NULL;
    char *there = path_of(base, "other");
    cases_check(&cases, mk_hardware_open(there, AT, &other, &err), "other: %s", err.text);
    static const char *const moved[] = { "tcb_signing.pem", "tcb_signing.TEST-KEY.pem" };
    for (size_t i = 0; i < 2; i++) {
        char *from = path_of(there, "%s", moved[i]), *to = path_of(dir, "%s", moved[i]);
        if (rename(from, to) != 0)
            abort();
        free(from);
        free(to);
    }
    check_refused(dir, "a signer under another root", ATT_CONFIG_INVALID);
    mk_hardware_free(other);
    free(there);

    char *big = malloc(70 * 1024);
    memset(big, 'A', 70 * 1024 - 1);
    big[70 * 1024 - 1] = '\0';
    overwrite(dir, "root_ca.TEST-KEY.pem", big);
    check_refused(dir, "a file of 70 KiB", ATT_IO_FAILED);
    struct mk_hardware *opened = NULL;
    err = (struct att_err){ 0 };
    cases_check(&cases, !mk_hardware_open(dir, AT, &opened, &err) && !opened,
                "a damaged folder is made anew");
    cases_check(&cases, same_file(dir, "root_ca.TEST-KEY.pem", att_str(big)),
                "a damaged file is written over");
    free(big);
    free(dir);
}

static void check_no_room(const char *base, const struct mk_hardware *hw)
{
    char *file = path_of(base, "file"), *below = path_of(base, "file/below");
    struct att_err err = { 0 };
    struct mk_hardware *opened = NULL;
    char *longer = malloc(5000);

    overwrite(base, "file", "");
    cases_check(&cases, !mk_hardware_save(hw, file, &err) && err.code == ATT_IO_FAILED,
                "a folder that is a file");
    err = (struct att_err){ 0 };
    cases_check(&cases, !mk_hardware_open(below, AT, &opened, &err) && err.code == ATT_IO_FAILED && !opened,
                "a folder below a file");
    memset(longer, 'a', 4999);
    longer[4999] = '\0';
    err = (struct att_err){ 0 };
    cases_check(&cases, !mk_hardware_save(hw, longer, &err) && err.code == ATT_IO_FAILED,
                "a path of 4999 bytes");
    free(longer);
    free(file);
    free(below);
}

/* -- evidence --------------------------------------------------------------------------------------------------- */

static const char *text_of(struct json_object *root, const char *name)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(root, name, &v) && v ? json_object_get_string(v) : NULL;
}

static bool equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_expected(const char *dir, const char *name, const struct mk_evidence *ev)
{
    char *path = path_of(dir, "expected.json");
    struct json_object *j = json_object_from_file(path), *also = NULL;
    bool good = ev->expected_code == ATT_OK;

    cases_check(&cases, j != NULL, "%s: expected.json is no JSON", name);
    if (j) {
        cases_check(&cases, equal(text_of(j, "name"), name), "%s: name", name);
        cases_check(&cases,
                    equal(text_of(j, "at"), "2026-05-28T20:26:40Z") &&
                        equal(text_of(j, "at_unix"), "1780000000"),
                    "%s: at", name);
        cases_check(&cases, equal(text_of(j, "expected_verdict"), good ? "accept_crypto" : "reject"),
                    "%s: verdict", name);
        cases_check(&cases,
                    equal(text_of(j, "expected_error"), good ? NULL : att_code_name(ev->expected_code)),
                    "%s: error", name);
        cases_check(&cases, equal(text_of(j, "expected_tcb_status"), ev->expected_tcb_status), "%s: status",
                    name);
        cases_check(&cases, equal(text_of(j, "tee"), ev->tee == ATT_TEE_SGX ? "sgx" : "tdx"), "%s: tee",
                    name);
        cases_check(&cases, equal(text_of(j, "trust_root"), "root_ca.pem"), "%s: root", name);
        cases_check(&cases,
                    json_object_object_get_ex(j, "also_acceptable_errors", &also) &&
                        json_object_array_length(also) == (ev->also_code != ev->expected_code),
                    "%s: also", name);
    }
    json_object_put(j);
    free(path);
}

static void check_items(const char *dir, const char *name, const struct mk_evidence *ev)
{
    size_t there = 1; /* expected.json */

    for (enum mk_item i = 0; i < MK_ITEM_COUNT; i++) {
        there += ev->present[i];
        cases_check(&cases,
                    ev->present[i] ? same_file(dir, mk_item_file(i), mk_item(ev, i))
                                   : !exists(dir, mk_item_file(i)),
                    "%s: %s", name, mk_item_file(i));
    }
    cases_check(&cases, files_in(dir) == there, "%s: %zu files in place of %zu", name, files_in(dir), there);
}

static void check_evidence(const char *base, const struct mk_hardware *hw)
{
    char *dir = path_of(base, "evidence/made");

    /* one folder for all, so that leftovers of one would show in the next */
    for (enum mk_break b = MK_BREAK_NONE; b < MK_BREAK_COUNT; b++) {
        struct mk_evidence ev = { 0 };
        struct mk_sgx_options o;
        struct mk_tdx_options t;
        struct att_err err = { 0 };
        if (b % 4 != 0 && !strstr(mk_breaks[b].name, "absent"))
            continue; /* writing to disk is slow, and files do not know what is wrong in them */
        bool enclave = mk_breaks[b].sgx && (!mk_breaks[b].tdx || b % 5 != 0);
        mk_sgx_defaults(&o, AT);
        mk_tdx_defaults(&t, AT);
        o.broken = t.broken = b;
        o.has_init_time_data = t.has_init_time_data = b % 2 == 0;
        o.has_runtime_data = t.has_runtime_data = b % 3 != 0;
        bool ok = (enclave ? mk_sgx_make(hw, &o, &ev, &err) : mk_tdx_make(hw, &t, &ev, &err)) &&
                  mk_evidence_write(&ev, dir, mk_breaks[b].name, &err);
        cases_check(&cases, ok, "%s: %s", mk_breaks[b].name, err.text);
        if (ok) {
            check_items(dir, mk_breaks[b].name, &ev);
            check_expected(dir, mk_breaks[b].name, &ev);
        }
        err = (struct att_err){ 0 };
        if (b == MK_BREAK_NONE)
            cases_check(&cases,
                        !mk_evidence_write(&ev, dir, "a\"b", &err) && err.code == ATT_PARAMETER_INVALID,
                        "a name with a quote in it");
        mk_evidence_free(&ev);
    }
    free(dir);
}

static void check_collateral(const char *base, const struct mk_hardware *hw)
{
    static const char *const names[] = { "tcb_info.json",    "tcb_info_issuer_chain.pem",
                                         "qe_identity.json", "qe_identity_issuer_chain.pem",
                                         "pck_crl.der",      "pck_crl_issuer_chain.pem",
                                         "root_ca_crl.der" };
    struct att_err err = { 0 };

    for (int round = 0; round < 2; round++) {
        char *dir = path_of(base, "collateral");
        cases_check(&cases, mk_hardware_write_collateral(hw, dir, AT + round, &err), "collateral: %s",
                    err.text);
        for (size_t part = 0; part < 4; part++) {
            static const char *const parts[] = { "processor", "platform", "processor-tdx", "platform-tdx" };
            char *sub = path_of(dir, "%s", parts[part]);
            for (size_t i = 0; i < 7; i++)
                cases_check(&cases, exists(sub, names[i]), "%s is missing in %s", names[i], sub);
            cases_check(&cases, files_in(sub) == 7, "%s holds more than collateral",
                        sub); /* no root, no key */
            free(sub);
        }
        free(dir);
    }
    cases_check(&cases, !mk_hardware_write_collateral(hw, base, 0, &err) && err.code == ATT_PARAMETER_INVALID,
                "collateral for a time before the hardware");
}

int main(void)
{
    const char *room = getenv("TMPDIR");
    char *base = path_of(room ? room : P_tmpdir, "makers-folder-XXXXXX");
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };

    (void)umask(022);
    if (!mkdtemp(base) || !mk_hardware_new(AT, &hw, &err)) {
        cases_check(&cases, false, "cannot start: %s", err.text);
        return cases_report(&cases);
    }
    check_round_trip(base);
    check_damage(base, hw);
    check_no_room(base, hw);
    check_evidence(base, hw);
    check_collateral(base, hw);
    mk_hardware_free(hw);
    remove_all(base);
    free(base);
    return cases_report(&cases);
}
