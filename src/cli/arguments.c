#include "cli/arguments.h"

#include "base/err.h"
#include "cli/nearest.h"

#include <assert.h>
#include <stdio.h>

const struct cli_option cli_common_options[] = {
    { .name = "json", .help = "Write one JSON object to standard output and nothing else." },
    { .name = "help", .help = "Show this help." },
    { .name = "version", .help = "Show the version." },
    { 0 },
};

static const struct cli_option *option_in(const struct cli_option *options, struct att_span name)
{
    for (const struct cli_option *o = options; o && o->name; o++)
        if (att_span_is(name, o->name))
            return o;
    return NULL;
}

static const struct cli_option *option_of(const struct cli *c, const char *name)
{
    const struct cli_option *o = option_in(c->command->options, att_str(name));
    assert(o && "a command asks for an option that its row does not have");
    return o;
}

const char *cli_value_at(const struct cli *c, const char *name, size_t n)
{
    const struct cli_option *o = option_of(c, name);

    for (size_t i = 0; i < c->given_count; i++)
        if (c->given[i].option == o && n-- == 0)
            return c->given[i].value;
    return NULL;
}

const char *cli_value(const struct cli *c, const char *name)
{
    return cli_value_at(c, name, 0);
}

bool cli_has(const struct cli *c, const char *name)
{
    const struct cli_option *o = option_of(c, name);

    for (size_t i = 0; i < c->given_count; i++)
        if (c->given[i].option == o)
            return true;
    return false;
}

static bool name_is(const char *name, const char *first, const char *second)
{
    size_t first_len = strlen(first);

    if (strncmp(name, first, first_len) != 0)
        return false;
    if (!second)
        return name[first_len] == '\0';
    return name[first_len] == ' ' && strcmp(name + first_len + 1, second) == 0;
}

const struct cli_command *cli_find(const char *const *words, size_t count, size_t *ret_used)
{
    for (size_t used = count < 2 ? count : 2; used > 0; used--)
        for (const struct cli_command *const *row = cli_commands; *row; row++)
            if (name_is((*row)->name, words[0], used == 2 ? words[1] : NULL)) {
                *ret_used = used;
                return *row;
            }
    return NULL;
}

bool cli_is_group(const char *word)
{
    size_t len = strlen(word);

    for (const struct cli_command *const *row = cli_commands; *row; row++)
        if (strncmp((*row)->name, word, len) == 0 && (*row)->name[len] == ' ')
            return true;
    return false;
}

/* "nothing like it" reads worse than the whole list, so that is what stands there when no word is near. */
static bool fail_near(struct att_err *err, const char *where, const struct cli_nearest *near,
                      const char *otherwise)
{
    struct att_shown shown;
    char expected[sizeof err->expected];

    if (near->best) {
        att_fail(err, ATT_USAGE, where, near->best, "%s", att_shown(&shown, att_str(near->wanted)));
        att_err_text(err, "%s is not known; did you mean %s?", shown.text, near->best);
        return false;
    }
    (void)snprintf(expected, sizeof expected, "%s", otherwise);
    return att_fail(err, ATT_USAGE, where, expected, "%s", att_shown(&shown, att_str(near->wanted)));
}

static bool command_unknown(const char *const *words, size_t count, struct att_err *err)
{
    char both[96];
    struct cli_nearest near = { .wanted = words[0] };
    bool group = cli_is_group(words[0]);

    if (group && count < 2) {
        att_fail(err, ATT_USAGE, "command", "a second word", "%s alone", words[0]);
        att_err_text(err, "%s needs a second word; see attestctl help %s", words[0], words[0]);
        return false;
    }
    if (group) {
        struct att_shown shown;
        (void)snprintf(both, sizeof both, "%s %s", words[0], att_shown(&shown, att_str(words[1])));
        near.wanted = both;
    }
    for (const struct cli_command *const *row = cli_commands; *row; row++) {
        char first[32];
        cli_nearest_try(&near, (*row)->name);
        (void)snprintf(first, sizeof first, "%.*s", (int)strcspn((*row)->name, " "), (*row)->name);
        if (!group && !near.best && strchr((*row)->name, ' ')) {
            struct cli_nearest word = { .wanted = words[0] };
            cli_nearest_try(&word, first);
            if (word.best)
                near.best = (*row)->name;
        }
    }
    return fail_near(err, "command", &near, "a command that attestctl --help lists");
}

static bool option_unknown(const struct cli *c, struct att_span name, struct att_err *err)
{
    char wanted[64];
    char best[72];
    struct att_shown shown;

    (void)snprintf(wanted, sizeof wanted, "--%s", att_shown(&shown, name));
    struct cli_nearest near = { .wanted = wanted + 2 };
    for (const struct cli_option *o = c->command->options; o && o->name; o++)
        cli_nearest_try(&near, o->name);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        cli_nearest_try(&near, o->name);
    near.wanted = wanted;
    if (near.best) {
        (void)snprintf(best, sizeof best, "--%s", near.best);
        near.best = best;
    }
    return fail_near(err, "option", &near, "an option that --help lists");
}

