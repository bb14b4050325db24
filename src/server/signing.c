/* The signer that the settings describe: a process of its own, unless they say otherwise. */
#include "server/server.h"

#include "base/auto.h"
#include "base/err.h"
#include "signer/signer.h"

#include <errno.h>
#include <sys/prctl.h>

enum { WORK_BYTES = 16 << 10 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static const char *given(const char *text)
{
    return text[0] ? text : NULL;
}

bool signing_start(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    bool check =
        s->options->verb == OPTIONS_CHECK_CONFIG; /* looks whether the key can be used, and signs nothing */
    const struct signer_options options = {
        .kek = c->key_encryption_key,
        .kek_previous = c->key_encryption_key_previous.item,
        .pkcs11_module = given(c->pkcs11_module),
        .pkcs11_token = given(c->pkcs11_token),
        .pkcs11_pin_file = given(c->pkcs11_pin_file),
        .keys_in_hsm = strcmp(c->signing_keys, "token") == 0,
        .in_process = check || !c->signer_process,
        .channels = (unsigned)c->threads,
    };

    return signer_open(&options, &s->signer, err);
}

bool signing_context_key(struct server *s, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_span none = { 0 }, unused = { 0 };

    if (!work)
        return att_fail_memory(err, "context_key");
    return signer_share(s->signer, SIGNER_SHARED_CONTEXT, none, work, s->context_key, &unused, err);
}

/* No core has tokens, nor anything else of a running server; and another process of the same user does not look in. Leaks are
 * looked for by a process that does. */
bool memory_closed(struct server *s, struct att_err *err)
{
#ifndef __SANITIZE_ADDRESS__
    if (!s->options->dev && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return att_fail(err, ATT_IO_FAILED, "memory", "a process that is not dumped", "%m");
#endif
    (void)s;
    (void)err;
    return true;
}
