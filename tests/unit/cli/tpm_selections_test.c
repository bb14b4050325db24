/* layers: cli tss base codec */
/* What --pcrs takes. */
#include "cli/tpm_shot.h"

#include "support/cases.h"

#include <stdio.h>

enum { ALL = 0xffffff };

static const struct {
    const char *text;
    size_t count; /* 0: refused */
    struct tss_selection want[TSS_SELECTIONS_MAX];
} rows[] = {
    { "sha256", 1, { { TSS_SHA256, ALL } } },
    { "sha256:all", 1, { { TSS_SHA256, ALL } } },
    { "sha256:0", 1, { { TSS_SHA256, 1 } } },
    { "sha384:23", 1, { { TSS_SHA384, 1 << 23 } } },
    { "sha256:0,1,7", 1, { { TSS_SHA256, 0x83 } } },
    { "sha256:7,0,1", 1, { { TSS_SHA256, 0x83 } } },
    { "sha1:0+sha256:1", 2, { { TSS_SHA1, 1 }, { TSS_SHA256, 2 } } },
    { "sha256:1+sha1:0", 2, { { TSS_SHA256, 2 }, { TSS_SHA1, 1 } } },
    { "sha1+sha256+sha384+sha512",
      4,
      { { TSS_SHA1, ALL }, { TSS_SHA256, ALL }, { TSS_SHA384, ALL }, { TSS_SHA512, ALL } } },
    { "", 0, { { 0 } } },
    { "md5", 0, { { 0 } } },
    { "SHA256", 0, { { 0 } } },
    { "sha", 0, { { 0 } } },
    { "sha2560", 0, { { 0 } } },
    { "sha256:", 0, { { 0 } } },
    { "sha256:al", 0, { { 0 } } },
    { "sha256:alll", 0, { { 0 } } },
    { "sha256:24", 0, { { 0 } } },
    { "sha256:-1", 0, { { 0 } } },
    { "sha256:100", 0, { { 0 } } },
    { "sha256:0x1", 0, { { 0 } } },
    { "sha256: 1", 0, { { 0 } } },
    { "sha256:1,", 0, { { 0 } } },
    { "sha256:,1", 0, { { 0 } } },
    { "sha256:1,,2", 0, { { 0 } } },
    { "sha256:1,1", 0, { { 0 } } },
    { "sha256:1;2", 0, { { 0 } } },
    { "sha256:0+sha256:1", 0, { { 0 } } },
    { "sha256+", 0, { { 0 } } },
    { "+sha256", 0, { { 0 } } },
    { "sha256++sha1", 0, { { 0 } } },
    { "sha1+sha256+sha384+sha512+sha1", 0, { { 0 } } },
};

int main(void)
{
    struct cases c = { .name = "tpm-selections" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tss_selection got[TSS_SELECTIONS_MAX] = { { 0 } };
        struct att_err err = { 0 };
        size_t count = 0;
        bool done = tpm_selections_read(rows[i].text, got, &count, &err);
        cases_check(&c,
                    done == (rows[i].count > 0) && count == rows[i].count && (done || err.code == ATT_USAGE),
                    "%s: %zu banks, want %zu: %s", rows[i].text, count, rows[i].count, err.text);
        for (size_t k = 0; k < rows[i].count; k++)
            cases_check(&c, got[k].alg == rows[i].want[k].alg && got[k].pcrs == rows[i].want[k].pcrs,
                        "%s: bank %zu is 0x%04x 0x%06x", rows[i].text, k, got[k].alg, got[k].pcrs);
    }
    return cases_report(&c);
}
