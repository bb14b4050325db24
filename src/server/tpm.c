/* What TPM evidence is judged by: authorities of attestation keys, manufacturers, hashes, and the key of contexts. Read at the
 * start; SIGHUP leaves it as it is, since challenges and enrolments under way count on it. */
#include "server/server.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "files/files.h"
#include "server/boot_hashes.h"
#include "service/aik_authority.h"

#include <attest/tpm.h>

/* -- trust ------------------------------------------------------------------------------------------------ */

/* What a trust set is made of; all of it in the server's arena. */
struct anchors {
    struct att_root *roots;
    size_t count;
    struct att_span intermediates;
};

static bool load_roots(struct server *s, const struct config_list *files, struct anchors *a,
                       struct att_err *err)
{
    a->roots = att_arena_alloc(s->arena, files->count + 2, sizeof *a->roots); /* two more may be added */
    if (!a->roots)
        return att_fail_memory(err, "tpm");
    for (size_t i = 0; i < files->count; i++) {
        if (!file_load(s->arena, files->item[i], &a->roots[a->count].pem, err))
            return false;
        a->count++;
    }
    return true;
}

/* One behind the other: PEM is self-delimiting, if each ends its line. */
static bool load_intermediates(struct server *s, const struct config_list *files, struct att_span more,
                               struct anchors *a, struct att_err *err)
{
    struct att_buf all = { 0 };
    struct att_span text = { 0 };
    bool ok = true;

    att_buf_put(&all, more);

    for (size_t i = 0; ok && i < files->count; i++) {
        ok = file_load(s->arena, files->item[i], &text, err);
        att_buf_put(&all, ok ? text : (struct att_span){ 0 });
        att_buf_putc(&all, '\n');
    }
    char *copy = ok && !all.failed ? att_arena_dup(s->arena, att_buf_span(&all)) : NULL;
    if (copy)
        a->intermediates = att_span_of(copy, all.len);
    att_buf_free(&all);
    return copy || (ok && att_fail_memory(err, "tpm"));
}

static void add_root(struct anchors *a, struct att_span pem, bool test)
{
    if (pem.len > 0)
        a->roots[a->count++] = (struct att_root){ .pem = pem, .test_root = test };
}

/* None without a root: nobody is trusted then. */
static bool make_trust(struct server *s, const struct anchors *a, struct att_tpm_trust **ret,
                       struct att_err *err)
{
    const struct att_tpm_trust_in in = {
        .size = sizeof in, .roots = a->roots, .root_count = a->count, .intermediates = a->intermediates
    };

    return a->count == 0 || att_tpm_trust_new(s->lib, &in, ret, err);
}

/* The site's own authority is trusted besides those of the configuration. A check has none: it opens no store. The made-up ones
 * are empty without --dev. */
static bool trust_aiks(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct anchors a = { 0 };

    if (!load_roots(s, &c->tpm_aik_roots, &a, err) ||
        !load_intermediates(s, &c->tpm_aik_intermediates, (struct att_span){ 0 }, &a, err))
        return false;
    if (s->aik_authority)
        add_root(&a, s->aik_authority->pem, s->aik_authority->test);
    add_root(&a, s->dev.tpm_aik_ca_pem, true);
    return make_trust(s, &a, &s->aik_trust, err);
}

static bool trust_eks(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct anchors a = { 0 };

    if (!load_roots(s, &c->tpm_ek_roots, &a, err) ||
        !load_intermediates(s, &c->tpm_ek_intermediates, s->dev.tpm_ek_ca_pem, &a, err))
        return false;
    add_root(&a, s->dev.tpm_ek_root_pem, true);
    return make_trust(s, &a, &s->ek_trust, err);
}

/* -- the rest --------------------------------------------------------------------------------------------- */

static bool load_boot_hashes(struct server *s, struct att_err *err)
{
    const char *path = s->options->config.tpm_boot_hashes;
    struct att_span text = { 0 };

    if (path[0] == '\0')
        return true;
    return file_load(s->arena, path, &text, err) && boot_hashes_read(s->arena, text, &s->boot_hashes, err);
}

bool tpm_open(struct server *s, struct att_err *err)
{
    return signing_context_key(s, err) && trust_aiks(s, err) && trust_eks(s, err) && load_boot_hashes(s, err);
}

bool tpm_check(struct server *s, struct att_err *err)
{
    return trust_aiks(s, err) && trust_eks(s, err) && load_boot_hashes(s, err);
}

void tpm_close(struct server *s)
{
    att_tpm_trust_free(s->aik_trust);
    att_tpm_trust_free(s->ek_trust);
    aik_authority_free(s->aik_authority);
    att_wipe(s->context_key, sizeof s->context_key);
}
