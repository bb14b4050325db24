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

int main(void)
{
    if (!vectors_dir()) {
        printf("cases eventlog/events passed 0 failed 0 skipped 1 (no vectors folder)\n");
        return TEST_SKIPPED;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run(&rows[i]);
    return cases_report(&cases);
}
