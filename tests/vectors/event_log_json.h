/* What log_events_json makes of a log of the vectors, and of the IMA list beside it where the reference has one too: for tests that
 * hold it against the reference. */
#ifndef TESTS_VECTORS_EVENT_LOG_JSON_H
#define TESTS_VECTORS_EVENT_LOG_JSON_H

#include "crypto/crypto.h"
#include "eventlog/body.h"
#include "support/cases.h"

#include <stdlib.h>
#include <string.h>

struct made_log {
    struct att_crypto *crypto;
    struct att_arena *arena;
    struct log_env env;
    struct log_events set;
    struct log_proven proven;
    uint8_t *bytes[2];
};

static inline void made_log_free(struct made_log *m)
{
    free(m->bytes[0]);
    free(m->bytes[1]);
    att_arena_free(m->arena);
    att_crypto_free(m->crypto);
    *m = (struct made_log){ 0 };
}

/* `stem`: "go-eventlog/rhel8-uefi". Every register counts as proven. */
static inline bool made_log_read(struct made_log *m, const char *stem, struct att_err *err)
{
    static const struct {
        const char *suffix;
        enum log_form form;
    } parts[] = { { ".bin", LOG_TCG }, { ".ima.bin", LOG_IMA } };

    *m = (struct made_log){ .crypto = att_crypto_new(),
                            .arena = att_arena_new(att_limits_default.arena_bytes_max) };
    m->env = (struct log_env){ .crypto = m->crypto, .arena = m->arena, .limits = &att_limits_default };
    for (size_t i = 0; i < 2; i++) {
        char *path = path_of(vectors_dir(), "eventlog/%s%s", stem, parts[i].suffix);
        size_t len = 0;
        m->bytes[i] = file_read(path, &len);
        free(path);
        if (!m->bytes[i] && i == 0)
            return false;
        if (m->bytes[i] &&
            !log_append(&m->env, parts[i].form, att_span_of(m->bytes[i], len), "log", &m->set, err))
            return false;
    }
    m->proven = (struct log_proven){ .bank = m->set.banks & 1u << ATT_SHA256 ? ATT_SHA256 : ATT_SHA1,
                                     .pcrs = 0xffffff };
    return true;
}

#endif
