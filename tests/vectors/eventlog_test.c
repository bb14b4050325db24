/* layers: eventlog crypto base codec */
/* Real logs: what an independent replay, the TPM itself (tpm2_pcrread) and quotes say that their registers hold. */
#include "eventlog/log.h"

#include "base/base64.h"
#include "base/hex.h"
#include "codec/json.h"
#include "support/cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { ALL_REGISTERS = 0xffffff };

static struct cases run = { .name = "vectors.eventlog" };
static struct att_arena *arena;
static struct log_env env;
static const char *folder;

static const char *const bank_names[ATT_HASH_COUNT] = { "sha1", "sha256", "sha384", "sha512" };

/* The file's bytes, in the arena: events point into them. */
static struct att_span load(const char *name)
{
    char *path = path_of(folder, "%s", name);
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);
    struct att_span kept = { (const uint8_t *)(bytes ? att_arena_dup(arena, att_span_of(bytes, len)) : NULL),
                             len };

    if (!bytes)
        kept.len = 0;
    free(bytes);
    free(path);
    return kept;
}

static bool append_file(const char *name, enum log_form form, struct log_events *set, struct att_err *err)
{
    return log_append(&env, form, load(name), name, set, err);
}

static bool json_load(const char *name, struct att_json *ret)
{
    struct att_err err = { 0 };
    struct att_span text = load(name);

    return text.len > 0 && att_json_parse(arena, text, NULL, ret, &err);
}

/* -- X.replay.json ---------------------------------------------------------------------------------------- */

static void check_bank(const char *name, const struct att_json *j, att_json_id values, enum att_hash bank,
                       const struct log_events *set)
{
    struct log_registers r;
    struct att_err err = { 0 };
    uint32_t listed = 0;

    if ((set->banks >> bank & 1) == 0) {
        cases_check(&run, att_json_first(j, values) == ATT_JSON_NONE, "%s: digests of %s are missing", name,
                    bank_names[bank]);
        return;
    }
    bool ok = log_replay(&env, set, bank, ALL_REGISTERS, false, &r, &err);
    cases_check(&run, ok, "%s: %s replays: %s", name, bank_names[bank], err.text);
    for (att_json_id v = att_json_first(j, values); ok && v != ATT_JSON_NONE; v = att_json_next(j, v)) {
        char number[8] = { 0 };
        uint8_t want[LOG_DIGEST_BYTES_MAX];
        memcpy(number, j->source.ptr + j->nodes[v].key, j->nodes[v].keylen);
        unsigned pcr = (unsigned)atoi(number);
        struct att_span hex = { 0 };
        bool read = att_json_string(j, arena, v, &hex) && att_hex_read(hex, want, att_hash_size(bank)) &&
                    pcr < LOG_PCRS;
        cases_check(&run, read && memcmp(want, r.value[pcr], att_hash_size(bank)) == 0, "%s: %s register %u",
                    name, bank_names[bank], pcr);
        listed |= 1u << pcr;
    }
    cases_check(&run, ok && listed == r.touched, "%s: %s registers 0x%06x, not 0x%06x", name,
                bank_names[bank], r.touched, listed);
}

static void check_replay(const char *name)
{
    struct att_json j;
    struct log_events set = { 0 };
    struct att_err err = { 0 };
    char json[400], bin[400];
    int64_t events = -1;
    unsigned banks = 0;

    att_arena_reset(arena);
    (void)snprintf(json, sizeof json, "eventlog/%s.replay.json", name);
    (void)snprintf(bin, sizeof bin, "eventlog/%s.bin", name);
    if (!json_load(json, &j)) {
        cases_check(&run, false, "%s: can be read", json);
        return;
    }
    bool ok = append_file(bin, LOG_TCG, &set, &err);
    if (att_json_get(&j, ATT_JSON_ROOT, "error") != ATT_JSON_NONE) {
        cases_check(&run, !ok && err.code == ATT_EVENT_LOG_MALFORMED, "E-o: %s is refused", name);
        return;
    }
    cases_check(&run, ok, "%s: %s", name, err.text);
    cases_check(&run,
                att_json_i64(&j, att_json_get(&j, ATT_JSON_ROOT, "events"), &events) &&
                    (int64_t)set.count == events,
                "%s: %zu events of %lld", name, set.count, (long long)events);
    att_json_id pcrs = att_json_get(&j, ATT_JSON_ROOT, "pcrs");
    for (enum att_hash bank = ATT_SHA1; ok && bank < ATT_HASH_COUNT; bank++) {
        att_json_id values = att_json_get(&j, pcrs, bank_names[bank]);
        if (values == ATT_JSON_NONE)
            continue;
        banks |= 1u << bank;
        check_bank(name, &j, values, bank, &set);
    }
    cases_check(&run, (set.banks & ~banks) == 0, "%s: banks 0x%x are of 0x%x", name, set.banks, banks);
}

static void check_folder(const char *name)
{
    char *path = path_of(folder, "eventlog/%s", name);
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char log[300];
        const char *end = strstr(entry->d_name, ".replay.json");
        if (!end)
            continue;
        (void)snprintf(log, sizeof log, "%s/%.*s", name, (int)(end - entry->d_name), entry->d_name);
        check_replay(log);
    }
    if (dir)
        (void)closedir(dir);
    free(path);
}

