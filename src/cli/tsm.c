#include "cli/tsm.h"

#include "base/auto.h"
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tsm_answer_free(struct tsm_answer *answer)
{
    att_buf_free(&answer->out);
    att_buf_free(&answer->auxiliary);
}

static bool refused(struct att_err *err, const char *attribute, int reason)
{
    static const struct {
        int reason;
        const char *text;
    } rows[] = {
        { ENOENT, "an entry with this attribute: is the folder one of configfs-tsm?" },
        { EACCES, "permission: run as root, or use --entry for one made for you" },
        { EPERM, "permission: run as root, or use --entry for one made for you" },
        { ENXIO, "a provider: load the module tdx_guest or sev-guest" },
        { EINVAL, "a value that the kernel takes" },
        { EFBIG, "an answer of at most 64 KiB" },
        { EBUSY, "a kernel that is not busy: try again" },
        { EWOULDBLOCK, "an entry that nobody else writes to: try again" },
    };
    const char *name = strerrorname_np(reason);
    const char *expected = "success";

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].reason == reason)
            expected = rows[i].text;
    return att_fail(err, ATT_IO_FAILED, attribute, expected, "%s", name ? name : "an unknown reason");
}

/* One line without its end. */
static bool get_line(const struct tsm_entry *e, const char *attribute, char *ret, size_t room,
                     struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    int reason = e->get(e->ctx, attribute, &text);

    if (reason != 0)
        return refused(err, attribute, reason);
    if (text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    if (text.len == 0 || text.len >= room || memchr(text.ptr, '\0', text.len))
        return att_fail(err, ATT_IO_FAILED, attribute, "one short line", "%zu bytes", text.len);
    memcpy(ret, text.ptr, text.len);
    ret[text.len] = '\0';
    return true;
}

static bool check_provider(const struct tsm_entry *e, const char *wanted, struct att_err *err)
{
    char found[64];
    struct att_shown shown;

    if (!get_line(e, "provider", found, sizeof found, err))
        return false;
    return strcmp(found, wanted) == 0 ||
           att_fail(err, ATT_IO_FAILED, "provider", wanted, "%s", att_shown(&shown, att_str(found)));
}

/* Is it worth another try? */
static bool passing(int reason)
{
    return reason == EBUSY || reason == EAGAIN || reason == EINTR;
}

enum outcome { DONE, AGAIN, FAILED };

static enum outcome outcome_of(int reason, const char *attribute, struct att_err *err)
{
    if (reason == 0)
        return DONE;
    *err = (struct att_err){ 0 }; /* of the last try, which is the one to tell */
    (void)refused(err, attribute, reason);
    return passing(reason) ? AGAIN : FAILED;
}

static enum outcome put_request(const struct tsm_entry *e, const struct tsm_request *r, struct att_err *err)
{
    char level[16];
    enum outcome o = outcome_of(e->put(e->ctx, "inblob", att_span_of(r->report_data, sizeof r->report_data)),
                                "inblob", err);

    if (o != DONE || !r->has_privilege_level)
        return o;
    (void)snprintf(level, sizeof level, "%u", r->privilege_level);
    return outcome_of(e->put(e->ctx, "privlevel", att_str(level)), "privlevel", err);
}

static enum outcome get_blob(const struct tsm_entry *e, const char *attribute, struct att_buf *out,
                             struct att_err *err)
{
    att_buf_clear(out);
    return outcome_of(e->get(e->ctx, attribute, out), attribute, err);
}

static enum outcome attempt(const struct tsm_entry *e, const struct tsm_request *r, struct tsm_answer *ret,
                            struct att_err *err)
{
    char before[32], after[32];
    enum outcome o = put_request(e, r, err);

    if (o != DONE)
        return o;
    *err = (struct att_err){ 0 };
    if (!get_line(e, "generation", before, sizeof before, err))
        return FAILED;
    o = get_blob(e, "outblob", &ret->out, err);
    if (o == DONE && r->with_auxiliary)
        o = get_blob(e, "auxblob", &ret->auxiliary, err);
    if (o != DONE)
        return o;
    if (!get_line(e, "generation", after, sizeof after, err))
        return FAILED;
    if (strcmp(before, after) == 0)
        return DONE;
    (void)att_fail(err, ATT_IO_FAILED, "generation", "an entry that nobody else writes to: try again",
                   "another request in between");
    return AGAIN;
}

bool tsm_collect(const struct tsm_entry *entry, const struct tsm_request *request, struct tsm_answer *ret,
                 struct att_err *err)
{
    struct att_err last = { 0 };

    if (!check_provider(entry, request->provider, err))
        return false;
    for (int i = 0; i < TSM_TRIES_MAX; i++) {
        if (i > 0)
            entry->pause(entry->ctx);
        enum outcome o = attempt(entry, request, ret, &last);
        if (o == DONE)
            return true;
        if (o == FAILED)
            break;
    }
    if (err)
        *err = last;
    return false;
}
