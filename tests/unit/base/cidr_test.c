/* layers: base */
/* Addresses and networks: what two readers could take for two things is refused, and matching is held against a mask
 * computed another way. */
#include "base/cidr.h"

#include "support/cases.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static struct cases run = { .name = "unit.base.cidr" };

/* want: as written again; NULL: refused. */
static const struct {
    const char *text, *want;
} addresses[] = {
    { "192.0.2.1", "192.0.2.1" },
    { "0.0.0.0", "0.0.0.0" },
    { "255.255.255.255", "255.255.255.255" },
    { "::", "::" },
    { "::1", "::1" },
    { "2001:DB8::1", "2001:db8::1" },
    { "2001:db8:0:0:0:0:0:1", "2001:db8::1" },
    { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
    { "::ffff:192.0.2.1", "192.0.2.1" },
    { "::FFFF:c000:201", "192.0.2.1" },
    { "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1" },
    { "64:ff9b::192.0.2.1", "64:ff9b::c000:201" },
    { "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },

    { "", NULL },
    { " 192.0.2.1", NULL },
    { "192.0.2.1 ", NULL },
    { "192.0.2.1\n", NULL },
    { "192.0.2", NULL },
    { "192.0.2.", NULL },
    { ".192.0.2", NULL },
    { "192.0..1", NULL },
    { "192.0.2.1.", NULL },
    { "192.0.2.1.1", NULL },
    { "192.0.2.256", NULL },
    { "192.0.2.1000", NULL },
    { "192.0.2.01", NULL },
    { "192.0.2.00", NULL },
    { "010.0.0.1", NULL },
    { "0x7f.0.0.1", NULL },
    { "0x7f000001", NULL },
    { "2130706433", NULL },
    { "127.1", NULL },
    { "+1.2.3.4", NULL },
    { "-1.2.3.4", NULL },
    { "1.2.3.4x", NULL },
    { "1.2.3.4:80", NULL },
    { "[::1]", NULL },
    { "::1%lo", NULL },
    { "::1%1", NULL },
    { ":", NULL },
    { ":::", NULL },
    { "1::2::3", NULL },
    { "1:2:3:4:5:6:7", NULL },
    { "1:2:3:4:5:6:7:8:9", NULL },
    { ":1:2:3:4:5:6:7", NULL },
    { "1:2:3:4:5:6:7:", NULL },
    { "12345::", NULL },
    { "g::", NULL },
    { "::192.0.2", NULL },
    { "::192.0.2.256", NULL },
    { "::ffff:192.0.02.1", NULL },
    { "::ffff:192.0.2.1:1", NULL },
    { "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550", NULL },
    { "localhost", NULL },
    { "unix", NULL },
    { "\xef\xbc\x91.2.3.4", NULL },
};

static void check_addresses(void)
{
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct att_ip ip, before;
        char room[ATT_IP_TEXT_SIZE];
        memset(&ip, 0x5a, sizeof ip);
        ip.v6 = true;
        before = ip;
        bool ok = att_ip_parse(att_str(addresses[i].text), &ip);
        if (addresses[i].want)
            cases_check(&run, ok && strcmp(att_ip_text(&ip, room), addresses[i].want) == 0, "address %s: %s",
                        addresses[i].text, ok ? room : "refused");
        else
            cases_check(&run, !ok && memcmp(&ip, &before, sizeof ip) == 0, "address %s: accepted",
                        addresses[i].text);
    }
    /* A NUL is not an end: the bytes behind it belong to the text. */
    struct att_ip ip;
    cases_check(&run, !att_ip_parse(att_span_of("1.2.3.4\0", 8), &ip), "address with a NUL behind it");
    cases_check(&run, !att_ip_parse(att_span_of("::1\0", 4), &ip), "IPv6 address with a NUL behind it");
    cases_check(&run, !att_ip_parse((struct att_span){ 0 }, &ip), "no text at all");
}

/* Addresses with a few characters changed, against the C library: that one is as strict, and IPv4 is read here by other
 * code. */
static void check_library(void)
{
    static const char *const seeds[] = { "192.0.2.255", "2001:db8::1:0", "::ffff:10.20.30.40",
                                         "1:2:3:4:5:6:7:8", "::" };
    static const char letters[] = "0123456789.:afF%/ x";
    uint64_t random = 0x2545f4914f6cdd1du;
    unsigned wrong = 0, good = 0;

    for (unsigned n = 0; n < 300000; n++) {
        char text[64];
        uint8_t bytes[16];
        struct att_ip ip;
        (void)snprintf(text, sizeof text, "%s", seeds[n % 5]);
        for (unsigned hits = n % 4; hits > 0 && text[0]; hits--) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t len = strlen(text), at = (size_t)(random >> 40) % len;
            char letter = letters[(random >> 20) % (sizeof letters - 1)];
            if (random >> 62 == 0)
                memmove(text + at, text + at + 1, len - at);
            else if (random >> 62 == 1 && len + 1 < sizeof text)
                memmove(text + at + 1, text + at, len - at + 1);
            if (random >> 62 != 0)
                text[at] = letter;
        }
        bool v4 = inet_pton(AF_INET, text, bytes) == 1, v6 = !v4 && inet_pton(AF_INET6, text, bytes) == 1;
        bool ok = att_ip_parse(att_str(text), &ip);
        struct att_ip want = v4 ? att_ip_v4(bytes) : v6 ? att_ip_v6(bytes) : (struct att_ip){ 0 };
        wrong += ok != (v4 || v6) ||
                 (ok && (ip.v6 != want.v6 || memcmp(ip.bytes, want.bytes, sizeof ip.bytes) != 0));
        good += ok;
    }
    cases_check(&run, wrong == 0 && good > 50000 && good < 250000, "against the C library: %u wrong, %u good",
                wrong, good);
}

