/* layers: eventlog crypto codec base */
/* The claim `events`: what stands in it, and what policies must not see. */
#include "codec/json.h"
#include "made_events.h"
#include "support/cases.h"

#include <stdio.h>

static struct cases run = { .name = "unit.eventlog.events_json" };

static const char *json_of(struct made *m)
{
    struct att_span text = { 0 };
    struct att_err err = { 0 };

    if (!log_events_json(&m->env, &m->set, &m->proven, &text, &err))
        return "refused";
    return (const char *)text.ptr;
}

/* The text of ProcessedData of one event, or "". Windows' are one object each. */
static const char *processed_of(struct made *m, size_t at)
{
    static char room[4096];
    struct att_json doc;
    struct att_err err = { 0 };
    struct att_span text = att_str(json_of(m));

    room[0] = 0;
    if (!att_json_parse(m->arena, text, NULL, &doc, &err))
        return "no JSON";
    att_json_id id = att_json_first(&doc, att_json_get(&doc, ATT_JSON_ROOT, "Events"));
    for (; at > 0; at--)
        id = att_json_next(&doc, id);
    id = att_json_get(&doc, id, "ProcessedData");
    if (id != ATT_JSON_NONE) {
        struct att_span s = att_json_source(&doc, id);
        (void)snprintf(room, sizeof room, "%.*s", (int)s.len, (const char *)s.ptr);
    }
    return room;
}

static void check_shape(void)
{
    struct made m;
    made_start(&m);
    cases_check(&run, strcmp(json_of(&m), "{\"Events\":[]}") == 0, "no event");
    (void)made_add(&m, 7, DRIVER_CONFIG, made_secure_boot(&m, "01"));
    made_separator(&m, 7);
    (void)made_add(&m, 0xffffffff, 3, made_hex(&m, "00"));
    (void)made_add(&m, 4, 0x1234, made_hex(&m, "00"));
    static const char want[] =
        "{\"Events\":[{\"EventSeq\":0,\"EventTypeString\":\"EV_EFI_VARIABLE_DRIVER_CONFIG\",\"PcrIndex\":7,"
        "\"ProcessedData\":{\"UnicodeName\":\"SecureBoot\",\"VariableData\":\"AQ\","
        "\"VariableGuid\":\"8BE4DF61-93CA-11D2-AA0D-00E098032B8C\"}},"
        "{\"EventSeq\":1,\"EventTypeString\":\"EV_SEPARATOR\",\"PcrIndex\":7},"
        "{\"EventSeq\":2,\"EventTypeString\":\"EV_NO_ACTION\",\"PcrIndex\":4294967295},"
        "{\"EventSeq\":3,\"EventTypeString\":\"EV_UNKNOWN_0x00001234\",\"PcrIndex\":4}]}";
    cases_check(&run, strcmp(json_of(&m), want) == 0, "whole: %s", json_of(&m));
    m.proven.pcrs = 0x7f;
    cases_check(&run, strcmp(processed_of(&m, 0), "") == 0, "a register that is not proven says nothing");
    m.proven.pcrs = 0xffffff;
    made_end(&m);
}

