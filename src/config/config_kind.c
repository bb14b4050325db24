/* From the text of a setting to its value: one function for each kind of kinds.def. An empty text takes a setting back
 * where that means something; numbers and choices have no empty form. */
#include "config/config_table.h"

#include <attest/attest.h>

#include "base/cidr.h"
#include "base/err.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789";

static bool refuse(const struct config_row *row, const char *expected, const char *value, struct att_err *err)
{
    struct att_shown shown;
    return att_fail(err, ATT_CONFIG_INVALID, row->name, expected, "%s", att_shown(&shown, att_str(value)));
}

static bool keep(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                 struct att_err *err)
{
    char *copy = att_arena_dup(arena, att_str(value));

    if (!copy)
        return att_fail_memory(err, row->name);
    *(const char **)to = copy;
    return true;
}

static bool keep_lower(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                       struct att_err *err)
{
    char *copy = att_arena_dup(arena, att_str(value));

    if (!copy)
        return att_fail_memory(err, row->name);
    for (char *at = copy; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    *(const char **)to = copy;
    return true;
}

bool config_take_text(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                      struct att_err *err)
{
    return keep(arena, to, row, value, err);
}

bool config_take_words(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                       struct att_err *err)
{
    struct config_list list = { 0 };

    for (const char *at = value; *at;) {
        size_t len = strcspn(at, " \t");
        if (len > 0) {
            if (list.count == CONFIG_LIST_MAX)
                return att_fail(err, ATT_CONFIG_INVALID, row->name, "at most 64 of them", "more");
            list.item[list.count] = att_arena_dup(arena, att_span_of(at, len));
            if (!list.item[list.count++])
                return att_fail_memory(err, row->name);
        }
        at += len + strspn(at + len, " \t");
    }
    *(struct config_list *)to = list;
    return true;
}

static bool among(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                  const char *const *words, const char *expected, struct att_err *err)
{
    for (; *words; words++) {
        if (strcmp(value, *words) == 0)
            return keep(arena, to, row, value, err);
    }
    return value[0] == '\0' ? keep(arena, to, row, value, err) : refuse(row, expected, value, err);
}

bool config_take_source_kind(struct att_arena *arena, void *to, const struct config_row *row,
                             const char *value, struct att_err *err)
{
    static const char *const words[] = { "pcs", "pccs", "kds", NULL };

    return among(arena, to, row, value, words, "pcs, pccs or kds", err);
}

bool config_take_sink_kind(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                           struct att_err *err)
{
    static const char *const words[] = { "file", "syslog", "journal", "otlp", "webhook", NULL };

    return among(arena, to, row, value, words, "file, syslog, journal, otlp or webhook", err);
}

bool config_take_evidence_type(struct att_arena *arena, void *to, const struct config_row *row,
                               const char *value, struct att_err *err)
{
    static const char *const words[] = { "sev-snp", "tdx", NULL };

    return among(arena, to, row, value, words, "sev-snp or tdx", err);
}

bool config_take_hex(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                     struct att_err *err)
{
    size_t len = strlen(value);
    char expected[64];

    if (len > 0 && (len % 2 != 0 || len / 2 < row->min || len / 2 > row->max ||
                    strspn(value, "0123456789abcdefABCDEF") != len)) {
        (void)snprintf(expected, sizeof expected, "%lu hexadecimal digits", 2 * row->min);
        return refuse(row, expected, value, err);
    }
    return keep_lower(arena, to, row, value, err);
}

bool config_take_uint(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                      struct att_err *err)
{
    bool plain = value[0] && strspn(value, digits) == strlen(value) && strlen(value) < 12;
    unsigned long n = plain ? strtoul(value, NULL, 10) : 0;
    char range[64];

    (void)arena;
    if (plain && n >= row->min && n <= row->max) {
        *(unsigned long *)to = n;
        return true;
    }
    (void)snprintf(range, sizeof range, "a number from %lu to %lu", row->min, row->max);
    return refuse(row, range, value, err);
}

bool config_take_mode(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                      struct att_err *err)
{
    size_t len = strlen(value);

    (void)arena;
    if ((len != 3 && !(len == 4 && value[0] == '0')) || strspn(value, "01234567") != len)
        return refuse(row, "a mode of three octal digits, 0660", value, err);
    *(unsigned long *)to = strtoul(value, NULL, 8);
    return true;
}

bool config_take_switch(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                        struct att_err *err)
{
    bool on = strcmp(value, "on") == 0 || strcmp(value, "yes") == 0;

    (void)arena;
    if (!on && strcmp(value, "off") != 0 && strcmp(value, "no") != 0)
        return refuse(row, "on or off, yes or no", value, err);
    *(bool *)to = on;
    return true;
}

bool config_take_statuses(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                          struct att_err *err)
{
    unsigned mask = 0;

    (void)arena;
    for (const char *at = value; *at;) {
        size_t len = strcspn(at, " ,");
        if (len > 0) {
            struct att_shown shown;
            enum att_tcb_status status = att_tcb_status_of(att_span_of(at, len));
            if (status == ATT_STATUS_UNKNOWN || status == ATT_STATUS_REVOKED)
                return att_fail(err, ATT_CONFIG_INVALID, row->name, "TCB statuses other than Revoked", "%s",
                                att_shown(&shown, att_span_of(at, len)));
            mask |= ATT_TCB_BIT(status);
        }
        at += len + strspn(at + len, " ,");
    }
    *(unsigned *)to = mask;
    return true;
}

bool config_take_networks(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                          struct att_err *err)
{
    struct config_list list = { 0 };
    struct att_cidr ignored;

    if (!config_take_words(arena, &list, row, value, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        if (!att_cidr_parse(att_str(list.item[i]), row->name, &ignored, err))
            return false;
    }
    *(struct config_list *)to = list;
    return true;
}

/* https://HOST..., with nothing in it that would make two readers see two places. */
static bool url_is(const char *text)
{
    if (strncmp(text, "https://", 8) != 0 || strchr("/:?#@", text[8])) /* the NUL is found too */
        return false;
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at > '~' || strchr("\\\"<>`{}|^#@", *at))
            return false;
    }
    return true;
}

