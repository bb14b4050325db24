/* The table of functions: what it must hold for the evaluator, and that docs/policy-language.md says the same. */
#include "base/buf.h"
#include "policy/functions/function.h"
#include "support/cases.h"

#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "policy/functions" };

static const char *const kinds[] = {
    [ARGUMENT_STRING] = "one string",
    [ARGUMENT_TEXT] = "one string that is not empty",
    [ARGUMENT_QUERY] = "one string that is not empty",
    [ARGUMENT_BOOL] = "one Boolean",
    [ARGUMENT_ONE] = "one value",
    [ARGUMENT_SET] = "any number of values",
};

/* "| `NegateBool(a)` | one Boolean | true for ... | none |" */
static void put_row(struct att_buf *b, const struct policy_function *f)
{
    bool two = policy_function_arity(f) > 1;

    att_buf_printf(b, "| `%s(%s%s%s)` | %s%s%s | %s | %s |\n", f->name, f->parameters[0].name,
                   two ? ", " : "", two ? f->parameters[1].name : "", kinds[f->parameters[0].kind],
                   two ? ", " : "", two ? kinds[f->parameters[1].kind] : "", f->doc, f->cost);
    att_buf_putc(b, '\0');
}

static void page(void)
{
    size_t len = 0;
    char *path = path_of(source_dir(), "docs/policy-language.md");
    char *text = (char *)file_read(path, &len);

    for (size_t i = 0; policy_function_at(i); i++) {
        struct att_buf row = { 0 };
        put_row(&row, policy_function_at(i));
        cases_check(&cases, text && strstr(text, (const char *)row.ptr), "the page has no line\n%s",
                    (const char *)row.ptr);
        att_buf_free(&row);
    }
    free(text);
    free(path);
}

static void table(void)
{
    size_t count = 0;

    for (; policy_function_at(count); count++) {
        const struct policy_function *f = policy_function_at(count);
        cases_check(&cases, f->call && policy_function_arity(f) > 0 && f->since == 2, "%s", f->name);
        cases_check(&cases, f->result_kinds > 0 && f->result_kinds <= KIND_ANY, "%s gives something",
                    f->name);
        cases_check(&cases, policy_function_find(att_str(f->name)) == f, "%s is found", f->name);
        cases_check(&cases, policy_function_near(att_str(f->name)) == f, "%s is nearest to itself", f->name);
    }
    cases_check(&cases, count == 6, "%zu functions, the language has 6", count);
}

static void near(void)
{
    static const struct {
        const char *name;
        const char *want;
    } rows[] = {
        { "NegateBol", "NegateBool" },
        { "negatebool", "NegateBool" },
        { "Negate", NULL },
        { "JmesPth", "JmesPath" },
        { "JMESPath", "JmesPath" },
        { "JsonToClaim", NULL },
        { "JsonToClaimVale", "JsonToClaimValue" },
        { "IsSubset", "IsSubsetOf" },
        { "AppendStrings", "AppendString" },
        { "StringAppend", NULL },
        { "ContainsValue", NULL },
        { "ContainOnlyValues", "ContainsOnlyValue" },
        { "", NULL },
        { "x", NULL },
        { "ContainsOnlyValueContainsOnlyValue", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct policy_function *f = policy_function_near(att_str(rows[i].name));
        cases_check(&cases, rows[i].want ? f && strcmp(f->name, rows[i].want) == 0 : !f, "near to %s: %s",
                    rows[i].name, f ? f->name : "none");
    }
}

int main(void)
{
    page();
    table();
    near();
    return cases_report(&cases);
}
