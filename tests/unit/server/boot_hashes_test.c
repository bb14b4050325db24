/* layers: server base codec */
/* Hashes of Secure Boot's variables, from the operator's file. */
#include "server/boot_hashes.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"

static struct cases c = { .name = "server.boot_hashes" };

static const struct {
    const char *name, *text;
    size_t pk, kek, db, dbx;
} good[] = {
    { "nothing", "", 0, 0, 0, 0 },
    { "no line", "\n\n  \n# only words\n", 0, 0, 0, 0 },
    { "one", "pk " A "\n", 1, 0, 0, 0 },
    { "without an end of line", "dbx " A, 0, 0, 0, 1 },
    { "all, in any order, by any blanks", "db\t" A "\r\n  kek   " B "  \n\npk " B "\n# x\ndb " B "\ndbx " A,
      1, 1, 2, 1 },
    { "the same one twice", "pk " A "\npk " A "\n", 2, 0, 0, 0 },
};

static const struct {
    const char *name, *text, *where;
} bad[] = {
    { "another variable", "# one\npkk " A "\n", "tpm_boot_hashes:2" },
    { "another case", "PK " A "\n", "tpm_boot_hashes:1" },
    { "no hash", "pk " A "\ndb\n", "tpm_boot_hashes:2" },
    { "no variable", A "\n", "tpm_boot_hashes:1" },
    { "one digit less", "db aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
      "tpm_boot_hashes:1" },
    { "one digit more", "db " A "a\n", "tpm_boot_hashes:1" },
    { "another letter", "db gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
      "tpm_boot_hashes:1" },
    { "two hashes", "db " A " " A "\n", "tpm_boot_hashes:1" },
    { "words behind it", "\n\n\ndb " A " # mine\n", "tpm_boot_hashes:4" },
    { "with 0x", "db 0x" A "\n", "tpm_boot_hashes:1" },
};

static void too_many(struct att_arena *arena)
{
    static char text[(BOOT_HASHES_MAX + 1) * 68 + 1];
    struct att_boot_hashes h = { 0 };
    struct att_err err = { 0 };

    for (size_t i = 0; i <= BOOT_HASHES_MAX; i++)
        memcpy(text + i * 68, "db " A "\n", 68);
    bool ok = boot_hashes_read(arena, att_span_of(text, (size_t)BOOT_HASHES_MAX * 68), &h, &err);
    cases_check(&c, ok && h.db_count == BOOT_HASHES_MAX, "as many as may be: %s", err.text);
    ok = boot_hashes_read(arena, att_str(text), &h, &err);
    cases_check(&c, !ok && err.code == ATT_LIMIT_EXCEEDED, "one more: %s", err.text);
}

int main(void)
{
    struct att_arena *arena = att_arena_new((size_t)8 << 20);

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct att_boot_hashes h = { 0 };
        struct att_err err = { 0 };
        bool ok = boot_hashes_read(arena, att_str(good[i].text), &h, &err);
        cases_check(&c,
                    ok && h.pk_count == good[i].pk && h.kek_count == good[i].kek &&
                        h.db_count == good[i].db && h.dbx_count == good[i].dbx,
                    "%s: %s", good[i].name, err.text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct att_boot_hashes h = { .pk_count = 77 };
        struct att_err err = { 0 };
        bool ok = boot_hashes_read(arena, att_str(bad[i].text), &h, &err);
        cases_check(&c,
                    !ok && h.pk_count == 77 && err.code == ATT_CONFIG_INVALID &&
                        strcmp(err.where, bad[i].where) == 0,
                    "%s: %s: %s", bad[i].name, err.where, ok ? "taken" : err.text);
    }
    struct att_boot_hashes h = { 0 };
    struct att_err err = { 0 };
    cases_check(&c,
                boot_hashes_read(arena, att_str("kek " B), &h, &err) && h.kek[0][0] == 0x01 &&
                    h.kek[0][31] == 0xef,
                "bytes in their order");
    too_many(arena);
    att_arena_free(arena);
    return cases_report(&c);
}
