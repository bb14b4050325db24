#include "eventlog/stand.h"

#include "base/err.h"
#include "base/reader.h"
#include "eventlog/cover.h"
#include "eventlog/events.h"

/* Bodies of separators, as digests. */
struct marks {
    uint8_t firmware[2][LOG_DIGEST_BYTES_MAX]; /* 00000000 and FFFFFFFF */
    uint8_t firmware_failed[LOG_DIGEST_BYTES_MAX];
    uint8_t windows[LOG_DIGEST_BYTES_MAX];
    uint8_t off[2][LOG_DIGEST_BYTES_MAX]; /* SecureBoot with value 00, and without a value */
};

static bool marks_make(const struct log_env *env, enum att_hash bank, struct marks *ret, struct att_err *err)
{
    static const uint8_t zeros[4], ones[4] = { 0xff, 0xff, 0xff, 0xff }, failed[4] = { 1 };
    uint8_t off[EFI_SECURE_BOOT_BYTES], none[EFI_SECURE_BOOT_BYTES];
    size_t off_bytes = efi_secure_boot_body(true, 0, off), none_bytes = efi_secure_boot_body(false, 0, none);

    if (att_digest(env->crypto, bank, att_span_of(zeros, 4), ret->firmware[0]) &&
        att_digest(env->crypto, bank, att_span_of(ones, 4), ret->firmware[1]) &&
        att_digest(env->crypto, bank, att_span_of(failed, 4), ret->firmware_failed) &&
        att_digest(env->crypto, bank, att_str("WBCL"), ret->windows) &&
        att_digest(env->crypto, bank, att_span_of(off, off_bytes), ret->off[0]) &&
        att_digest(env->crypto, bank, att_span_of(none, none_bytes), ret->off[1]))
        return true;
    return att_fail(err, ATT_CRYPTO_FAILED, "eventlog.separators", "their digests", "none");
}

static size_t index_of(const struct stand *s, const struct log_event *e)
{
    return (size_t)(e - s->set->items);
}

bool stand_in(const struct stand *s, const struct log_event *e, uint32_t pcrs)
{
    return e->extends && e->pcr < LOG_PCRS && (s->proven->pcrs & pcrs & 1u << e->pcr) != 0;
}

static enum log_cover cover_of(struct stand *s, const struct log_event *e)
{
    enum log_cover cover;

    if (cover_read(s->env, e, s->proven->bank, &cover))
        return cover;
    s->failed = true;
    return LOG_NOT_COVERED;
}

static bool covered(struct stand *s, const struct log_event *e)
{
    return cover_of(s, e) == LOG_COVERED;
}

bool stand_answered(const struct stand *s, struct att_err *err)
{
    return !s->failed ||
           att_fail(err, ATT_CRYPTO_FAILED, "eventlog.events", "digests of all bodies", "a failure");
}

/* -- the ends of registers ---------------------------------------------------------------------------------- */

static bool is(const struct stand *s, const struct log_event *e, const uint8_t *mark)
{
    const uint8_t *digest = e->digest[s->proven->bank];

    return digest && memcmp(digest, mark, att_hash_size(s->proven->bank)) == 0;
}

/* Linux measures nothing into the firmware's register. But a record of IMA extends whatever its data hash to, so what the firmware
 * measured - also its separator - can be shown as one, and has no digest of its own that would give it away. */
static bool firmware_is_overlaid(const struct stand *s)
{
    for (size_t i = 0; i < s->set->count; i++) {
        if (s->set->items[i].ima && stand_in(s, &s->set->items[i], 1u << PCR_SECURE_BOOT))
            return true;
    }
    return false;
}

/* Firmware that failed says so in place of the separator: then nothing that stands before is its word. */
static void firmware_end_find(struct stand *s, const struct marks *m)
{
    for (size_t i = 0; i < s->set->count; i++) {
        const struct log_event *e = &s->set->items[i];
        if (!stand_in(s, e, 1u << PCR_SECURE_BOOT))
            continue;
        if (is(s, e, m->firmware_failed))
            return;
        if (is(s, e, m->firmware[0]) || is(s, e, m->firmware[1])) {
            s->firmware_end = i;
            return;
        }
    }
}

static void windows_ends_find(struct stand *s, const struct marks *m)
{
    for (unsigned p = 0; p < LOG_PCRS; p++)
        s->windows_end[p] = s->set->count;
    for (size_t i = s->set->count; i > 0; i--) {
        const struct log_event *e = &s->set->items[i - 1];
        if (stand_in(s, e, PCRS_WINDOWS) && is(s, e, m->windows))
            s->windows_end[e->pcr] = i - 1;
    }
}

/* -- Windows ------------------------------------------------------------------------------------------------ */

static bool windows_part(const struct stand *s, const struct log_event *e, uint32_t pcrs)
{
    return stand_in(s, e, pcrs & PCRS_WINDOWS) && index_of(s, e) < s->windows_end[e->pcr];
}

static bool begins_known(struct att_span body)
{
    struct att_reader r = att_reader_of(body);

    return sipa_find(att_take_u32le(&r)) != NULL;
}

static bool any_known(const struct sipa_items *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (sipa_find(items->at[i].id))
            return true;
    }
    return false;
}

