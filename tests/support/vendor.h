/* tests/support/vendor.h - what Intel's and AMD's services answer, made of makers' items, rightly or wrongly.
 *
 * Paths are those of PCS v4, of a PCCS and of KDS. An item is published once in `period_s` and stays the same until then, as the
 * real ones do. Any FMSPC and any chip is known but those that begin with ff.
 *
 *     struct vendor v;
 *     vendor_init(&v, hw, amd);
 *     vendor_answer(&v, "/sgx/certification/v4/tcb?fmspc=7e5700000001", now_unix_s, &answer);
 *     ...
 *     vendor_free(&v);
 *
 * One thread at a time. What fails to be made ends the program. A test that includes this is linked with it and with makers.
 */
#ifndef TESTS_SUPPORT_VENDOR_H
#define TESTS_SUPPORT_VENDOR_H

#include "makers/amd.h"
#include "makers/hardware.h"
#include "makers/vendor.h"

#define VENDOR_MODES(X)                                                                                      \
    X(OK, "ok")                       /* what there is */                                                    \
    X(DOWN, "down")                   /* no answer at all */                                                 \
    X(STALL, "stall")                 /* no answer, and that only after a long while */                      \
    X(ERROR, "error")                 /* 500 */                                                              \
    X(THROTTLE, "throttle")           /* 429 with Retry-After */                                             \
    X(UNAVAILABLE, "unavailable")     /* 503 without */                                                      \
    X(DENIED, "denied")               /* 401: the subscription key is wrong */                               \
    X(GONE, "gone")                   /* 404 */                                                              \
    X(REDIRECT, "redirect")           /* 302 */                                                              \
    X(HTML, "html")                   /* 200 with a page */                                                  \
    X(EMPTY, "empty")                 /* 200 with nothing */                                                 \
    X(TRUNCATED, "truncated")         /* the first half */                                                   \
    X(HUGE, "huge")                   /* a megabyte */                                                       \
    X(LIE_OLD, "lie-old")             /* signed, in its window, but of an earlier day and evaluation set */  \
    X(LIE_LOW, "lie-low")             /* signed today, of the evaluation set before */                       \
    X(LIE_SIGNATURE, "lie-signature") /* signed by another key under the names of the right ones */          \
    X(LIE_OTHER, "lie-other")         /* signed and valid, but of another platform or CA */                  \
    X(LIE_CHAIN, "lie-chain")         /* without its chain */                                                \
    X(EXPIRED, "expired")             /* signed, past its next update */                                     \
    X(FUTURE, "future")               /* signed, issued tomorrow */

enum vendor_mode {
#define X(id, name) VENDOR_##id,
    VENDOR_MODES(X)
#undef X
        VENDOR_MODE_COUNT
};
extern const char *const vendor_mode_names[VENDOR_MODE_COUNT];
/* VENDOR_MODE_COUNT: there is none of that name. */
enum vendor_mode vendor_mode_of(const char *name);

struct vendor_made; /* one item, kept */
struct vendor {
    const struct mk_hardware *hw;                   /* NULL: answers no path of Intel's */
    const struct mk_amd *amd[MK_AMD_PRODUCT_COUNT]; /* NULL: 404 for it */
    enum vendor_mode mode;
    uint32_t number;        /* of the current evaluation set; 17 */
    uint32_t early_number;  /* 18; pinned: number - 2 to early_number */
    int64_t period_s;       /* a day */
    int64_t life_s;         /* 30 days */
    unsigned retry_after_s; /* 30 */
    struct vendor_made *made;
};
void vendor_init(struct vendor *v, const struct mk_hardware *hw,
                 const struct mk_amd *const amd[MK_AMD_PRODUCT_COUNT]);
void vendor_free(struct vendor *v);

struct vendor_answer {
    unsigned status;          /* 0: none */
    const char *chain_header; /* its name; NULL: none */
    struct att_span chain;    /* PEM; to be percent-encoded. All spans live until vendor_free */
    struct att_span body;
    unsigned retry_after_s;
};
void vendor_answer(struct vendor *v, const char *path, int64_t now_unix_s, struct vendor_answer *ret);

/* As a header carries it: all but letters, digits and "-._~" as %XX. malloc'd, the caller frees. */
char *vendor_percent(struct att_span text);

#endif
