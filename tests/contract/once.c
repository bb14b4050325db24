/* What may happen once: the first is told so, everybody else is not, until its time is past. */
#include "contract/backend.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

enum { NOW = 1700000000, RACES = 60, WAIT_MAX_S = 20 };

/* 1: the first; 0: not; -1: refused. */
static int once_at(struct store *s, const char *space, const char *id, int64_t until, int64_t now)
{
    bool first = false;

    step_err = (struct att_err){ 0 };
    if (!store_once(s, space, id, until, now, &first, &step_err))
        return -1;
    return first;
}

static int once(struct store *s, const char *id)
{
    return once_at(s, "challenge", id, NOW + 300, NOW);
}

static void first_and_again(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    char *before = picture(s);
    CHECK(once(s, "a") == 1, "the first: %s", step_err.text);
    CHECK(once(s, "a") == 0 && once(s, "a") == 0, "again, and again");
    CHECK(once(s, "b") == 1, "another id");
    CHECK(once_at(s, "enrolment", "a", NOW + 300, NOW) == 1, "the same id in another space");
    CHECK(once(s, "A") == 1 && once(s, "a ") == 1 && once(s, "") == -1, "ids are told apart byte by byte");
    CHECK(once_at(s, "challeng", "ea", NOW + 300, NOW) == 1 &&
              once_at(s, "chall", "engea", NOW + 300, NOW) == 1,
          "the border between the two counts");
    char *after = picture(s);
    CHECK(strcmp(before, after) == 0, "no document, no record, no generation: %s", after);
    free(before);
    free(after);
    store_close(s);
}

static void until_its_time_is_past(void)
{
    static const struct {
        const char *name;
        int64_t until, now;
        int want;
    } rows[] = {
        { "the first", NOW + 300, NOW, 1 },
        { "a moment later", NOW + 400, NOW + 1, 0 },
        { "in its last second", NOW + 900, NOW + 300, 0 },
        { "the later times given in between did not count", NOW + 1000, NOW + 301, 1 },
        { "it counts anew", NOW + 2000, NOW + 302, 0 },
        { "to its new end", NOW + 2000, NOW + 1000, 0 },
        { "and is forgotten", NOW + 1001, NOW + 1001, 1 },
        { "a clock that was set back: still remembered", NOW + 300, NOW - 5000, 0 },
    };
    struct store *s = open_fresh();

    for (size_t i = 0; s && i < sizeof rows / sizeof rows[0]; i++) {
        int got = once_at(s, "space", "id", rows[i].until, rows[i].now);
        CHECK(got == rows[i].want, "%s: %d, want %d: %s", rows[i].name, got, rows[i].want, step_err.text);
    }
    CHECK(s && once_at(s, "space", "far", INT64_MAX, NOW) == 1 &&
              once_at(s, "space", "far", INT64_MAX, INT64_MAX) == 0 &&
              once_at(s, "space", "early", INT64_MIN, INT64_MIN) == 1,
          "the ends of time: %s", step_err.text);
    store_close(s);
}

static void refused_arguments(void)
{
    static char longest[STORE_ID_BYTES_MAX + 2], space[STORE_KIND_BYTES_MAX + 2];
    static const struct {
        const char *name, *space, *id;
        int64_t until;
        enum att_code want;
    } rows[] = {
        { "no space", NULL, "a", NOW + 1, ATT_STORE_FAILED },
        { "empty space", "", "a", NOW + 1, ATT_STORE_FAILED },
        { "space too long", space, "a", NOW + 1, ATT_LIMIT_EXCEEDED },
        { "space not UTF-8", "\xff", "a", NOW + 1, ATT_STORE_FAILED },
        { "no id", "s", NULL, NOW + 1, ATT_STORE_FAILED },
        { "empty id", "s", "", NOW + 1, ATT_STORE_FAILED },
        { "id too long", "s", longest, NOW + 1, ATT_LIMIT_EXCEEDED },
        { "id ends in the middle of a character", "s", "a\xc3", NOW + 1, ATT_STORE_FAILED },
        { "a time that is past: nobody would be told again", "s", "a", NOW - 1, ATT_STORE_FAILED },
        { "the beginning of time", "s", "a", INT64_MIN, ATT_STORE_FAILED },
    };
    struct store *s = open_fresh();

    memset(longest, 'x', sizeof longest - 1);
    memset(space, 'x', sizeof space - 1);
    for (size_t i = 0; s && i < sizeof rows / sizeof rows[0]; i++) {
        bool first = true;
        step_err = (struct att_err){ 0 };
        bool ok = store_once(s, rows[i].space, rows[i].id, rows[i].until, NOW, &first, &step_err);
        CHECK(!ok && first && step_err.code == rows[i].want, "%s: %s", rows[i].name,
              ok ? "taken" : step_err.text);
    }
    longest[STORE_ID_BYTES_MAX] = 0;
    space[STORE_KIND_BYTES_MAX] = 0;
    CHECK(s && once_at(s, space, longest, NOW + 1, NOW) == 1 && once_at(s, space, longest, NOW + 1, NOW) == 0,
          "the longest: %s", step_err.text);
    CHECK(s && once_at(s, "'; DROP TABLE once; --", "\\'\"%_$1?1", NOW, NOW) == 1 &&
              once_at(s, "'; DROP TABLE once; --", "\\'\"%_$1?1", NOW, NOW) == 0,
          "text is text: %s", step_err.text);
    store_close(s);
}