/* -- what the TPM itself read ----------------------------------------------------------------------------- */

/* tpm2_pcrread: "  sha1:", then "    0 : 0x94E7...". Registers that are missing stay without their bit. */
static void pcrs_read(struct att_span text, enum att_hash bank, uint8_t value[LOG_PCRS][LOG_DIGEST_BYTES_MAX],
                      uint32_t *ret_pcrs)
{
    char head[16];
    bool here = false;

    (void)snprintf(head, sizeof head, "%s:", bank_names[bank]);
    *ret_pcrs = 0;
    for (const char *line = (const char *)text.ptr; line && *line; line = strchr(line, '\n')) {
        line += strspn(line, " \n");
        if (strncmp(line, "sha", 3) == 0)
            here = strncmp(line, head, strlen(head)) == 0;
        unsigned pcr = (unsigned)atoi(line);
        const char *hex = strstr(line, ": 0x");
        if (here && hex && hex < line + 8 && pcr < LOG_PCRS &&
            att_hex_read(att_span_of(hex + 4, 2 * att_hash_size(bank)), value[pcr], att_hash_size(bank)))
            *ret_pcrs |= 1u << pcr;
    }
}

static void check_machine(const char *log, const char *list, enum log_form list_form, const char *pcrs)
{
    for (enum att_hash bank = ATT_SHA1; bank <= ATT_SHA256; bank++) {
        struct log_events set = { 0 };
        struct att_err err = { 0 };
        uint8_t value[LOG_PCRS][LOG_DIGEST_BYTES_MAX] = { { 0 } };
        struct log_quoted quoted = { .bank = bank, .value = value };
        att_arena_reset(arena);
        bool ok = append_file(log, LOG_TCG, &set, &err) && append_file(list, list_form, &set, &err);
        pcrs_read(load(pcrs), bank, value, &quoted.pcrs);
        cases_check(&run, ok && quoted.pcrs == ALL_REGISTERS, "%s, %s: read: %s", log, list, err.text);
        ok = ok && log_matches(&env, &set, &quoted, ALL_REGISTERS, false, "tpm", &err);
        cases_check(&run, ok, "%s, %s: all registers of %s: %s", log, list, bank_names[bank], err.text);
        for (unsigned pcr = 0; ok && pcr < LOG_PCRS; pcr++) {
            enum att_code want = pcr == 10 ? ATT_IMA_LOG_MISMATCH : ATT_EVENT_LOG_REPLAY_MISMATCH;
            struct att_err no = { 0 };
            value[pcr][pcr % att_hash_size(bank)] ^= 1;
            cases_check(&run,
                        !log_matches(&env, &set, &quoted, ALL_REGISTERS, true, "tpm", &no) && no.code == want,
                        "%s: a bit of register %u: %s", log, pcr, no.text);
            cases_check(&run,
                        log_matches(&env, &set, &quoted, ALL_REGISTERS & ~(1u << pcr), false, "tpm", &no),
                        "%s: register %u is not asked for", log, pcr);
            value[pcr][pcr % att_hash_size(bank)] ^= 1;
        }
    }
}

/* The text says the same as the binary list, record by record. */
static void check_lists(const char *binary, const char *text)
{
    struct log_events a = { 0 }, b = { 0 };
    struct att_err err = { 0 };
    size_t same = 0;

    att_arena_reset(arena);
    bool ok = append_file(binary, LOG_IMA, &a, &err) && append_file(text, LOG_IMA_ASCII, &b, &err);
    for (size_t i = 0; ok && i < a.count && i < b.count; i++)
        same += a.items[i].pcr == b.items[i].pcr && att_span_eq(a.items[i].body, b.items[i].body) &&
                att_span_eq(a.items[i].template_name, b.items[i].template_name) &&
                memcmp(a.items[i].template_digest, b.items[i].template_digest, 20) == 0;
    cases_check(&run, ok && a.count > 0 && a.count == b.count && same == a.count, "%s: text and binary: %s",
                binary, err.text);
}

static void check_keylime(const char *name, unsigned violations)
{
    struct log_events set = { 0 };
    struct att_err err = { 0 };

    att_arena_reset(arena);
    bool ok = append_file(name, LOG_IMA_ASCII, &set, &err);
    for (size_t i = 0; ok && i < set.count; i++)
        violations -= set.items[i].ima_violation;
    cases_check(&run, ok && set.count == 2 && violations == 0, "%s: %s", name, err.text);
}

/* -- requests --------------------------------------------------------------------------------------------- */

static struct att_span decoded(const struct att_json *j, att_json_id id)
{
    struct att_span text = { 0 }, bytes = { 0 };
    struct att_err err = { 0 };

    if (!att_json_string(j, arena, id, &text))
        return text;
    if (!att_base64_decode(arena, ATT_BASE64_STRICT, text, "test", &bytes, &err))
        return (struct att_span){ 0 };
    return bytes;
}

