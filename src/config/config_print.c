/* The tables as a sample file and as rows of a man page. */
#include "config/config_table.h"

#include <stdio.h>

static void print_range(const struct config_row *row)
{
    if (row->kind == CONFIG_UINT)
        printf(" From %lu to %lu.", row->min, row->max);
}

/* Comment out what has a default, and every section that is an example. */
static void print_sample_row(const struct config_row *row, bool example)
{
    bool needed = row->required != CONFIG_NEVER;

    printf("\n# %s", row->help);
    print_range(row);
    printf("%s\n%s%s =%s%s\n", needed ? " Required." : "", needed && !example ? "" : "#", row->name,
           row->initial[0] ? " " : "", row->initial);
}

void config_print_sample(void)
{
    puts("# attestd.conf: every setting with its default. Made from src/server/*.def.\n"
         "# A line has at most 190 bytes and is not indented; each section and setting stands once.");
    for (size_t t = 0; t < CONFIG_SECTIONS; t++) {
        const struct config_table *table = &config_tables[t];
        if (table->about)
            printf("\n# %s\n#[%s]\n", table->about, table->sample);
        else
            printf("\n[%s]\n", table->sample);
        for (size_t i = 0; i < table->count; i++)
            print_sample_row(&table->rows[i], table->parameter != NULL);
    }
}

/* Text in roff: a hyphen that can be copied, a backslash that stays one, and no line that begins as a request. */
static void print_roff(const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        (void)fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '-')
            (void)fputs("\\-", stdout);
        else if (*text == '\\')
            (void)fputs("\\e", stdout);
        else
            putchar(*text);
    }
}

static void print_man_row(const struct config_row *row)
{
    printf(".TP\n.B %s\n", row->name);
    print_roff(row->help);
    print_range(row);
    if (row->required == CONFIG_PRODUCTION)
        print_roff(" Required without --dev.");
    if (row->required == CONFIG_ALWAYS)
        print_roff(" Required.");
    if (row->initial[0]) {
        (void)fputs(" Default: ", stdout);
        print_roff(row->initial);
        putchar('.');
    }
    putchar('\n');
}

void config_print_man(void)
{
    for (size_t t = 0; t < CONFIG_SECTIONS; t++) {
        const struct config_table *table = &config_tables[t];
        printf(".SS [%s%s%s]\n", table->name, table->parameter ? " " : "",
               table->parameter ? table->parameter : "");
        if (table->about)
            print_roff(table->about);
        if (table->about)
            putchar('\n');
        for (size_t i = 0; i < table->count; i++)
            print_man_row(&table->rows[i]);
    }
}