static void beside_transactions(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    CHECK(put(tx, "t", "k", "x", "1", 0), "an open transaction: %s", step_err.text);
    CHECK(once(s, "a") == -1 && step_err.code == ATT_STORE_FAILED, "is in the way: %s", step_err.text);
    CHECK(commit(tx), "and not hurt: %s", step_err.text);
    CHECK(once(s, "a") == 1 && value_of(s, "x", NULL) == 1, "then it goes on: %s", step_err.text);
    tx = begin(s);
    CHECK(put(tx, "t", "k", "x", "2", 1), "another one");
    store_rollback(tx);
    CHECK(once(s, "a") == 0 && once(s, "b") == 1, "what is rolled back takes nothing along");
    CHECK(generation(s) == 1, "one document was changed once");
    store_close(s);
}

/* More rows than one call forgets, all past their time: they go a few at a time, and those that count stay. */
static void many(void)
{
    struct store *s = open_fresh();
    unsigned wrong = 0;
    char id[24];

    for (int i = 0; s && i < 100; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        wrong += once_at(s, "old", id, NOW + i % 7, NOW) != 1;
        wrong += i % 10 == 0 && once_at(s, "new", id, NOW + 9000, NOW) != 1;
    }
    for (int i = 0; s && i < 40; i++) {
        (void)snprintf(id, sizeof id, "later %d", i);
        wrong += once_at(s, "new", id, NOW + 9000, NOW + 100) != 1;
    }
    for (int i = 0; s && i < 100; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        wrong += once_at(s, "old", id, NOW + 9000, NOW + 100) != 1;
        wrong += i % 10 == 0 && once_at(s, "new", id, NOW + 9000, NOW + 100) != 0;
    }
    CHECK(s && wrong == 0, "%u answers are wrong: %s", wrong, step_err.text);
    store_close(s);
}

void once_suite(void)
{
    first_and_again();
    until_its_time_is_past();
    refused_arguments();
    beside_transactions();
    many();
}

/* -- several handles ---------------------------------------------------------------------------------------- */

/* SQL that fails unless the table has that many rows. */
static bool rows_are(unsigned count)
{
    char sql[160];

    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO once (space, id, until_unix_s) SELECT 'x', 'x', NULL "
                   "WHERE (SELECT count(*) FROM once) <> %u",
                   count);
    return backend->raw(sql);
}

static void clean_up_is_bounded(void)
{
    struct store *s = open_fresh();
    unsigned wrong = 0;
    char id[24];

    for (int i = 0; s && i < 40; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        wrong += once_at(s, "old", id, NOW, NOW) != 1;
    }
    CHECK(s && wrong == 0 && rows_are(40) && !rows_are(39), "forty rows: %s", step_err.text);
    CHECK(s && once_at(s, "new", "a", NOW + 9, NOW + 1) == 1 && rows_are(40 + 1 - 16),
          "one call forgets sixteen: %s", step_err.text);
    CHECK(s && once_at(s, "new", "a", NOW + 9, NOW + 1) == 0 && rows_are(41 - 32),
          "so does one that comes again");
    CHECK(s && once_at(s, "new", "b", NOW + 9, NOW + 1) == 1 && rows_are(2), "the rest");
    CHECK(s && once_at(s, "new", "c", NOW + 9, NOW + 1) == 1 && rows_are(3), "what counts stays");
    store_close(s);
}

static void survives_reopening(void)
{
    struct store *s = open_fresh();

    CHECK(s && once(s, "a") == 1, "the first: %s", step_err.text);
    store_close(s);
    s = open_again();
    CHECK(s && once(s, "a") == 0 && once(s, "b") == 1, "remembered by the file, not the handle");
    store_close(s);
}

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* It waits for another's transaction a bounded time, or does not have to. */
static void two_handles(void)
{
    struct store *a = open_fresh();
    struct store *b = a ? open_again() : NULL;

    if (!b) {
        store_close(a);
        return;
    }
    CHECK(once(a, "x") == 1 && once(b, "x") == 0 && once(b, "y") == 1 && once(a, "y") == 0,
          "one sees the other's: %s", step_err.text);
    struct store_tx *tx = begin(a);
    CHECK(put(tx, "t", "k", "x", "9", 0), "an open transaction of the other: %s", step_err.text);
    double started = seconds();
    int got = once(b, "z");
    double waited = seconds() - started;
    CHECK((got == 1 || (got == -1 && step_err.code == ATT_STORE_FAILED)) && waited < WAIT_MAX_S,
          "an answer in a bounded time: %d after %.1f s: %s", got, waited, step_err.text);
    CHECK(commit(tx), "commit: %s", step_err.text);
    CHECK(once(a, "z") == (got == 1 ? 0 : 1), "refused is not remembered, answered is");
    CHECK(value_of(b, "x", NULL) == 9, "the transaction counted");
    store_close(a);
    store_close(b);
}