/* Every text that is cut short is another address or none, never a read past the end (the sanitizer sees that). */
static void check_cut(void)
{
    static const char *const texts[] = { "255.255.255.255/32", "2001:db8::255.255.255.255/128" };

    for (size_t i = 0; i < 2; i++)
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            char *exact = malloc(len ? len : 1);
            struct att_cidr c = { .prefix_bits = 7777 };
            struct att_err err = { 0 };
            memcpy(exact, texts[i], len);
            bool ok = att_cidr_parse(att_span_of(exact, len), "net", &c, &err);
            cases_check(&run,
                        ok ? c.prefix_bits <= 128 : c.prefix_bits == 7777 && err.code == ATT_CONFIG_INVALID,
                        "%s cut to %zu", texts[i], len);
            free(exact);
        }
}

static const struct {
    const char *text;
    bool ok;
    const char *in, *out; /* an address that is in it, and one that is not; NULL: there is none */
} networks[] = {
    { "10.0.0.0/8", true, "10.255.255.255", "11.0.0.0" },
    { "10.0.0.0/8", true, "::ffff:10.1.2.3", "::ffff:9.255.255.255" },
    { "10.0.0.0/8", true, "10.0.0.0", "::10.0.0.0" },
    { "::ffff:10.0.0.0/104", true, "10.255.255.255", "11.0.0.0" },
    { "::ffff:0.0.0.0/96", true, "1.2.3.4", "::1" },
    { "::ffff:10.0.0.1", true, "10.0.0.1", "10.0.0.2" },
    { "192.0.2.1", true, "192.0.2.1", "192.0.2.0" },
    { "192.0.2.1/32", true, "192.0.2.1", "192.0.2.3" },
    { "192.0.2.0/31", true, "192.0.2.1", "192.0.2.2" },
    { "0.0.0.0/0", true, "255.255.255.255", "::1" },
    { "128.0.0.0/1", true, "128.0.0.0", "127.255.255.255" },
    { "::/0", true, "ffff::", "1.2.3.4" },
    { "::1", true, "::1", "::2" },
    { "::1/128", true, "::1", "0.0.0.1" },
    { "fc00::/7", true, "fdff::1", "fe00::" },
    { "2001:db8::/33", true, "2001:db8:7fff::", "2001:db8:8000::" },
    { "fe80::/10", true, "febf::", "fec0::" },

    { "", false, NULL, NULL },
    { "/", false, NULL, NULL },
    { "/8", false, NULL, NULL },
    { "10.0.0.0/", false, NULL, NULL },
    { "10.0.0.0/33", false, NULL, NULL },
    { "10.0.0.0/08", false, NULL, NULL },
    { "10.0.0.0/+8", false, NULL, NULL },
    { "10.0.0.0/-1", false, NULL, NULL },
    { "10.0.0.0/ 8", false, NULL, NULL },
    { "10.0.0.0/8 ", false, NULL, NULL },
    { "10.0.0.0/8/8", false, NULL, NULL },
    { "10.0.0.0/255.0.0.0", false, NULL, NULL },
    { "10.0.0.0/4294967304", false, NULL, NULL },
    { "10.0.0.1/8", false, NULL, NULL },
    { "10.128.0.0/8", false, NULL, NULL },
    { "192.0.2.1/31", false, NULL, NULL },
    { "1.0.0.0/0", false, NULL, NULL },
    { "10/8", false, NULL, NULL },
    { "10.0.0/24", false, NULL, NULL },
    { "::/129", false, NULL, NULL },
    { "::1/127", false, NULL, NULL },
    { "2001:db8:8000::/32", false, NULL, NULL },
    { "::ffff:10.0.0.0/95", false, NULL, NULL },
    { "::ffff:0.0.0.0/80", false, NULL, NULL },
    { "::ffff:10.0.0.0/8", false, NULL, NULL },
    { "::ffff:10.0.0.0/129", false, NULL, NULL },
    { "::ffff:10.0.0.1/104", false, NULL, NULL },
    { "10.0.0.0/8,::1", false, NULL, NULL },
    { "*", false, NULL, NULL },
    { "localhost/8", false, NULL, NULL },
};

static bool has(const struct att_cidr *c, const char *address)
{
    struct att_ip ip;
    return att_ip_parse(att_str(address), &ip) && att_cidr_has(c, &ip);
}