static void quoted_read(const struct att_json *j, att_json_id values,
                        uint8_t value[LOG_PCRS][LOG_DIGEST_BYTES_MAX], struct log_quoted *quoted)
{
    for (att_json_id v = att_json_first(j, values); v != ATT_JSON_NONE; v = att_json_next(j, v)) {
        int64_t pcr = 0;
        struct att_span digest = decoded(j, att_json_get(j, v, "digest"));
        if (!att_json_i64(j, att_json_get(j, v, "index"), &pcr) || pcr < 0 || pcr >= LOG_PCRS ||
            digest.len != 32)
            continue;
        memcpy(value[pcr], digest.ptr, digest.len);
        quoted->pcrs |= 1u << pcr;
    }
}

static enum att_code judge(const struct att_json *j, att_json_id attestation, uint32_t mask,
                           struct att_err *err)
{
    struct log_events set = { 0 };
    uint8_t value[LOG_PCRS][LOG_DIGEST_BYTES_MAX] = { { 0 } };
    struct log_quoted quoted = { .bank = ATT_SHA256, .value = value };
    att_json_id logs = att_json_get(j, attestation, "logs");
    att_json_id pcrs = att_json_first(j, att_json_get(j, attestation, "pcrs"));

    for (att_json_id l = att_json_first(j, logs); l != ATT_JSON_NONE; l = att_json_next(j, l)) {
        struct att_span type = { 0 };
        if (!att_json_string(j, arena, att_json_get(j, l, "type"), &type) ||
            !log_append(&env, att_span_is(type, "IMA") ? LOG_IMA : LOG_TCG,
                        decoded(j, att_json_get(j, l, "log")), "logs", &set, err))
            return err->code;
    }
    quoted_read(j, att_json_get(j, pcrs, "values"), value, &quoted);
    return log_matches(&env, &set, &quoted, mask, false, "tpm", err) ? ATT_OK : err->code;
}

static void check_requests(void)
{
    static const struct {
        const char *name;
        uint32_t mask;
        enum att_code want;
        const char *where;
    } rows[] = {
        { "uki-nosb", ALL_REGISTERS, ATT_OK, "" },
        { "grub-secureboot", ALL_REGISTERS, ATT_OK, "" },
        { "bad-log-digest", 0xff, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[7]" },
        { "bad-log-digest", 0x7f, ATT_OK, "" },
        { "bad-log-body", ALL_REGISTERS, ATT_OK, "" }, /* bodies are judged elsewhere */
        { "forged-secureboot", ALL_REGISTERS, ATT_OK, "" },
        { "forged-ima", ALL_REGISTERS, ATT_IMA_LOG_MISMATCH, "logs.records[1]" },
        { "bad-challenge", 0x3ff, ATT_OK, "" },
        { "bad-challenge", 0x7ff, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[10]" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_json j;
        struct att_err err = { 0 };
        char name[100];
        att_arena_reset(arena);
        (void)snprintf(name, sizeof name, "tpm/request-v2-%s/payload.json", rows[i].name);
        if (!json_load(name, &j)) {
            cases_check(&run, false, "%s: can be read", name);
            continue;
        }
        att_json_id data = att_json_get(&j, att_json_get(&j, ATT_JSON_ROOT, "att_data"), "tpm_att_data");
        enum att_code got = judge(&j, att_json_get(&j, data, "current_attestation"), rows[i].mask, &err);
        cases_check(&run, got == rows[i].want && strcmp(err.where, rows[i].where) == 0, "%s, mask 0x%x: %s",
                    name, rows[i].mask, err.text);
    }
}

int main(void)
{
    static const char *const folders[] = { "go-eventlog", "tpm2-tools", "keylime", "ovmf-swtpm" };
    static const char *const machines[] = { "uki-nosb", "grub-secureboot" };

    folder = vectors_dir();
    if (!folder) {
        cases_skip(&run, "no reference vectors");
        return TEST_SKIPPED;
    }
    arena = att_arena_new((size_t)64 << 20);
    struct att_crypto *crypto = att_crypto_new();
    env = (struct log_env){ .crypto = crypto, .arena = arena, .limits = &att_limits_default };
    if (!arena || !crypto)
        return 1;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        check_folder(folders[i]);
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        char log[100], list[100], text[100], pcrs[100];
        (void)snprintf(log, sizeof log, "eventlog/ovmf-swtpm/%s.bin", machines[i]);
        (void)snprintf(list, sizeof list, "eventlog/ovmf-swtpm/%s.ima.bin", machines[i]);
        (void)snprintf(text, sizeof text, "eventlog/ovmf-swtpm/%s.ima.txt", machines[i]);
        (void)snprintf(pcrs, sizeof pcrs, "eventlog/ovmf-swtpm/%s.pcrs.txt", machines[i]);
        check_machine(log, list, LOG_IMA, pcrs);
        check_machine(log, text, LOG_IMA_ASCII, pcrs);
        check_lists(list, text);
    }
    check_keylime("eventlog/keylime/ima-log-sha1.txt", 1);
    check_keylime("eventlog/keylime/ima-log-sha256.txt", 0);
    check_requests();
    att_crypto_free(crypto);
    att_arena_free(arena);
    return cases_report(&run);
}
