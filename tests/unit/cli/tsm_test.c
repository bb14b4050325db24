/* layers: cli base */
/* Asking the kernel for evidence, with a kernel that is played: the order of what is done, and what it may answer. */
#include "cli/tsm.h"

#include "support/cases.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct cases cases = { .name = "cli.tsm" };

/* A kernel that counts requests and answers the last one. What it refuses, it refuses `times` times. */
struct kernel {
    const char *provider;
    const char *refuse; /* attribute */
    int reason, times;
    int intruders; /* how often somebody else writes while `outblob` is read */
    bool no_certificates;
    unsigned long generation;
    uint8_t data[64];
    char level[16];
    int pauses, answers;
    char log[512];
};

static int refusal(struct kernel *k, const char *attribute)
{
    size_t n = strlen(k->log);

    (void)snprintf(k->log + n, sizeof k->log - n, "%s ", attribute);
    if (!k->refuse || strcmp(k->refuse, attribute) != 0 || k->times == 0)
        return 0;
    k->times--;
    return k->reason;
}

static int put(void *ctx, const char *attribute, struct att_span value)
{
    struct kernel *k = ctx;
    int reason = refusal(k, attribute);

    if (reason)
        return reason;
    k->generation++;
    if (strcmp(attribute, "inblob") == 0 && value.len == 64)
        memcpy(k->data, value.ptr, 64);
    else if (strcmp(attribute, "privlevel") == 0 && value.len < sizeof k->level)
        memcpy(k->level, value.ptr, value.len);
    else
        return EINVAL;
    return 0;
}

static int get(void *ctx, const char *attribute, struct att_buf *out)
{
    struct kernel *k = ctx;
    int reason = refusal(k, attribute);

    if (reason)
        return reason;
    if (strcmp(attribute, "provider") == 0)
        att_buf_printf(out, "%s\n", k->provider);
    else if (strcmp(attribute, "generation") == 0)
        att_buf_printf(out, "%lu\n", k->generation);
    else if (strcmp(attribute, "auxblob") == 0)
        att_buf_puts(out, k->no_certificates ? "" : "certificates");
    else if (strcmp(attribute, "outblob") == 0) {
        att_buf_put(out, att_span_of(k->data, 64));
        k->answers++;
        if (k->intruders > 0) {
            k->intruders--;
            k->generation++;
        }
    }
    return 0;
}

static void pause_it(void *ctx)
{
    ((struct kernel *)ctx)->pauses++;
}

static bool ask(struct kernel *k, const struct tsm_request *r, struct tsm_answer *ret, struct att_err *err)
{
    const struct tsm_entry e = { k, put, get, pause_it };
    return tsm_collect(&e, r, ret, err);
}

static struct tsm_request request(bool snp)
{
    struct tsm_request r = { .provider = snp ? "sev_guest" : "tdx_guest", .with_auxiliary = snp };

    memset(r.report_data, 0x5a, sizeof r.report_data);
    return r;
}

static void check_order(void)
{
    static const struct {
        const char *name;
        bool snp, level;
        const char *log;
    } rows[] = {
        { "tdx", false, false, "provider inblob generation outblob generation " },
        { "sev-snp", true, false, "provider inblob generation outblob auxblob generation " },
        { "sev-snp at a level", true, true,
          "provider inblob privlevel generation outblob auxblob generation " },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tsm_request r = request(rows[i].snp);
        struct kernel k = { .provider = r.provider };
        struct tsm_answer a = { 0 };
        struct att_err err = { 0 };
        r.has_privilege_level = rows[i].level;
        r.privilege_level = 2;
        bool ok = ask(&k, &r, &a, &err);
        cases_check(&cases, ok, "%s: %s", rows[i].name, err.text);
        cases_check(&cases, strcmp(k.log, rows[i].log) == 0, "%s: %s", rows[i].name, k.log);
        cases_check(&cases, a.out.len == 64 && memcmp(a.out.ptr, r.report_data, 64) == 0, "%s: answer",
                    rows[i].name);
        cases_check(&cases, a.auxiliary.len == (rows[i].snp ? 12u : 0u), "%s: certificates", rows[i].name);
        cases_check(&cases, strcmp(k.level, rows[i].level ? "2" : "") == 0, "%s: level %s", rows[i].name,
                    k.level);
        tsm_answer_free(&a);
    }
}

