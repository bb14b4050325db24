/* layers: eventlog crypto codec base */
/* Real logs: what is made of them for policies is, value by value, what an independent program made of them; and the facts are what is known of
 * those machines. The reference is read with json-c, and so is what we wrote. */
#include "event_log_json.h"

#include "base/base64.h"
#include "eventlog/sipa.h"

#include <json-c/json.h>
#include <stdio.h>

static struct cases cases = { .name = "eventlog/events" };

struct row {
    const char *stem;
    bool secure_boot, windows, code_integrity, boot_debugging_disabled, elam;
};
static const struct row rows[] = {
    { .stem = "go-eventlog/rhel8-uefi", .secure_boot = true },
    { .stem = "go-eventlog/ubuntu-2104-no-secure-boot" },
    { .stem = "go-eventlog/windows_gcp_shielded_vm",
      .secure_boot = true,
      .windows = true,
      .code_integrity = true,
      .boot_debugging_disabled = true,
      .elam = true },
    { .stem = "ovmf-swtpm/grub-secureboot", .secure_boot = true },
    { .stem = "ovmf-swtpm/uki-nosb" },
};

static struct json_object *json_of(struct made_log *m, struct att_err *err)
{
    struct att_span text = { 0 };

    if (!log_events_json(&m->env, &m->set, &m->proven, &text, err))
        return NULL;
    struct json_tokener *t = json_tokener_new();
    struct json_object *o = json_tokener_parse_ex(t, (const char *)text.ptr, (int)text.len);
    json_tokener_free(t);
    return o;
}

static void compare_events(const char *stem, struct json_object *made)
{
    char *path = path_of(vectors_dir(), "eventlog/%s.events.json", stem);
    struct json_object *want = json_object_from_file(path);
    struct json_object *a = NULL, *b = NULL;

    free(path);
    cases_check(&cases,
                want && json_object_object_get_ex(made, "Events", &a) &&
                    json_object_object_get_ex(want, "Events", &b) &&
                    json_object_array_length(a) == json_object_array_length(b),
                "%s: as many events", stem);
    for (size_t i = 0; a && b && i < json_object_array_length(b); i++)
        cases_check(&cases,
                    json_object_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)),
                    "%s: event %zu is\n%s\nand not\n%s", stem, i,
                    json_object_to_json_string(json_object_array_get_idx(a, i)),
                    json_object_to_json_string(json_object_array_get_idx(b, i)));
    cases_check(&cases, json_object_equal(made, want), "%s: whole", stem);
    json_object_put(want);
}

static void compare_facts(const struct row *r, struct made_log *m)
{
    struct log_facts f;
    struct att_err err = { 0 };

    cases_check(&cases, log_facts_read(&m->env, &m->set, &m->proven, &f, &err), "%s: facts", r->stem);
    cases_check(&cases, f.secure_boot == r->secure_boot, "%s: Secure Boot", r->stem);
    cases_check(&cases, f.has_pk && f.has_kek && f.has_db && f.has_dbx, "%s: keys", r->stem);
    cases_check(&cases, f.windows == r->windows, "%s: Windows", r->stem);
    cases_check(&cases, f.code_integrity == r->code_integrity, "%s: code integrity", r->stem);
    cases_check(&cases, f.boot_debugging_disabled == r->boot_debugging_disabled, "%s: debugging", r->stem);
    cases_check(&cases, f.elam_loaded == r->elam, "%s: early-launch driver", r->stem);
    cases_check(&cases, f.not_safe_mode && f.not_winpe, "%s: safe mode, WinPE", r->stem);
    cases_check(&cases,
                !f.vbs_enabled && !f.iommu_enabled && !f.kernel_debug && !f.test_signing &&
                    !f.flight_signing && !f.hypervisor_debug && !f.has_idks && f.hvci_policy == 0,
                "%s: what it has not", r->stem);
}

static void run(const struct row *r)
{
    struct made_log m;
    struct att_err err = { 0 };
    struct json_object *made = made_log_read(&m, r->stem, &err) ? json_of(&m, &err) : NULL;

    cases_check(&cases, made != NULL, "%s: %s", r->stem, err.text);
    if (made) {
        compare_events(r->stem, made);
        compare_facts(r, &m);
    }
    json_object_put(made);
    made_log_free(&m);
}

