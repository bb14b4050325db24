#include "jmespath/complain.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

bool jmes_complain(const struct jmes_complaint *to, enum att_code code, unsigned column, const char *expected,
                   const char *found_format, ...)
{
    char found[sizeof to->err->found];
    char where[32] = "jmespath";
    char place[32] = "";
    va_list args;

    if (to->ret_column)
        *to->ret_column = column;
    if (!to->err || to->err->code != ATT_OK)
        return false;
    va_start(args, found_format);
    (void)vsnprintf(found, sizeof found, found_format, args);
    va_end(args);
    if (column) {
        (void)snprintf(where, sizeof where, "jmespath:%u", column);
        (void)snprintf(place, sizeof place, " in column %u", column);
    }
    (void)att_fail(to->err, code, where, expected, "%s", found);
    att_err_text(to->err, "%s: found %s%s, expected %s", att_code_text(code), found, place, expected);
    return false;
}
