/* layers: eventlog crypto codec base */
/* Any bytes as a log, or as events whose digests are then made to fit; the first two say which, and which event is meant below. The
 * JSON is JSON and always the same, or a limit is named. Whoever writes the log may spoil the body of any event (E-n): no fact becomes better by that. */
#include "eventlog/body.h"

#include "base/reader.h"
#include "codec/json.h"
#include "crypto/crypto.h"
#include "eventlog/efi.h"

#include <stdlib.h>

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct log_facts facts_of(const struct log_env *env, const struct log_events *set,
                                 const struct log_proven *proven)
{
    struct log_facts f;

    MUST(log_facts_read(env, set, proven, &f, NULL));
    MUST(!f.has_idks || (f.idks_n.len > 0 && f.idks_e.len > 0));
    return f;
}

static bool better(bool before, bool after)
{
    return after && !before;
}

/* The one way to be heard by being silent: a second SecureBoot variable of a value that no firmware writes. Its digest is not known. */
static bool is_odd_boot(const struct log_event *e)
{
    struct efi_variable v;

    return efi_variable_read(e->body, &v) && efi_secure_name(&v) == EFI_SECURE_BOOT;
}

/* Events of a dynamic launch are not guarded against hiding. */
static bool is_dynamic(const struct log_event *e)
{
    return e->pcr == 19 || e->pcr == 20;
}

static void check_spoiled(const struct log_env *env, struct log_events *set, const struct log_proven *proven,
                          size_t which)
{
    struct log_facts f = facts_of(env, set, proven);
    struct log_event *e = &set->items[which];
    struct log_event kept = *e;
    static const uint8_t junk[] = "spoiled";

    if (e->ima)
        return;
    bool odd = is_odd_boot(e);
    /* As a record of IMA it extends the same digest where that is the hash of its body. */
    unsigned ways = log_event_cover(env, e, proven->bank) == LOG_COVERED ? 4 : 3;
    for (unsigned how = 0; how < ways; how++) {
        *e = kept;
        if (how == 0 || how == 2)
            e->body = att_span_of(junk, sizeof junk);
        if (how == 1 || how == 2)
            e->type = 0x0d;
        if (how == 3) {
            e->ima = true;
            memset(e->digest, 0, sizeof e->digest);
            e->template_name = att_str("made-up");
        }
        /* libFuzzer sees comparisons, and has once made an event whose digest is that of the junk: then the junk is what was measured. */
        if (how != 3 && log_event_cover(env, &kept, proven->bank) == LOG_NOT_COVERED &&
            log_event_cover(env, e, proven->bank) != LOG_NOT_COVERED)
            continue;
        struct log_facts g = facts_of(env, set, proven);
        MUST(odd || !better(f.secure_boot, g.secure_boot));
        if (is_dynamic(&kept))
            continue;
        MUST(!better(f.boot_debugging_disabled, g.boot_debugging_disabled));
        MUST(!better(f.not_safe_mode, g.not_safe_mode) && !better(f.not_winpe, g.not_winpe));
        MUST(!better(f.vbs_enabled, g.vbs_enabled) && !better(f.iommu_enabled, g.iommu_enabled));
        MUST(!better(f.code_integrity, g.code_integrity) && !better(f.elam_loaded, g.elam_loaded));
        MUST(!better(f.has_idks, g.has_idks));
    }
    *e = kept;
}

static void check_json(const struct log_env *env, const struct log_events *set,
                       const struct log_proven *proven)
{
    struct att_span first = { 0 }, second = { 0 };
    struct att_err err = { 0 };
    struct att_json doc;

    if (!log_events_json(env, set, proven, &first, &err)) {
        MUST(err.code == ATT_EVENT_LOG_LIMIT || err.code == ATT_OUT_OF_MEMORY);
        return;
    }
    MUST(log_events_json(env, set, proven, &second, &err) && att_span_eq(first, second));
    MUST(att_json_parse(env->arena, first, NULL, &doc, &err) || err.code == ATT_JSON_LIMIT);
    if (err.code != ATT_OK)
        return;
    att_json_id events = att_json_get(&doc, ATT_JSON_ROOT, "Events");
    MUST(att_json_type(&doc, events) == ATT_JSON_ARRAY && doc.nodes[events].count == set->count);
}

enum { MADE_MAX = 32 };
static struct log_event made[MADE_MAX];
static uint8_t digests[MADE_MAX][LOG_DIGEST_BYTES_MAX];

/* Register, kind, two bytes of length, body: an event that is covered, but for those of which the value alone is measured (bit 7 of the
 * register). */
static void make_events(const struct log_env *env, struct att_span bytes, struct log_events *ret)
{
    static const uint32_t types[] = { 0x80000001u, 0x80000002u, 0x800000e0u, 0x06,
                                      0x04,        0x0d,        0x03,        0x8000000cu };
    struct att_reader r = att_reader_of(bytes);

    *ret = (struct log_events){ .items = made, .capacity = MADE_MAX, .banks = 1u << ATT_SHA256 };
    while (r.left > 0 && ret->count < MADE_MAX) {
        uint8_t pcr = att_take_u8(&r);
        uint8_t type = att_take_u8(&r);
        struct att_span body = att_take(&r, att_take_u16le(&r));
        struct att_span measured = body;
        struct efi_variable v;
        if (r.failed)
            return;
        if (pcr & 0x80 && efi_variable_read(body, &v))
            measured = v.data;
        size_t i = ret->count++;
        MUST(att_digest(env->crypto, ATT_SHA256, measured, digests[i]));
        made[i] = (struct log_event){ .seq = (uint32_t)i,
                                      .pcr = (pcr & 0x7fu) % LOG_PCRS,
                                      .type = types[type % 8],
                                      .extends = types[type % 8] != 3,
                                      .body = body };
        made[i].digest[ATT_SHA256] = digests[i];
    }
}

static bool read_events(const struct log_env *env, uint8_t how, struct att_span bytes, struct log_events *ret)
{
    if ((how & 4) == 0)
        return log_append(env, how & 1 ? LOG_IMA : LOG_TCG, bytes, "log", ret, NULL);
    make_events(env, bytes, ret);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct att_crypto *crypto;
    static struct att_limits limits;
    struct log_events set = { 0 };

    if (!crypto) {
        crypto = att_crypto_new();
        limits = att_limits_default;
        limits.event_log_events_max = 200;
        limits.event_log_json_bytes_max = 64 * 1024;
    }
    if (size < 2 || size > 16384)
        return 0;
    struct att_arena *arena = att_arena_new((size_t)16 << 20);
    struct log_env env = { .crypto = crypto, .arena = arena, .limits = &limits };
    struct log_proven proven = { .bank = data[0] & 6 ? ATT_SHA256 : ATT_SHA1, .pcrs = 0xffffff };
    MUST(arena);
    if (read_events(&env, data[0], att_span_of(data + 2, size - 2), &set)) {
        check_json(&env, &set, &proven);
        if (set.count > 0)
            check_spoiled(&env, &set, &proven, data[1] % set.count);
    }
    att_arena_free(arena);
    return 0;
}