static bool option_keep(struct cli *c, const struct cli_option *o, const char *value, struct att_err *err)
{
    if (!o->repeats && cli_has(c, o->name))
        return att_fail(err, ATT_USAGE, o->name, "given once", "given twice");
    if (c->given_count == CLI_GIVEN_MAX)
        return att_fail(err, ATT_USAGE, o->name, "at most 64 options", "more");
    c->given[c->given_count++] = (struct cli_given){ o, value };
    return true;
}

/* argv[*at] is "--name", "--name=value" or -h; takes the value behind it where one is due. */
static bool option_read(struct cli *c, int argc, char **argv, int *at, struct att_err *err)
{
    const char *text = argv[*at];
    const char *letter = strcmp(text, "-h") == 0 ? "help" : strcmp(text, "-f") == 0 ? "file" : NULL;
    const char *name = letter ? letter : text + (text[1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');
    struct att_span key = att_span_of(name, equals ? (size_t)(equals - name) : strlen(name));
    const struct cli_option *common = option_in(cli_common_options, key);
    const struct cli_option *o = common ? common : option_in(c->command->options, key);

    if (!o || (text[1] != '-' && !letter))
        return option_unknown(c, key, err);
    if (!o->argument && equals)
        return att_fail(err, ATT_USAGE, o->name, "no value", "a value");
    if (common) {
        c->help = c->help || strcmp(o->name, "help") == 0;
        c->version = c->version || strcmp(o->name, "version") == 0;
        return true;
    }
    if (!o->argument)
        return option_keep(c, o, NULL, err);
    if (equals)
        return option_keep(c, o, equals + 1, err);
    if (*at + 1 >= argc || strncmp(argv[*at + 1], "--", 2) == 0)
        return att_fail(err, ATT_USAGE, o->name, o->argument, "no value");
    *at += 1;
    return option_keep(c, o, argv[*at], err);
}

static bool operand_keep(struct cli *c, const char *text, struct att_err *err)
{
    struct att_shown shown;

    if (c->operand_count >= c->command->operands_max || c->operand_count == CLI_OPERANDS_MAX)
        return att_fail(err, ATT_USAGE, "operand", c->command->operands ? c->command->operands : "none",
                        "also %s", att_shown(&shown, att_str(text)));
    c->operands[c->operand_count++] = text;
    return true;
}

static bool choice_check(const struct cli *c, struct att_err *err)
{
    char word[48];
    char near_word[48];
    struct cli_nearest near = { .wanted = c->operands[0] };

    for (const char *p = c->command->choices; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        (void)snprintf(word, sizeof word, "%.*s", (int)len, p);
        p += len;
        if (strcmp(word, c->operands[0]) == 0)
            return true;
        const char *before = near.best;
        cli_nearest_try(&near, word);
        if (near.best && near.best != before) {
            (void)snprintf(near_word, sizeof near_word, "%s", word);
            near.best = near_word;
        }
    }
    return fail_near(err, "operand", &near, c->command->operands);
}

static bool complete(const struct cli *c, struct att_err *err)
{
    if (c->operand_count < c->command->operands_min) {
        att_fail(err, ATT_USAGE, "operand", c->command->operands, "%zu of %u", c->operand_count,
                 c->command->operands_min);
        att_err_text(err, "attestctl %s needs %s", c->command->name, c->command->operands);
        return false;
    }
    if (c->command->choices && !choice_check(c, err))
        return false;
    for (const struct cli_option *o = c->command->options; o && o->name; o++)
        if (o->required && !cli_has(c, o->name)) {
            att_fail(err, ATT_USAGE, o->name, o->argument, "nothing");
            att_err_text(err, "--%s %s is missing", o->name, o->argument);
            return false;
        }
    return true;
}

bool cli_arguments_read(struct cli *c, int argc, char **argv, struct att_err *err)
{
    const char *words[2] = { NULL, NULL };
    size_t word_count = 0;
    size_t used = 0;
    bool only_operands = false;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        c->json = c->json || strcmp(argv[i], "--json") == 0;
    while (word_count < 2 && (int)word_count + 1 < argc && argv[word_count + 1][0] != '-') {
        words[word_count] = argv[word_count + 1];
        word_count++;
    }
    if (word_count == 0)
        return att_fail(err, ATT_USAGE, "command", "a command that attestctl --help lists", "none");
    c->command = cli_find(words, word_count, &used);
    if (!c->command)
        return command_unknown(words, word_count, err);
    for (int i = (int)used + 1; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0)
            only_operands = true;
        else if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!option_read(c, argc, argv, &i, err))
                return false;
        } else if (!operand_keep(c, argv[i], err)) {
            return false;
        }
    }
    return c->help || c->version || complete(c, err);
}