/* The body alone says whether it is one of Windows': whoever writes the log chooses the type. A record of IMA may be an event of
 * Windows, or its separator, that is shown as one. */
static bool hides(struct stand *s, const struct log_event *e)
{
    if (e->ima || !covered(s, e))
        return true;
    if (!sipa_read(e->body, &s->items))
        return begins_known(e->body); /* more than is taken */
    return e->type != BODY_EVENT_TAG && any_known(&s->items);
}

static bool anything_hidden(struct stand *s)
{
    for (size_t i = 0; i < s->set->count; i++) {
        const struct log_event *e = &s->set->items[i];
        if (windows_part(s, e, PCRS_WINDOWS_STATIC) && hides(s, e))
            return true;
    }
    return false;
}

bool stand_windows(struct stand *s, const struct log_event *e, uint32_t pcrs)
{
    if (e->ima || e->type != BODY_EVENT_TAG || !windows_part(s, e, pcrs))
        return false;
    return covered(s, e) && sipa_read(e->body, &s->items);
}

/* -- variables of the firmware ------------------------------------------------------------------------------ */

bool stand_secure(struct stand *s, const struct log_event *e, struct efi_variable *ret, bool *ret_before_end)
{
    struct efi_variable v;

    if (e->ima || e->type != BODY_VARIABLE_DRIVER_CONFIG || !stand_in(s, e, 1u << PCR_SECURE_BOOT) ||
        !efi_variable_read(e->body, &v) || efi_secure_name(&v) == EFI_SECURE_COUNT || !covered(s, e))
        return false;
    if (s->off_hidden && efi_secure_name(&v) == EFI_SECURE_BOOT)
        return false;
    *ret = v;
    *ret_before_end = index_of(s, e) < s->firmware_end;
    return true;
}

static bool off_is_hidden(struct stand *s, const struct marks *m)
{
    for (size_t i = 0; i < s->set->count; i++) {
        const struct log_event *e = &s->set->items[i];
        struct efi_variable v;
        bool before = false;
        if (stand_in(s, e, 1u << PCR_SECURE_BOOT) && (is(s, e, m->off[0]) || is(s, e, m->off[1])) &&
            !stand_secure(s, e, &v, &before))
            return true;
    }
    return false;
}

static unsigned names_by_firmware(struct stand *s)
{
    unsigned named = 0;

    for (size_t i = 0; i < s->firmware_end; i++) {
        struct efi_variable v;
        bool before = false;
        if (stand_secure(s, &s->set->items[i], &v, &before) && before)
            named |= 1u << efi_secure_name(&v);
    }
    return named;
}

bool stand_variable(struct stand *s, const struct log_event *e, struct efi_variable *ret)
{
    enum { FIRMWARE = (1 << (PCR_SECURE_BOOT + 1)) - 1 };
    struct efi_variable v;
    enum log_cover cover;

    if (e->ima || !stand_in(s, e, FIRMWARE))
        return false;
    if (e->type != BODY_VARIABLE_DRIVER_CONFIG && e->type != BODY_VARIABLE_BOOT &&
        e->type != BODY_VARIABLE_BOOT2 && e->type != BODY_VARIABLE_AUTHORITY)
        return false;
    if (!efi_variable_read(e->body, &v))
        return false;
    cover = cover_of(s, e);
    if (cover == LOG_NOT_COVERED || (cover == LOG_COVERED_DATA && e->type != BODY_VARIABLE_BOOT))
        return false;
    /* The firmware says these once, in register 7, before it ends it. Behind that, only what it did say may come again: a query
     * that wants exactly one then finds two. */
    enum efi_secure which = efi_secure_name(&v);
    if (which == EFI_SECURE_BOOT && s->off_hidden)
        return false;
    if (e->type == BODY_VARIABLE_DRIVER_CONFIG && which != EFI_SECURE_COUNT &&
        (e->pcr != PCR_SECURE_BOOT || (index_of(s, e) >= s->firmware_end && (s->named & 1u << which) == 0)))
        return false;
    *ret = v;
    return true;
}

static bool room_make(struct stand *s)
{
    size_t largest = 0;

    for (size_t i = 0; i < s->set->count; i++) {
        const struct log_event *e = &s->set->items[i];
        if (windows_part(s, e, PCRS_WINDOWS) && e->body.len > largest)
            largest = e->body.len;
    }
    return sipa_room(s->env->arena, largest, &s->items);
}

bool stand_read(const struct log_env *env, const struct log_events *set, const struct log_proven *proven,
                struct stand *ret, struct att_err *err)
{
    struct stand s = { .env = env, .set = set, .proven = proven };
    struct marks marks;

    if (!marks_make(env, proven->bank, &marks, err))
        return false;
    if (!firmware_is_overlaid(&s))
        firmware_end_find(&s, &marks);
    windows_ends_find(&s, &marks);
    if (!room_make(&s))
        return att_fail_memory(err, "eventlog.events");
    s.off_hidden = off_is_hidden(&s, &marks);
    s.named = names_by_firmware(&s);
    s.hidden = anything_hidden(&s);
    if (!stand_answered(&s, err))
        return false;
    *ret = s;
    return true;
}