static void check_refusals(void)
{
    static const struct {
        const char *name;
        const char *provider, *refuse;
        int reason, times, intruders;
        int pauses; /* -1: refused, at `where` with `expected` in its text */
        const char *where, *expected;
    } rows[] = {
        { "another provider", "arm_cca_guest", NULL, 0, 0, 0, -1, "provider", "sev_guest" },
        { "no provider", "", NULL, 0, 0, 0, -1, "provider", "one short line" },
        { "a provider too long", "0123456789012345678901234567890123456789012345678901234567890123456789",
          NULL, 0, 0, 0, -1, "provider", "one short line" },
        { "no such file", "sev_guest", "provider", ENOENT, 99, 0, -1, "provider", "configfs-tsm" },
        { "no permission", "sev_guest", "inblob", EACCES, 99, 0, -1, "inblob", "root" },
        { "no module", "sev_guest", "outblob", ENXIO, 99, 0, -1, "outblob", "module" },
        { "too much", "sev_guest", "outblob", EFBIG, 99, 0, -1, "outblob", "64 KiB" },
        { "another reason", "sev_guest", "auxblob", EIO, 99, 0, -1, "auxblob", "success" },
        { "no generation", "sev_guest", "generation", EIO, 99, 0, -1, "generation", "success" },
        { "busy once", "sev_guest", "outblob", EBUSY, 1, 0, 1, NULL, NULL },
        { "busy four times", "sev_guest", "inblob", EBUSY, 4, 0, 4, NULL, NULL },
        { "busy for good", "sev_guest", "outblob", EBUSY, 99, 0, -1, "outblob", "busy" },
        { "busy with certificates", "sev_guest", "auxblob", EAGAIN, 2, 0, 2, NULL, NULL },
        { "a request in between", "sev_guest", NULL, 0, 0, 1, 1, NULL, NULL },
        { "four in between", "sev_guest", NULL, 0, 0, 4, 4, NULL, NULL },
        { "requests without end", "sev_guest", NULL, 0, 0, 99, -1, "generation", "nobody else" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tsm_request r = request(true);
        struct kernel k = { .provider = rows[i].provider,
                            .refuse = rows[i].refuse,
                            .reason = rows[i].reason,
                            .times = rows[i].times,
                            .intruders = rows[i].intruders };
        struct tsm_answer a = { 0 };
        struct att_err err = { 0 };
        bool ok = ask(&k, &r, &a, &err);
        cases_check(&cases, ok == (rows[i].pauses >= 0), "%s: %s", rows[i].name, err.text);
        if (ok) {
            cases_check(&cases, k.pauses == rows[i].pauses && a.out.len == 64 && a.auxiliary.len == 12,
                        "%s: %d pauses", rows[i].name, k.pauses);
        } else {
            cases_check(&cases, err.code == ATT_IO_FAILED && strcmp(err.where, rows[i].where) == 0,
                        "%s: %s at %s", rows[i].name, att_code_name(err.code), err.where);
            cases_check(&cases, strstr(err.text, rows[i].expected) != NULL, "%s: %s", rows[i].name, err.text);
            cases_check(&cases, k.pauses < TSM_TRIES_MAX && k.answers <= TSM_TRIES_MAX,
                        "%s: %d pauses, %d answers", rows[i].name, k.pauses, k.answers);
        }
        tsm_answer_free(&a);
    }
}

static void check_no_certificates(void)
{
    const struct tsm_request r = request(true);
    struct kernel k = { .provider = "sev_guest", .no_certificates = true };
    struct tsm_answer a = { 0 };
    struct att_err err = { 0 };

    cases_check(&cases, ask(&k, &r, &a, &err) && a.auxiliary.len == 0, "a host without certificates: %s",
                err.text);
    tsm_answer_free(&a);
}

int main(void)
{
    check_order();
    check_refusals();
    check_no_certificates();
    return cases_report(&cases);
}
