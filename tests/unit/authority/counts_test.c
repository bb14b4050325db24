/* layers: authority access keys base codec */
/* How often somebody may be wrong (guesses.h), and what was used already (replay.h). */
#include "authority/guesses.h"
#include "authority/replay.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases cases = { .name = "authority.counts" };

enum { NOW = 1800000000 };

static struct guesses *new_guesses(unsigned max)
{
    struct guesses *g = NULL;
    struct att_err err = { 0 };

    if (!guesses_new(max, &g, &err))
        exit(1);
    return g;
}

static unsigned taken(struct guesses *g, const char *what, const char *peer, int64_t now, unsigned tries)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tries; i++)
        n += guesses_take(g, what, peer, now);
    return n;
}

static void check_pairs(void)
{
    struct guesses *g = new_guesses(0);

    cases_check(&cases, taken(g, "a", "192.0.2.1", NOW, 50) == GUESSES_OF_PAIR_MAX, "ten of one pair");
    cases_check(&cases, !guesses_left(g, "a", "192.0.2.1", NOW), "none left");
    cases_check(&cases, guesses_left(g, "b", "192.0.2.1", NOW), "another client from there");
    cases_check(&cases, guesses_left(g, "a", "192.0.2.2", NOW), "the same client from elsewhere");
    cases_check(&cases, !guesses_left(g, "a", "::ffff:192.0.2.1", NOW), "an IPv4 address in an IPv6 one");
    cases_check(&cases, !guesses_left(g, "a", "192.0.2.1", NOW + GUESSES_WINDOW_S - 1),
                "not before the minute is over");
    cases_check(&cases, taken(g, "a", "192.0.2.1", NOW + GUESSES_WINDOW_S, 50) == GUESSES_OF_PAIR_MAX,
                "then anew");
    cases_check(&cases, guesses_left(g, "a", "192.0.2.1", NOW - 1000),
                "a clock set back does not lock for ever");
    guesses_free(g);
}

static void check_networks(void)
{
    struct guesses *g = new_guesses(0);
    unsigned n = 0;
    char peer[64];

    for (unsigned i = 0; i < 40; i++) {
        (void)snprintf(peer, sizeof peer, "2001:db8:1:2::%x", i + 1);
        n += guesses_take(g, "a", peer, NOW);
    }
    cases_check(&cases, n == GUESSES_OF_PAIR_MAX, "the addresses of one /64 are one: %u", n);
    cases_check(&cases, guesses_left(g, "a", "2001:db8:1:3::1", NOW), "the next /64");
    cases_check(&cases, taken(g, "a", "unix", NOW, 50) == GUESSES_OF_PAIR_MAX, "a peer without address");
    cases_check(&cases, taken(g, "a", "", NOW, 50) == GUESSES_OF_PAIR_MAX, "an unknown peer");
    guesses_free(g);
}

/* What runs together when it is joined: ("ab", "c") is not ("a", "bc"), and long names do not become one by being cut. */
static void check_joints(void)
{
    struct guesses *g = new_guesses(0);
    char one[256], two[256];

    (void)taken(g, "x1", "a", NOW, 50);
    cases_check(&cases, guesses_left(g, "1", "ax", NOW) && guesses_left(g, "x", "a", NOW), "joined names");
    memset(one, 'x', sizeof one - 1);
    one[sizeof one - 1] = '\0';
    memcpy(two, one, sizeof two);
    two[200] = 'y';
    (void)taken(g, one, "a", NOW, 50);
    cases_check(&cases, guesses_left(g, two, "a", NOW), "long names that differ late");
    guesses_free(g);
}

static void check_in_all(void)
{
    struct guesses *g = new_guesses(25);
    unsigned n = 0;
    char what[32];

    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(what, sizeof what, "client-%u", i);
        n += guesses_take(g, what, "192.0.2.1", NOW);
    }
    cases_check(&cases, n == 25, "a bound over all: %u", n);
    cases_check(&cases, guesses_left(g, "client-1", "192.0.2.1", NOW + GUESSES_WINDOW_S), "for a minute");
    guesses_free(g);
}