/* -- attacks: requests whose logs were edited with every digest left as it was -------------------------------------------- */

static bool request_read(struct made_log *m, const char *name, struct att_err *err)
{
    char *path = path_of(vectors_dir(), "tpm/%s/payload.json", name);
    struct json_object *o = json_object_from_file(path), *logs = NULL;
    static const char *const steps[] = { "att_data", "tpm_att_data", "current_attestation", "logs" };
    bool ok = o != NULL;

    *m = (struct made_log){ .crypto = att_crypto_new(),
                            .arena = att_arena_new(att_limits_default.arena_bytes_max) };
    m->env = (struct log_env){ .crypto = m->crypto, .arena = m->arena, .limits = &att_limits_default };
    m->proven = (struct log_proven){ .bank = ATT_SHA256, .pcrs = 0xffffff };
    logs = o;
    for (size_t i = 0; i < 4; i++)
        ok = ok && json_object_object_get_ex(logs, steps[i], &logs);
    for (size_t i = 0; ok && i < json_object_array_length(logs); i++) {
        struct json_object *row = json_object_array_get_idx(logs, i);
        const char *text = json_object_get_string(json_object_object_get(row, "log"));
        bool ima = strcmp(json_object_get_string(json_object_object_get(row, "type")), "IMA") == 0;
        struct att_span log = { 0 };
        ok = att_base64_decode(m->arena, ATT_BASE64_STRICT, att_str(text), "log", &log, err) &&
             log_append(&m->env, ima ? LOG_IMA : LOG_TCG, log, "log", &m->set, err);
    }
    json_object_put(o);
    free(path);
    return ok;
}

static const char *variable_of(struct json_object *event)
{
    struct json_object *data = json_object_object_get(event, "ProcessedData");

    return data ? json_object_get_string(json_object_object_get(data, "UnicodeName")) : NULL;
}

/* E-n: the edited body says nothing; every other event says what it did. `silent`: the variable whose body was edited, or NULL. */
static void run_edited(const char *name, const char *genuine, const char *silent)
{
    struct made_log m;
    struct att_err err = { 0 };
    struct log_facts f;
    struct json_object *made = request_read(&m, name, &err) ? json_of(&m, &err) : NULL;
    char *path = path_of(vectors_dir(), "eventlog/%s.events.json", genuine);
    struct json_object *want = json_object_from_file(path);
    struct json_object *a = json_object_object_get(made, "Events"),
                       *b = json_object_object_get(want, "Events");
    size_t silenced = 0;

    cases_check(&cases, a && b && json_object_array_length(a) == json_object_array_length(b), "%s: %s", name,
                err.text);
    for (size_t i = 0; a && b && i < json_object_array_length(b); i++) {
        struct json_object *e = json_object_array_get_idx(b, i);
        const char *variable = variable_of(e);
        if (silent && variable && strcmp(variable, silent) == 0) {
            json_object_object_del(e, "ProcessedData");
            silenced++;
        }
        cases_check(&cases, json_object_equal(json_object_array_get_idx(a, i), e), "%s: event %zu", name, i);
    }
    cases_check(&cases, silenced == (silent ? 1 : 0), "%s: one event says nothing", name);
    cases_check(&cases,
                a && log_facts_read(&m.env, &m.set, &m.proven, &f, &err) &&
                    f.secure_boot == (silent == NULL && strstr(genuine, "grub") != NULL),
                "%s: Secure Boot", name);
    json_object_put(want);
    json_object_put(made);
    free(path);
    made_log_free(&m);
}

int main(void)
{
    if (!vectors_dir()) {
        printf("cases eventlog/events passed 0 failed 0 skipped 1 (no vectors folder)\n");
        return TEST_SKIPPED;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run(&rows[i]);
    run_edited("request-v2-uki-nosb", "ovmf-swtpm/uki-nosb", NULL);
    run_edited("request-v2-grub-secureboot", "ovmf-swtpm/grub-secureboot", NULL);
    run_edited("request-v2-forged-secureboot", "ovmf-swtpm/uki-nosb", "SecureBoot");
    run_edited("request-v2-bad-log-body", "ovmf-swtpm/uki-nosb", NULL);
    return cases_report(&cases);
}
