/* attestctl doctor: the frame. */
#include "cli/doctor.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/members.h"
#include "signer/signer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CONFIG_DEFAULT "/etc/attestd/attestd.conf"

static const struct examination {
    const char *name;
    void (*run)(struct doctor *d);
    bool always; /* others build on it; it makes findings of trouble only when others were asked for */
} examinations[] = {
    { "configuration", doctor_configuration, true },
    { "account", doctor_account, true },
    { "files", doctor_files, false },
    { "kek", doctor_kek, true },
    { "user", doctor_become, true },
    { "tls", doctor_tls, false },
    { "store", doctor_store, false },
    { "clock", doctor_clock, false },
    { "disk", doctor_disk, false },
    { "limits", doctor_limits, false },
    { "proxies", doctor_proxies, false },
    { "ready", doctor_ready, false },
    { "service", doctor_service, false },
    { "collateral", doctor_collateral, false },
};
enum { EXAMINATIONS = sizeof examinations / sizeof examinations[0] };

/* -- findings --------------------------------------------------------------------------------------------- */

void doctor_found(struct doctor *d, const char *check, enum doctor_state state, const char *format, ...)
{
    bool last = d->count == DOCTOR_FINDINGS_MAX - 1;
    struct doctor_finding *f = &d->findings[d->count < DOCTOR_FINDINGS_MAX ? d->count : d->count - 1];
    va_list list;

    if (d->count == DOCTOR_FINDINGS_MAX)
        return;
    d->count++;
    *f = (struct doctor_finding){ .check = check, .state = state };
    if (last) {
        f->state = DOCTOR_UNKNOWN;
        (void)snprintf(f->found, sizeof f->found, "more findings than there is room for");
        return;
    }
    va_start(list, format);
    (void)vsnprintf(f->found, sizeof f->found, format, list);
    va_end(list);
}

void doctor_advice(struct doctor *d, const char *format, ...)
{
    va_list list;

    if (d->count == 0)
        return;
    struct doctor_finding *f = &d->findings[d->count - 1];
    va_start(list, format);
    (void)vsnprintf(f->advice, sizeof f->advice, format, list);
    va_end(list);
}

void doctor_failed(struct doctor *d, const char *check, enum doctor_state state, const struct att_err *err)
{
    doctor_found(d, check, state, "%s: %s: expected %s, found %s", att_code_name(err->code), err->where,
                 err->expected[0] ? err->expected : "-", err->found[0] ? err->found : err->text);
}

/* -- the answer ------------------------------------------------------------------------------------------- */

static const char *const states[DOCTOR_STATES] = { "ok", "warn", "bad", "unknown" };

static size_t count_of(const struct doctor *d, enum doctor_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < d->count; i++)
        n += d->findings[i].state == state;
    return n;
}

static void put_text(struct doctor *d)
{
    struct att_buf *b = &d->c->out;

    for (size_t i = 0; i < d->count; i++) {
        const struct doctor_finding *f = &d->findings[i];
        att_buf_printf(b, "%-8s%-22s", f->state == DOCTOR_BAD ? "BAD" : states[f->state], f->check);
        cli_put_plain(b, f->found);
        if (f->advice[0]) {
            att_buf_puts(b, "\n        do: ");
            cli_put_plain(b, f->advice);
        }
        att_buf_putc(b, '\n');
    }
    att_buf_printf(b, "%zu ok, %zu warn, %zu bad, %zu unknown\n", count_of(d, DOCTOR_OK),
                   count_of(d, DOCTOR_WARN), count_of(d, DOCTOR_BAD), count_of(d, DOCTOR_UNKNOWN));
}

