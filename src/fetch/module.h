/* fetch/module.h - what lib/attestd/fetch.so gives to the program that loads it. */
#ifndef FETCH_MODULE_H
#define FETCH_MODULE_H

#include "fetch/fetch.h"

struct fetch_module {
    /* A POST when request->post is not NULL. The request is complete: no zero that means a default, and a URL that fetch.c has looked at. */
    bool (*get)(const struct fetch_request *request, bool any_status, struct att_arena *arena,
                struct fetch_answer *ret, struct att_err *err);
};

/* Defined in fetch/curl; for the module's own sources. The program asks module_load("fetch"). */
ATT_API extern const struct fetch_module attestd_module_fetch;

#endif
