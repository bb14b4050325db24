/* layers: http base */
/* Connections of each address, against a plain count of the same. */
#include "http/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

enum { ADDRESSES = 61, MAX = 3, MOST = 40, STEPS = 200000 };

static struct att_ip address(unsigned n)
{
    uint8_t v4[4] = { 10, 0, (uint8_t)(n / 7), (uint8_t)n },
            v6[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, (uint8_t)n };

    return n % 2 ? att_ip_v4(v4) : att_ip_v6(v6);
}

/* Entering and leaving at random, never more than MOST in all: the table agrees with the counts at every step. */
static void test_against_counts(void **state)
{
    unsigned counts[ADDRESSES] = { 0 }, all = 0, seed = 1;
    struct http_peers *p = NULL;
    struct att_err err = { 0 };

    (void)state;
    assert_true(http_peers_new(MAX, MOST, &p, &err));
    for (unsigned step = 0; step < STEPS; step++) {
        seed = seed * 1103515245u + 12345u;
        unsigned n = seed / 65536 % ADDRESSES;
        struct att_ip ip = address(n);
        bool enter = seed / 64 % 2 && all < MOST;
        if (enter) {
            bool in = http_peers_enter(p, &ip);
            assert_int_equal(in, counts[n] < MAX);
            counts[n] += in;
            all += in;
        } else if (counts[n] > 0) {
            http_peers_leave(p, &ip);
            counts[n]--;
            all--;
        }
    }
    http_peers_free(p);
}

/* One network of IPv6 is one client; leaving what never entered changes nothing. */
static void test_networks(void **state)
{
    uint8_t a[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 1 }, b[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 2 };
    struct att_ip x = att_ip_v6(a), y = att_ip_v6(b), z = address(1);
    struct http_peers *p = NULL;
    struct att_err err = { 0 };

    (void)state;
    assert_true(http_peers_new(1, 4, &p, &err));
    assert_true(http_peers_enter(p, &x));
    assert_false(http_peers_enter(p, &y));
    http_peers_leave(p, &z);
    assert_true(http_peers_enter(p, &z));
    http_peers_leave(p, &y);
    assert_true(http_peers_enter(p, &x));
    assert_true(http_peers_enter(NULL, &x));
    http_peers_leave(NULL, &x);
    http_peers_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_counts),
                                        cmocka_unit_test(test_networks) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