/* Each process asks for the same ids in the same order and says for which it was the first. */
static int race(int gate, int told)
{
    struct store *s = open_again();
    char go = 0, id[24];

    if (!s || read(gate, &go, 1) != 0) /* the other end closes: everybody starts */
        return 2;
    for (unsigned char i = 0; i < RACES; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        /* Every third was there before, and is past its time. */
        int got = once_at(s, "race", id, NOW + 300, NOW);
        if (got < 0 || (got == 1 && write(told, &i, 1) != 1))
            return 3;
    }
    store_close(s);
    return 0;
}

static void exactly_one_is_first(void)
{
    unsigned char firsts[RACES] = { 0 }, at = 0;
    struct store *s = open_fresh();
    int gate[2], told[2];
    pid_t children[3];
    unsigned wrong = 0;
    char id[24];

    for (int i = 0; s && i < RACES; i += 3) {
        (void)snprintf(id, sizeof id, "%d", i);
        wrong += once_at(s, "race", id, NOW - 1, NOW - 10) != 1;
    }
    CHECK(s && wrong == 0, "rows past their time: %s", step_err.text);
    store_close(s);
    if (!s || pipe(gate) != 0 || pipe(told) != 0)
        return;
    (void)fflush(NULL);
    for (unsigned i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            (void)close(gate[1]);
            _exit(race(gate[0], told[1]));
        }
    }
    (void)close(gate[0]);
    (void)close(gate[1]);
    (void)close(told[1]);
    while (read(told[0], &at, 1) == 1)
        firsts[at]++;
    (void)close(told[0]);
    for (unsigned i = 0; i < 3; i++) {
        int status = 1;
        CHECK(children[i] > 0 && waitpid(children[i], &status, 0) == children[i] && status == 0,
              "process %u ends well: %x", i, (unsigned)status);
    }
    for (unsigned i = 0; i < RACES; i++)
        wrong += firsts[i] != 1;
    CHECK(wrong == 0, "three processes, %d ids: %u without exactly one first", RACES, wrong);
}

/* Killed after the answer: it was durable when it was told. */
static void killed_after_the_answer(void)
{
    struct store *s = open_fresh();
    int told[2];
    char byte = 0;

    store_close(s);
    if (!s || pipe(told) != 0)
        return;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        s = open_again();
        if (s && once(s, "a") == 1 && write(told[1], "x", 1) == 1)
            (void)pause();
        _exit(1);
    }
    (void)close(told[1]);
    bool ready = read(told[0], &byte, 1) == 1;
    (void)close(told[0]);
    CHECK(ready && kill(child, SIGKILL) == 0, "killed");
    (void)waitpid(child, NULL, 0);
    s = open_again();
    CHECK(s && once(s, "a") == 0 && put_alone(s, "a", "1", 0), "remembered, and no lock is left: %s",
          step_err.text);
    store_close(s);
}

static void a_store_of_the_first_schema(void)
{
    struct store *s = open_fresh();

    if (!s)
        return;
    CHECK(put_alone(s, "a", "1", 0) && put_alone(s, "a", "2", 1) && audit_alone(s, "t", "/a", "{}") &&
              once(s, "a") == 1,
          "rows: %s", step_err.text);
    char *before = picture(s);
    CHECK(backend->raw(backend->first_schema), "back to the first schema");
    CHECK(once(s, "b") == -1 && step_err.code == ATT_STORE_FAILED, "who has it open is refused: %s",
          step_err.text);
    store_close(s);
    s = open_again();
    char *after = s ? picture(s) : NULL;
    CHECK(after && strcmp(before, after) == 0 && store_schema_version(s) == 2,
          "opened, it has the newest schema and its rows: %s", after ? after : "not opened");
    CHECK(s && once(s, "a") == 1 && once(s, "a") == 0, "and remembers: %s", step_err.text);
    free(before);
    free(after);
    store_close(s);
}

static void broken_tables(void)
{
    static const char *const changes[] = { "DROP TABLE once", "DROP TABLE store_state",
                                           "ALTER TABLE once RENAME COLUMN until_unix_s TO never" };

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct store *s = open_fresh();
        bool first = true;
        if (!s)
            continue;
        CHECK(once(s, "a") == 1 && backend->raw(changes[i]), "behind the store's back: %s", changes[i]);
        step_err = (struct att_err){ 0 };
        bool ok = store_once(s, "challenge", "b", NOW + 1, NOW, &first, &step_err);
        if (i == 1 && strcmp(backend->name, "sqlite") == 0)
            CHECK(ok, "the schema's number is elsewhere there");
        else
            CHECK(!ok && first && step_err.code == ATT_STORE_FAILED, "%s: %s", changes[i],
                  ok ? "answered" : step_err.text);
        store_close(s);
    }
}

void once_shared_suite(void)
{
    clean_up_is_bounded();
    survives_reopening();
    two_handles();
    exactly_one_is_first();
    killed_after_the_answer();
    a_store_of_the_first_schema();
    broken_tables();
}