static void put_json(struct doctor *d, enum cli_exit verdict)
{
    struct att_json_writer w = cli_writer(d->c);

    att_jw_object(&w);
    att_jw_key(&w, "verdict");
    att_jw_str(&w, verdict == CLI_YES ? "clean" : verdict == CLI_NO ? "bad" : "unknown");
    att_jw_key(&w, "configuration");
    att_jw_str(&w, d->path);
    att_jw_key(&w, "checks");
    att_jw_array(&w);
    for (size_t i = 0; i < d->count; i++) {
        const struct doctor_finding *f = &d->findings[i];
        att_jw_object(&w);
        att_jw_key(&w, "check");
        att_jw_str(&w, f->check);
        att_jw_key(&w, "state");
        att_jw_str(&w, states[f->state]);
        att_jw_key(&w, "found");
        cli_put_text(&w, d->c->arena, att_str(f->found));
        att_jw_key(&w, "advice");
        att_jw_str(&w, f->advice[0] ? f->advice : NULL);
        att_jw_end_object(&w);
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_putc(&d->c->out, '\n');
}

/* -- the walk --------------------------------------------------------------------------------------------- */

static bool asked_for(const struct cli *c, const char *name)
{
    const char *one = NULL;

    if (!cli_has(c, "only"))
        return true;
    for (size_t n = 0; (one = cli_value_at(c, "only", n)) != NULL; n++) {
        if (strcmp(one, name) == 0)
            return true;
    }
    return false;
}

static bool names_good(struct cli *c, struct att_err *err)
{
    const char *one = NULL;
    struct att_shown shown;

    for (size_t n = 0; (one = cli_value_at(c, "only", n)) != NULL; n++) {
        bool known = false;
        for (size_t i = 0; i < EXAMINATIONS; i++)
            known = known || strcmp(one, examinations[i].name) == 0;
        if (!known)
            return att_fail(
                err, ATT_USAGE, "only",
                "configuration, account, files, kek, user, tls, store, clock, disk, limits, proxies, "
                "ready, service or collateral",
                "%s", att_shown(&shown, att_str(one)));
    }
    return true;
}

/* What an examination found that nobody asked for counts only when it is bad: the others build on it. */
static void forget_good(struct doctor *d, size_t from)
{
    size_t kept = from;

    for (size_t i = from; i < d->count; i++) {
        if (d->findings[i].state == DOCTOR_BAD)
            d->findings[kept++] = d->findings[i];
    }
    d->count = kept;
}

static void examine(struct doctor *d)
{
    for (size_t i = 0; i < EXAMINATIONS; i++) {
        const struct examination *e = &examinations[i];
        bool asked = asked_for(d->c, e->name);
        size_t before = d->count;
        if (!asked && !e->always)
            continue;
        e->run(d);
        if (!asked)
            forget_good(d, before);
        if (!d->readable)
            return; /* nothing else can be looked for */
    }
}

static void doctor_close(struct doctor *d)
{
    signer_close(d->signer);
}

static enum cli_exit run_doctor(struct cli *c)
{
    ATT_AUTO(doctor_close) struct doctor d = { .c = c };
    struct att_err err = { 0 };

    d.path = cli_value(c, "config") ? cli_value(c, "config") : CONFIG_DEFAULT;
    if (!names_good(c, &err) || !cli_time(c, &d.now_unix_s, &err))
        return cli_refuse(c, &err);
    examine(&d);
    enum cli_exit verdict = count_of(&d, DOCTOR_BAD)       ? CLI_NO
                            : count_of(&d, DOCTOR_UNKNOWN) ? CLI_UNKNOWN
                                                           : CLI_YES;
    if (c->json)
        put_json(&d, verdict);
    else
        put_text(&d);
    return verdict;
}

static const struct cli_option options[] = {
    { .name = "config",
      .argument = "FILE",
      .help = "The configuration of attestd; " CONFIG_DEFAULT " if not given." },
    { .name = "user",
      .argument = "NAME",
      .help = "The service's user; the owner of the data folder if not given, else attestd." },
    { .name = "ca",
      .argument = "FILE",
      .help = "PEM of the CAs that clients of the service trust; the system's if not given." },
    { .name = "only",
      .argument = "NAME",
      .repeats = true,
      .help =
          "Look at this alone: configuration, account, files, kek, user, tls, store, clock, disk, limits, "
          "proxies, ready, service, collateral." },
    { .name = "at",
      .argument = "TIME",
      .help = "Judge dates at this time instead of now: what will have expired by then?" },
    { .name = "deep", .help = "Go through the whole audit trail, not only its end." },
    { 0 },
};

const struct cli_command cli_doctor = {
    .name = "doctor",
    .summary = "look at an installation of attestd: what is wrong, and what to do",
    .about =
        "Looks at the configuration, at modes and owners of files, whether the key-encryption key opens the "
        "signing keys, at TLS, the store (a change is begun and taken back), the audit trail, the clock, "
        "disks, limits, proxies, the running service and its collateral. It changes nothing. A line each: "
        "ok, "
        "warn (works, and somebody should look), bad (does not work, or is not safe) or unknown (could not "
        "be looked at), with what to do.\n\n"
        "Run it as root on the machine of the service: it reads what only root can, then goes on as the "
        "service's user. A key-encryption key credential:NAME is looked for in credentials/NAME beside the "
        "configuration, where the Debian package has it.\n\n"
        "The exit status is 0 when nothing is bad or unknown, 1 when something is bad, 3 when something "
        "could "
        "not be looked at.",
    .examples = "  attestctl doctor\n"
                "  attestctl doctor --ca our-ca.pem --json\n"
                "  attestctl doctor --only ready\n"
                "  attestctl doctor --only store --deep\n",
    .options = options,
    .run = run_doctor,
};
