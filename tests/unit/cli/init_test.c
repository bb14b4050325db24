/* layers: cli authority site access base codec */
/* What attestctl init makes at random, against those who will read it: the authority's own check of secrets. */
#include "authority/authority.h"
#include "authority/secret.h"
#include "cli/init.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

static void the_authority_takes_the_hash(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    const char *secret = NULL, *hash = NULL;

    if (!init_secret(a, &secret, &hash, &err))
        fail_msg("%s", err.text);
    assert_true(secret_selects(hash, att_str(secret)));
    if (!authority_secret_check(hash, att_str(secret), &err))
        fail_msg("%s", err.text);
    /* 256 bits behind the part that selects, and nothing that a shell or a form would change. */
    assert_int_equal(strlen(secret), 8 + 43);
    assert_int_equal(strspn(secret, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"), 51);
    assert_int_not_equal(secret[0], '-');
    assert_null(strstr(hash, secret + 8));

    /* The authority's own have the same form, to the letter. */
    const char *own_secret = NULL, *own_hash = NULL;
    assert_true(authority_secret_new(a, &own_secret, &own_hash, &err));
    assert_int_equal(strlen(own_secret), strlen(secret));
    assert_int_equal(strlen(own_hash), strlen(hash));
    assert_memory_equal(own_hash, hash, strlen("scrypt$32768$8$1$"));
    att_arena_free(a);
}

static void every_other_secret_is_refused(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(4 << 20);
    struct att_err err = { 0 };
    const char *secret = NULL, *hash = NULL, *other = NULL, *other_hash = NULL;

    assert_true(init_secret(a, &secret, &hash, &err) && init_secret(a, &other, &other_hash, &err));
    assert_string_not_equal(secret, other);
    assert_string_not_equal(hash, other_hash);
    const struct {
        const char *name;
        struct att_span secret;
    } rows[] = {
        { "another one's", att_str(other) },
        { "nothing", { 0 } },
        { "all but the last", att_span_of(secret, strlen(secret) - 1) },
        { "the part that selects", att_span_of(secret, 8) },
        { "the part that does not", att_str(secret + 8) },
        { "the hash itself", att_str(hash) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        err = (struct att_err){ 0 };
        if (authority_secret_check(hash, rows[i].secret, &err))
            fail_msg("%s was taken", rows[i].name);
        assert_int_equal(err.code, ATT_SECRET_INVALID);
    }
    att_arena_free(a);
}

static void guids_and_keys_have_their_form(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    const char *guid = NULL, *guid2 = NULL, *kek = NULL, *kek2 = NULL;

    assert_true(init_guid(a, &guid, &err) && init_guid(a, &guid2, &err));
    assert_true(init_kek(a, &kek, &err) && init_kek(a, &kek2, &err));
    assert_int_equal(strlen(guid), 36);
    assert_int_equal(strspn(guid, "0123456789abcdef-"), 36);
    assert_int_equal(guid[14], '4');
    assert_non_null(strchr("89ab", guid[19]));
    assert_string_not_equal(guid, guid2);
    assert_int_equal(strlen(kek), 65);
    assert_int_equal(strspn(kek, "0123456789abcdef"), 64);
    assert_string_not_equal(kek, kek2);
    att_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_authority_takes_the_hash),
        cmocka_unit_test(every_other_secret_is_refused),
        cmocka_unit_test(guids_and_keys_have_their_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