bool config_take_url(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                     struct att_err *err)
{
    if (value[0] && !url_is(value))
        return refuse(row, "https://HOST...", value, err);
    return keep(arena, to, row, value, err);
}

bool config_take_base_url(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                          struct att_err *err)
{
    if (value[0] && (!url_is(value) || strchr(value, '?') || value[strlen(value) - 1] == '/'))
        return refuse(row, "https://HOST[:PORT] without a slash at its end", value, err);
    return keep(arena, to, row, value, err);
}

/* A password on a command line is in everybody's list of processes, one in a configuration file in every copy. */
bool config_take_store(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                       struct att_err *err)
{
    const char *authority = strstr(value, "://");
    const char *at = authority ? strrchr(authority, '@') : NULL;
    const char *colon = authority ? strchr(authority + 3, ':') : NULL;

    if (strcasestr(value, "password") || (at && colon && colon < at))
        return att_fail(err, ATT_CONFIG_INVALID, row->name,
                        "no password in it: store_password_file, or libpq's own password file", "a password");
    if (value[0] && !strchr(value, ':'))
        return refuse(row, "sqlite:PATH, postgres:CONNINFO or memory:", value, err);
    return keep(arena, to, row, value, err);
}

bool config_take_domain(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                        struct att_err *err)
{
    size_t len = strlen(value);
    bool good = len <= 200;

    /* Labels of letters, digits and inner hyphens, with single dots between. */
    for (size_t i = 0; good && i < len; i++) {
        bool edge = i == 0 || i + 1 == len || value[i - 1] == '.' || value[i + 1] == '.';
        good = isascii(value[i]) &&
               (isalnum((unsigned char)value[i]) || (!edge && (value[i] == '-' || value[i] == '.')));
    }
    if (!good)
        return refuse(row, "the name of a domain: attest.example.org", value, err);
    return keep_lower(arena, to, row, value, err);
}

char *config_guid(struct att_arena *arena, struct att_span text)
{
    char *copy = text.len == 36 ? att_arena_dup(arena, text) : NULL;

    for (size_t i = 0; copy && i < 36; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        unsigned char c = (unsigned char)copy[i];
        if (hyphen ? c != '-' : !(isascii(c) && isxdigit(c)))
            return NULL;
        copy[i] = (char)tolower(c);
    }
    return copy;
}

bool config_take_guid(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                      struct att_err *err)
{
    const char *guid = value[0] ? config_guid(arena, att_str(value)) : "";

    if (!guid)
        return refuse(row, "a GUID: 8-4-4-4-12 hexadecimal digits", value, err);
    *(const char **)to = guid;
    return true;
}

bool config_take_principal(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                           struct att_err *err)
{
    for (const char *at = value; *at; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at > '~' || *at == '/')
            return refuse(row, "an object id, without spaces", value, err);
    }
    return keep_lower(arena, to, row, value, err);
}

/* The form alone; what is in it is the authority's business. It is not shown: a hash can be searched for. */
bool config_take_secret_hash(struct att_arena *arena, void *to, const struct config_row *row,
                             const char *value, struct att_err *err)
{
    const char *at = value;

    if (value[0] == '\0')
        return keep(arena, to, row, value, err);
    if (strncmp(at, "scrypt", 6) == 0) {
        at += 6;
        for (int part = 0; part < 5 && *at == '$'; part++) {
            size_t len = part < 3 ? strspn(at + 1, digits) : strcspn(at + 1, "$ ");
            if (len == 0)
                break;
            at += 1 + len;
            if (part == 4 && *at == '\0')
                return keep(arena, to, row, value, err);
        }
    }
    return att_fail(err, ATT_CONFIG_INVALID, row->name, "scrypt$N$r$p$SALT$HASH, as attestctl init writes it",
                    "another form");
}

bool config_take_algorithm(struct att_arena *arena, void *to, const struct config_row *row, const char *value,
                           struct att_err *err)
{
    if (strcmp(value, "RS256") != 0 && strcmp(value, "ES256") != 0)
        return refuse(row, "RS256 or ES256", value, err);
    return keep(arena, to, row, value, err);
}

bool config_take_signing_keys(struct att_arena *arena, void *to, const struct config_row *row,
                              const char *value, struct att_err *err)
{
    if (strcmp(value, "sealed") != 0 && strcmp(value, "token") != 0)
        return refuse(row, "sealed or token", value, err);
    return keep(arena, to, row, value, err);
}

bool config_take_algorithms(struct att_arena *arena, void *to, const struct config_row *row,
                            const char *value, struct att_err *err)
{
    static const char *const known[] = { "RS256", "RS384", "RS512", "PS256", "PS384",
                                         "PS512", "ES256", "ES384", "ES512" };
    struct config_list list = { 0 };
    char text[256] = "";

    if (!config_take_words(arena, &list, row, value, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        bool good = false;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            good = good || strcmp(list.item[i], known[k]) == 0;
        for (size_t k = 0; k < i; k++)
            good = good && strcmp(list.item[i], list.item[k]) != 0;
        if (!good)
            return refuse(row, "names such as RS256, each once", list.item[i], err);
        if (i > 0)
            strcat(text, " ");
        strcat(text, list.item[i]); /* at most nine names of five letters */
    }
    if (list.count == 0)
        return refuse(row, "names such as RS256", value, err);
    return keep(arena, to, row, text, err);
}