/* More pairs than there is room for: nobody is refused for that, and the newest count holds. */
static void check_flood(void)
{
    struct guesses *g = new_guesses(0);
    unsigned n = 0;
    char what[32];

    for (unsigned i = 0; i < 20000; i++) {
        (void)snprintf(what, sizeof what, "client-%u", i);
        n += guesses_take(g, what, "192.0.2.1", NOW + (int64_t)i / 1000);
    }
    cases_check(&cases, n == 20000, "first attempts pass: %u", n);
    cases_check(&cases, taken(g, "last", "192.0.2.1", NOW + 21, 50) == GUESSES_OF_PAIR_MAX,
                "the newest is counted");
    guesses_free(g);
}

static enum att_code use(struct replay *r, const char *client, const char *resource, const char *jti,
                         int64_t until, int64_t now)
{
    const struct replay_use u = { .client_id = client,
                                  .resource = resource,
                                  .jti = att_str(jti),
                                  .until_unix_s = until,
                                  .now_unix_s = now };
    struct att_err err = { 0 };

    return replay_take(r, &u, &err) ? ATT_OK : err.code;
}

static struct replay *new_replay(void)
{
    struct replay *r = NULL;
    struct att_err err = { 0 };

    if (!replay_new(&r, &err))
        exit(1);
    return r;
}

static void check_replay(void)
{
    struct replay *r = new_replay();

    cases_check(&cases, use(r, "a", "x", "1", NOW + 60, NOW) == ATT_OK, "J17: the first use");
    cases_check(&cases, use(r, "a", "x", "1", NOW + 60, NOW) == ATT_ASSERTION_REPLAYED, "J17: the second");
    cases_check(&cases, use(r, "a", "x", "1", NOW + 99, NOW + 59) == ATT_ASSERTION_REPLAYED,
                "J17: with a later end");
    cases_check(&cases, use(r, "a", "y", "1", NOW + 60, NOW) == ATT_OK, "J17: for another resource");
    cases_check(&cases, use(r, "b", "x", "1", NOW + 60, NOW) == ATT_OK,
                "J17: the same jti of another client");
    cases_check(&cases, use(r, "ax", "", "1", NOW + 60, NOW) == ATT_OK, "J17: names that run together");
    cases_check(&cases, use(r, "a", "x", "2", NOW + 60, NOW) == ATT_OK, "J17: another jti");
    cases_check(&cases, use(r, "a", "x", "1", NOW + 120, NOW + 60) == ATT_OK,
                "J17: after its end it is forgotten");
    replay_free(r);
}

static void check_room(void)
{
    struct replay *r = new_replay();
    char jti[32];
    unsigned n = 0;

    for (unsigned i = 0; i < REPLAY_OF_CLIENT_MAX + 10; i++) {
        (void)snprintf(jti, sizeof jti, "%u", i);
        n += use(r, "a", "x", jti, NOW + 60, NOW) == ATT_OK;
    }
    cases_check(&cases, n == REPLAY_OF_CLIENT_MAX, "a client's share: %u", n);
    cases_check(&cases, use(r, "a", "x", "more", NOW + 60, NOW) == ATT_THROTTLED,
                "J17: refused, not forgotten");
    cases_check(&cases, use(r, "a", "x", "0", NOW + 60, NOW) == ATT_ASSERTION_REPLAYED,
                "J17: the first is still known");
    cases_check(&cases, use(r, "b", "x", "0", NOW + 60, NOW) == ATT_OK, "others have room");
    cases_check(&cases, use(r, "a", "x", "more", NOW + 120, NOW + 60) == ATT_OK,
                "room again when they have expired");
    replay_free(r);
}

static void check_room_in_all(void)
{
    struct replay *r = new_replay();
    char client[32], jti[32];
    unsigned n = 0;

    for (unsigned i = 0; i < REPLAY_MAX + 10; i++) {
        (void)snprintf(client, sizeof client, "c%u", i % 64);
        (void)snprintf(jti, sizeof jti, "%u", i);
        n += use(r, client, "x", jti, NOW + 60, NOW) == ATT_OK;
    }
    cases_check(&cases, n == REPLAY_MAX, "room in all: %u", n);
    cases_check(&cases, use(r, "new", "x", "1", NOW + 60, NOW) == ATT_THROTTLED, "J17: full is a refusal");
    replay_free(r);
}

int main(void)
{
    check_pairs();
    check_networks();
    check_joints();
    check_in_all();
    check_flood();
    check_replay();
    check_room();
    check_room_in_all();
    guesses_free(NULL);
    replay_free(NULL);
    return cases_report(&cases);
}