static void check_networks(void)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        struct att_cidr c = { .prefix_bits = 7777 };
        struct att_err err = { 0 };
        bool ok = att_cidr_parse(att_str(networks[i].text), "net", &c, &err);
        if (networks[i].ok)
            cases_check(&run, ok && has(&c, networks[i].in) && !has(&c, networks[i].out), "network %s: %s",
                        networks[i].text, ok ? "matches wrong" : err.text);
        else
            cases_check(&run,
                        !ok && c.prefix_bits == 7777 && err.code == ATT_CONFIG_INVALID &&
                            strcmp(err.where, "net") == 0 && err.expected[0],
                        "network %s: accepted", networks[i].text);
    }
}

/* Every prefix of IPv4 against a 32-bit mask, and an address with the same leading bits but for one. */
static void check_masks(void)
{
    unsigned wrong = 0, refused = 0;
    uint64_t random = 0x9e3779b97f4a7c15u;

    for (unsigned n = 0; n < 20000; n++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned bits = n % 33;
        uint32_t mask = bits == 0 ? 0 : 0xffffffffu << (32 - bits);
        uint32_t net = (uint32_t)(random >> 32) & mask;
        uint32_t ip = net ^ (n % 3 == 0 ? (uint32_t)random : 1u << (random % 32));
        uint8_t bytes[4] = { (uint8_t)(ip >> 24), (uint8_t)(ip >> 16), (uint8_t)(ip >> 8), (uint8_t)ip };
        uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, bytes[0], bytes[1], bytes[2], bytes[3] };
        struct att_ip four = att_ip_v4(bytes), six = att_ip_v6(mapped);
        struct att_cidr c;
        char text[32];
        (void)snprintf(text, sizeof text, "%u.%u.%u.%u/%u", net >> 24, net >> 16 & 255, net >> 8 & 255,
                       net & 255, bits);
        if (!att_cidr_parse(att_str(text), "net", &c, NULL))
            refused++;
        else
            wrong += att_cidr_has(&c, &four) != ((ip & mask) == net) ||
                     att_cidr_has(&c, &six) != ((ip & mask) == net);
    }
    cases_check(&run, wrong == 0 && refused == 0, "masks: %u wrong, %u refused", wrong, refused);
}

/* IPv6: each bit inside the prefix counts, none behind it does. */
static void check_bits(void)
{
    unsigned wrong = 0;

    for (unsigned prefix = 0; prefix <= 128; prefix++)
        for (unsigned bit = 0; bit < 128; bit++) {
            uint8_t bytes[16] = { 0x20, 0x01, 0x0d, 0xb8 };
            for (unsigned i = prefix; i < 128; i++)
                bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
            struct att_cidr c = { .net = att_ip_v6(bytes), .prefix_bits = prefix };
            bytes[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
            struct att_ip ip = att_ip_v6(bytes);
            wrong += att_cidr_has(&c, &ip) != (bit >= prefix);
        }
    cases_check(&run, wrong == 0, "bits of IPv6: %u wrong", wrong);
}

static void check_lists(void)
{
    static const char *const good[] = { "10.0.0.0/8", "::1", NULL };
    static const char *const bad[] = { "10.0.0.0/8", "10.0.0.1/8", NULL };
    static const char *many[ATT_CIDR_LIST_MAX + 2];
    struct att_cidr_list list = { 0 };
    struct att_err err = { 0 };
    struct att_ip ip;

    cases_check(&run, att_cidr_list_parse(NULL, "nets", &list, &err) && list.count == 0, "no list");
    cases_check(&run, att_ip_parse(att_str("::1"), &ip) && !att_cidr_list_has(&list, &ip),
                "nobody is in no list");
    cases_check(&run, att_cidr_list_parse(good, "nets", &list, &err) && list.count == 2, "a list of two");
    cases_check(&run, att_cidr_list_has(&list, &ip), "the second matches");
    cases_check(&run, att_ip_parse(att_str("10.9.9.9"), &ip) && att_cidr_list_has(&list, &ip),
                "the first matches");
    cases_check(&run, att_ip_parse(att_str("::2"), &ip) && !att_cidr_list_has(&list, &ip), "neither matches");
    att_cidr_list_free(&list);
    cases_check(&run, list.count == 0 && !list.nets, "freed");
    cases_check(&run,
                !att_cidr_list_parse(bad, "nets", &list, &err) && !list.nets &&
                    err.code == ATT_CONFIG_INVALID && strcmp(err.where, "nets[1]") == 0,
                "the bad one is named: %s", err.where);
    for (size_t i = 0; i <= ATT_CIDR_LIST_MAX; i++)
        many[i] = "::1";
    cases_check(&run, !att_cidr_list_parse(many, "nets", &list, NULL) && !list.nets, "too many");
    many[ATT_CIDR_LIST_MAX] = NULL;
    cases_check(&run, att_cidr_list_parse(many, "nets", &list, NULL) && list.count == ATT_CIDR_LIST_MAX,
                "as many as may be");
    att_cidr_list_free(&list);
}

int main(void)
{
    check_addresses();
    check_library();
    check_cut();
    check_networks();
    check_masks();
    check_bits();
    check_lists();
    return cases_report(&run);
}
