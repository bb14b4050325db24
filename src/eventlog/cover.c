/* Does an event's digest cover its body? */
#include "eventlog/cover.h"

#include "base/reader.h"
#include "eventlog/efi.h"
#include "eventlog/events.h"

static bool measures(const struct log_env *env, enum att_hash bank, const uint8_t *digest,
                     struct att_span bytes, bool *ret)
{
    uint8_t made[LOG_DIGEST_BYTES_MAX];

    if (!att_digest(env->crypto, bank, bytes, made))
        return false;
    *ret = memcmp(made, digest, att_hash_size(bank)) == 0;
    return true;
}

/* Linux' EFI stub tags what it measures with an event of its own making, and measures only what is in it. */
static bool only_tag(struct att_span body, struct att_span *ret)
{
    struct att_reader r = att_reader_of(body);

    (void)att_take_u32le(&r);
    struct att_span data = att_take(&r, att_take_u32le(&r));
    if (!att_all_read(&r))
        return false;
    *ret = data;
    return true;
}

/* What of the body is measured alone by some firmware, where it is not the whole. */
static bool measured_part(const struct log_event *e, struct att_span *ret)
{
    struct efi_variable v;

    if (e->type == BODY_EVENT_TAG)
        return only_tag(e->body, ret);
    if (e->type != BODY_VARIABLE_BOOT || !efi_variable_read(e->body, &v))
        return false;
    *ret = v.data;
    return true;
}

bool cover_read(const struct log_env *env, const struct log_event *e, enum att_hash bank, enum log_cover *ret)
{
    struct att_span part;
    bool whole = false, some = false;

    *ret = LOG_NOT_COVERED;
    /* For a violation the kernel extends the register with ones: its record could say anything. */
    if (e->ima) {
        *ret = e->ima_violation ? LOG_NOT_COVERED : LOG_COVERED;
        return true;
    }
    if (!e->extends || !e->digest[bank])
        return true;
    if (!measures(env, bank, e->digest[bank], e->body, &whole))
        return false;
    if (!whole && measured_part(e, &part) && !measures(env, bank, e->digest[bank], part, &some))
        return false;
    *ret = whole ? LOG_COVERED : some ? LOG_COVERED_DATA : LOG_NOT_COVERED;
    return true;
}

enum log_cover log_event_cover(const struct log_env *env, const struct log_event *e, enum att_hash bank)
{
    enum log_cover cover;

    return cover_read(env, e, bank, &cover) ? cover : LOG_NOT_COVERED;
}