/* Each row: one event before the end of register 7, one behind it. Which of them say something? */
static void check_variables(void)
{
    enum { BEFORE = 1, BEHIND = 2 };
    static const struct {
        const char *name;
        const char *before, *before_measured, *behind; /* values of SecureBoot, NULL: no such event */
        uint32_t before_type, pcr_behind;
        unsigned says;
    } rows[] = {
        { "before", "01", "01", NULL, DRIVER_CONFIG, 7, BEFORE },
        { "E-n: behind, when the true one was spoiled", "01", "00", "01", DRIVER_CONFIG, 7, 0 },
        { "E-n: behind, when the true one is called something else", "00", "00", "01", IPL, 7, 0 },
        { "behind, and before: two of them", "00", "00", "01", DRIVER_CONFIG, 7, BEFORE | BEHIND },
        { "E-n: behind alone", NULL, NULL, "01", 0, 7, 0 },
        { "E-n: in register 1", NULL, NULL, "01", 0, 1, 0 },
        { "E-n: in register 8, which a boot loader extends", NULL, NULL, "01", 0, 8, 0 },
        { "E-n: in register 23, which anybody may reset", NULL, NULL, "01", 0, 23, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        size_t behind = 1;
        made_start(&m);
        if (rows[i].before) {
            (void)made_add_as(&m, 7, rows[i].before_type, made_secure_boot(&m, rows[i].before),
                              made_secure_boot(&m, rows[i].before_measured));
            behind = 2;
        }
        made_separator(&m, 7);
        if (rows[i].behind)
            (void)made_add(&m, rows[i].pcr_behind, DRIVER_CONFIG, made_secure_boot(&m, rows[i].behind));
        unsigned says = rows[i].before && processed_of(&m, 0)[0] ? BEFORE : 0;
        if (rows[i].behind && processed_of(&m, behind)[0])
            says |= BEHIND;
        cases_check(&run, says == rows[i].says, "%s", rows[i].name);
        made_end(&m);
    }
    struct made m;
    made_start(&m);
    (void)made_add_as(&m, 7, DRIVER_CONFIG, made_hex(&m, "00"), made_secure_boot(&m, "00"));
    (void)made_add(&m, 7, DRIVER_CONFIG, made_secure_boot(&m, "01"));
    made_separator(&m, 7);
    cases_check(&run, processed_of(&m, 1)[0] == 0, "E-n: off made unreadable, and on: on is not shown");
    made_end(&m);
    made_start(&m);
    struct att_span policy = made_variable(&m, GLOBAL_GUID, "CurrentPolicy", made_hex(&m, "aa"));
    struct att_span order = made_variable(&m, GLOBAL_GUID, "BootOrder", made_hex(&m, "0100"));
    made_separator(&m, 7);
    (void)made_add(&m, 7, DRIVER_CONFIG, policy);
    cases_check(&run, processed_of(&m, 1)[0] == '{', "what Windows measures behind the end of register 7");
    (void)made_add(&m, 8, AUTHORITY, policy);
    cases_check(&run, processed_of(&m, 2)[0] == 0, "E-n: a variable in a register of the operating system");
    (void)made_add_as(&m, 1, VARIABLE_BOOT, order, made_hex(&m, "0100"));
    cases_check(&run, processed_of(&m, 3)[0] == '{', "a boot variable of which the value is measured");
    (void)made_add_as(&m, 7, AUTHORITY, policy, made_hex(&m, "aa"));
    cases_check(&run, processed_of(&m, 4)[0] == 0, "an authority of which the value is measured");
    (void)made_add(&m, 7, SEPARATOR, policy);
    cases_check(&run, processed_of(&m, 5)[0] == 0, "a variable that is not called one");
    made_end(&m);
}

/* -- Windows -------------------------------------------------------------------------------------------------- */

static void check_forms(void)
{
    static const struct {
        const char *name;
        uint32_t id;
        const char *payload, *want; /* inside EVENT_TRUSTBOUNDARY */
    } rows[] = {
        { "bool", 0x00040001, "00", "{\"EVENT_BOOTDEBUGGING\":false}" },
        { "bool of two bytes", 0x00040001, "0000", "{\"EVENT_BOOTDEBUGGING\":{\"RawData\":\"AAA\"}}" },
        { "bool of value 2", 0x00040001, "02", "{\"EVENT_BOOTDEBUGGING\":{\"RawData\":\"Ag\"}}" },
        { "integer", 0x00020009, "07000000", "{\"EVENT_APPLICATION_SVN\":7}" },
        { "integer of three bytes", 0x00020009, "070000",
          "{\"EVENT_APPLICATION_SVN\":{\"RawData\":\"BwAA\"}}" },
        { "value", 0x00020005, "04000000", "{\"EVENT_BITLOCKER_UNLOCK\":{\"Value\":4}}" },
        { "text", 0x00070001, "4100e4000000", "{\"EVENT_FILEPATH\":\"A\xc3\xa4\"}" },
        { "text with a quote", 0x00070001, "2200", "{\"EVENT_FILEPATH\":\"\\\"\"}" },
        { "text that is none", 0x00070001, "00d8", "{\"EVENT_FILEPATH\":{\"RawData\":\"ANg\"}}" },
        { "policy, always an array", 0x0005000f, "aa", "{\"EVENT_SI_POLICY\":[{\"RawData\":\"qg\"}]}" },
        { "revocation list", 0x00040002, "aa", "{\"EVENT_BOOT_REVOCATION_LIST\":{\"RawData\":\"qg\"}}" },
        { "by its number", 0x00060002, "aa", "{\"EVENT_0x00060002\":{\"RawData\":\"qg\"}}" },
        { "unknown", 0x00123456, "aa", "{\"EVENT_0x00123456\":{\"RawData\":\"qg\"}}" },
        { "unknown container", 0x40123456, "", "{\"EVENT_0x40123456\":{}}" },
        { "not measured", 0x80040001, "01", "{}" },
        { "launch state", 0x000c0001, "aa",
          "{\"EVENT_DRTM_STATE_AUTH\":{\"RawData\":\"qg\",\"SignatureValid\":false}}" },
        { "named value", 0x000a0007,
          "41000000"
          "01000000",
          "{\"EVENT_VBS_HVCI_POLICY\":{\"String\":\"A\",\"Value\":1}}" },
        { "named value without a name", 0x000a0007, "01000000",
          "{\"EVENT_VBS_HVCI_POLICY\":{\"RawData\":\"AQAAAA\"}}" },
        { "module", 0x40010003, "", "{\"EVENT_LOADEDMODULE_AGGREGATION\":[{}]}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        char want[512];
        made_start(&m);
        (void)made_add(&m, 12, TAG,
                       made_boundary(&m, made_item(&m, rows[i].id, made_hex(&m, rows[i].payload))));
        (void)snprintf(want, sizeof want, "{\"EVENT_TRUSTBOUNDARY\":%s}", rows[i].want);
        cases_check(&run, strcmp(processed_of(&m, 0), want) == 0, "%s: %s", rows[i].name,
                    processed_of(&m, 0));
        made_end(&m);
    }
}

static void check_repeats(void)
{
    struct made m;
    made_start(&m);
    struct att_span off = made_bool(&m, 0x00040001, 0), on = made_bool(&m, 0x00040001, 1);
    struct att_span module = made_item(&m, 0x40010003, made_item(&m, 0x00070002, made_hex(&m, "05000000")));
    struct att_span smm = made_item(&m, 0x000c0002, made_hex(&m, "20"));
    const struct {
        const char *name;
        struct att_span body;
        const char *want;
    } rows[] = {
        { "twice the same", made_boundary(&m, made_join(&m, off, off)),
          "{\"EVENT_TRUSTBOUNDARY\":{\"EVENT_BOOTDEBUGGING\":false}}" },
        { "twice, not the same", made_boundary(&m, made_join(&m, off, on)),
          "{\"EVENT_TRUSTBOUNDARY\":{\"EVENT_BOOTDEBUGGING\":[false,true]}}" },
        { "E-p: two boundaries in one event are one: the bad one cannot be pushed aside",
          made_join(&m, made_boundary(&m, off), made_boundary(&m, on)),
          "{\"EVENT_TRUSTBOUNDARY\":{\"EVENT_BOOTDEBUGGING\":[false,true]}}" },
        { "modules", made_boundary(&m, made_join(&m, module, module)),
          "{\"EVENT_TRUSTBOUNDARY\":{\"EVENT_LOADEDMODULE_AGGREGATION\":[{\"EVENT_IMAGESIZE\":5},"
          "{\"EVENT_IMAGESIZE\":5}]}}" },
        { "a module beside a boundary", module,
          "{\"EVENT_LOADEDMODULE_AGGREGATION\":[{\"EVENT_IMAGESIZE\":5}]}" },
        { "SMM level in a boundary stands beside it", made_boundary(&m, made_join(&m, smm, off)),
          "{\"EVENT_DRTM_SMM\":{\"Value\":32},\"EVENT_TRUSTBOUNDARY\":{\"EVENT_BOOTDEBUGGING\":false}}" },
        { "SMM level by itself", smm, "{\"EVENT_DRTM_SMM\":{\"Value\":32}}" },
        { "SMM levels in both places", made_join(&m, smm, made_boundary(&m, smm)),
          "{\"EVENT_DRTM_SMM\":{\"Value\":32},\"EVENT_TRUSTBOUNDARY\":{}}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        m.set.count = 0;
        (void)made_add(&m, 20, TAG, rows[i].body);
        cases_check(&run, strcmp(processed_of(&m, 0), rows[i].want) == 0, "%s: %s", rows[i].name,
                    processed_of(&m, 0));
    }
    made_end(&m);
}

static void check_windows_places(void)
{
    struct made m;
    made_start(&m);
    struct att_span body = made_boundary(&m, made_bool(&m, 0x000a0001, 1));
    for (uint32_t pcr = 0; pcr < LOG_PCRS; pcr++) {
        bool genuine = (pcr >= 11 && pcr <= 14) || (pcr >= 17 && pcr <= 20);
        m.set.count = 0;
        (void)made_add(&m, pcr, TAG, body);
        cases_check(&run, (processed_of(&m, 0)[0] == '{') == genuine, "E-n: Windows' event in register %u",
                    pcr);
    }
    m.set.count = 0;
    (void)made_add(&m, 12, TAG, body);
    made_wbcl(&m, 12);
    (void)made_add(&m, 12, TAG, body);
    (void)made_add(&m, 19, TAG, body);
    cases_check(&run, processed_of(&m, 0)[0] == '{', "before WBCL");
    cases_check(&run, processed_of(&m, 2)[0] == 0, "E-p: behind WBCL");
    cases_check(&run, processed_of(&m, 3)[0] == '{', "another register than the one that ended");
    m.at[1].type = IPL;
    cases_check(&run, processed_of(&m, 2)[0] == 0, "E-p: behind WBCL that is called something else");
    m.at[1].type = SEPARATOR;

    /* One boundary spoiled or renamed: a policy would take those that are left for all. */
    (void)made_add_as(&m, 13, TAG, body, made_boundary(&m, made_bool(&m, 0x00050005, 1)));
    cases_check(&run, processed_of(&m, 0)[0] == 0 && processed_of(&m, 4)[0] == 0,
                "E-n: a boundary spoiled: none is shown");
    cases_check(&run, processed_of(&m, 3)[0] == '{', "but for those of a dynamic launch");
    m.set.count--;
    (void)made_add(&m, 13, IPL, body);
    cases_check(&run, processed_of(&m, 0)[0] == 0, "E-n: a boundary renamed: none is shown");
    m.set.count--;
    (void)made_add(&m, 13, IPL, made_join(&m, made_item(&m, 0x00123456, (struct att_span){ 0 }), body));
    cases_check(&run, processed_of(&m, 0)[0] == 0,
                "E-n: a boundary behind something else, renamed: none is shown");
    m.set.count--;
    (void)made_add(&m, 13, TAG, made_hex(&m, "ffffff0f02"));
    cases_check(&run, processed_of(&m, 0)[0] == '{',
                "proven bytes that are no event of Windows hide nothing");
    m.set.count--;
    (void)made_add(&m, 13, TAG, made_hex(&m, "0500050002"));
    cases_check(&run, processed_of(&m, 0)[0] == 0,
                "E-n: an event of which nothing can be read: none is shown");
    m.set.count--;
    cases_check(&run, processed_of(&m, 0)[0] == '{', "and with it gone, all are");
    made_end(&m);
}

/* -- IMA ------------------------------------------------------------------------------------------------------ */

static void check_ima(void)
{
    struct made m;
    made_start(&m);
    struct att_span body = made_hex(&m, "0a000000"
                                        "7368613235363a00aabb"
                                        "0f000000"
                                        "6b65726e656c5f76657273696f6e00"
                                        "03000000"
                                        "362e31");
    struct log_event *e = made_add(&m, 10, 0, body);
    *e = (struct log_event){
        .pcr = 10, .ima = true, .extends = true, .body = body, .template_name = att_str("ima-buf")
    };
    static const char want[] =
        "{\"FileName\":\"kernel_version\",\"KernelVersion\":\"6.1\",\"TemplateName\":\"ima-buf\"}";
    cases_check(&run, strcmp(processed_of(&m, 0), want) == 0, "IMA: %s", processed_of(&m, 0));
    e->ima_violation = true;
    cases_check(&run, processed_of(&m, 0)[0] == 0, "E-n: a violation's record says nothing");
    e->ima_violation = false;
    e->pcr = 23;
    cases_check(&run, processed_of(&m, 0)[0] == 0, "E-n: a list of a register that anybody may reset");
    e->pcr = 10;
    e->template_name = att_str("ima-\xff");
    cases_check(&run, processed_of(&m, 0)[0] == 0, "an unknown template");
    made_end(&m);
}

/* -- limits --------------------------------------------------------------------------------------------------- */

static void check_limits(void)
{
    struct made m;
    made_start(&m);
    (void)made_add(&m, 12, TAG, made_boundary(&m, made_bool(&m, 0x000a0001, 1)));
    size_t len = strlen(json_of(&m));
    for (size_t max = 1; max <= len; max++) {
        struct att_span text = { 0 };
        struct att_err err = { 0 };
        m.limits.event_log_json_bytes_max = max;
        bool ok = log_events_json(&m.env, &m.set, &m.proven, &text, &err);
        cases_check(&run, ok == (max == len) && (ok || (err.code == ATT_EVENT_LOG_LIMIT && !text.ptr)),
                    "%zu of %zu bytes: %s", max, len, err.text);
        if (!ok)
            cases_check(&run, strstr(err.expected, "event_log_json_bytes_max") != NULL, "names the limit");
    }
    m.limits = att_limits_default;
    struct att_arena *small = att_arena_new(64);
    struct att_err err = { 0 };
    struct att_span text;
    m.env.arena = small;
    cases_check(&run,
                !log_events_json(&m.env, &m.set, &m.proven, &text, &err) && err.code == ATT_OUT_OF_MEMORY,
                "no memory: %s", err.text);
    att_arena_free(small);
    made_end(&m);
}

int main(void)
{
    check_shape();
    check_variables();
    check_forms();
    check_repeats();
    check_windows_places();
    check_ima();
    check_limits();
    return cases_report(&run);
}
