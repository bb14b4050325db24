/* Chains: what holds, and everything around it that does not. */
#include "made.h"

static struct att_crypto *c;
static EVP_PKEY *keys[12];

#define CA      "critical,CA:TRUE"
#define CA_SIGN "critical,keyCertSign,cRLSign"

enum { LEAF, INTERMEDIATE, ROOT, LINKS };

/* The chain that holds; each test changes one thing of it. */
static void describe(struct made_cert o[LINKS])
{
    o[LEAF] = (struct made_cert){ .subject = "leaf",
                                  .issuer = "intermediate",
                                  .key = keys[0],
                                  .signer = keys[1],
                                  .constraints = "critical,CA:FALSE",
                                  .usage = "critical,digitalSignature" };
    o[INTERMEDIATE] = (struct made_cert){ .subject = "intermediate",
                                          .issuer = "root",
                                          .key = keys[1],
                                          .signer = keys[2],
                                          .constraints = "critical,CA:TRUE,pathlen:0",
                                          .usage = CA_SIGN };
    o[ROOT] = (struct made_cert){
        .subject = "root", .issuer = "root", .key = keys[2], .constraints = CA, .usage = CA_SIGN
    };
}

struct pins {
    struct att_pinned_key pin;
    uint8_t digest[32];
};

static void pin_cert(struct pins *p, const struct att_cert *cert)
{
    assert_true(att_cert_spki_sha256(c, cert, p->digest));
    p->pin = (struct att_pinned_key){ .spki_sha256 = att_span_of(p->digest, 32) };
}

static enum att_chain_fault check(struct att_cert *const *chain, size_t count, const char *const *known,
                                  size_t *at)
{
    struct pins p;
    bool test_root = true;
    size_t fault_at = 99;
    pin_cert(&p, chain[count - 1]);
    enum att_chain_fault fault = att_chain_check(c, chain, count, &p.pin, 1, known, &fault_at, &test_root);
    assert_int_equal(fault == ATT_CHAIN_OK, fault_at == 99);
    assert_int_equal(fault == ATT_CHAIN_OK, !test_root);
    if (at)
        *at = fault_at;
    return fault;
}

static void drop(struct att_cert **chain, size_t count)
{
    for (size_t i = 0; i < count; i++)
        att_cert_free(chain[i]);
}

static const char *const known[] = { "1.2.3.4", NULL };

static const struct {
    const char *name;
    enum att_chain_fault want;
    size_t at;
    size_t which;       /* the certificate that differs */
    struct made_cert o; /* members that are set replace those of the good one */
    const char *const *known;
} rows[] = {
    { "as it should be", ATT_CHAIN_OK, 99, LEAF, { .subject = NULL }, NULL },
    { "leaf without extensions", ATT_CHAIN_OK, 99, LEAF, { .constraints = "", .usage = "" }, NULL },
    { "leaf that is a CA", ATT_CHAIN_OK, 99, LEAF, { .constraints = CA, .usage = CA_SIGN }, NULL },
    { "leaf with an unknown extension", ATT_CHAIN_OK, 99, LEAF, { .more_oid = "1.2.3.4" }, NULL },
    { "leaf with a critical one",
      ATT_CHAIN_CRITICAL,
      0,
      LEAF,
      { .more_oid = "1.2.3.4", .more_critical = true },
      NULL },
    { "which the caller knows",
      ATT_CHAIN_OK,
      99,
      LEAF,
      { .more_oid = "1.2.3.4", .more_critical = true },
      known },
    { "and one which not",
      ATT_CHAIN_CRITICAL,
      0,
      LEAF,
      { .more_oid = "1.2.3.5", .more_critical = true },
      known },
    { "critical one in between",
      ATT_CHAIN_CRITICAL,
      1,
      INTERMEDIATE,
      { .more_oid = "1.2.3.4", .more_critical = true },
      NULL },
    { "critical one in the root",
      ATT_CHAIN_CRITICAL,
      2,
      ROOT,
      { .more_oid = "1.2.3.4", .more_critical = true },
      NULL },
    { "leaf of another issuer name", ATT_CHAIN_LINK, 0, LEAF, { .issuer = "root" }, NULL },
    { "leaf signed by the root", ATT_CHAIN_LINK, 0, LEAF, { .signer = (void *)1 }, NULL },
    { "leaf with serial 0", ATT_CHAIN_LINK, 0, LEAF, { .serial = "00" }, NULL },
    { "leaf signed with SHA-1", ATT_CHAIN_LINK, 0, LEAF, { .md = "SHA1" }, NULL },
    { "leaf signed with SHA-224", ATT_CHAIN_LINK, 0, LEAF, { .md = "SHA224" }, NULL },
    { "leaf signed with SHA-384", ATT_CHAIN_OK, 99, LEAF, { .md = "SHA384" }, NULL },
    { "leaf signed with SHA-512", ATT_CHAIN_OK, 99, LEAF, { .md = "SHA512" }, NULL },
    { "issuer with CA:FALSE",
      ATT_CHAIN_NOT_CA,
      1,
      INTERMEDIATE,
      { .constraints = "critical,CA:FALSE" },
      NULL },
    { "issuer without basicConstraints", ATT_CHAIN_NOT_CA, 1, INTERMEDIATE, { .constraints = "" }, NULL },
    { "issuer without keyCertSign",
      ATT_CHAIN_NOT_CA,
      1,
      INTERMEDIATE,
      { .usage = "critical,cRLSign" },
      NULL },
    { "issuer without keyUsage", ATT_CHAIN_OK, 99, INTERMEDIATE, { .usage = "" }, NULL },
    { "issuer signed by itself", ATT_CHAIN_LINK, 1, INTERMEDIATE, { .signer = (void *)2 }, NULL },
    { "root with CA:FALSE", ATT_CHAIN_NOT_CA, 2, ROOT, { .constraints = "critical,CA:FALSE" }, NULL },
    { "root with path length 0",
      ATT_CHAIN_NOT_CA,
      2,
      ROOT,
      { .constraints = "critical,CA:TRUE,pathlen:0" },
      NULL },
    { "root with path length 1",
      ATT_CHAIN_OK,
      99,
      ROOT,
      { .constraints = "critical,CA:TRUE,pathlen:1" },
      NULL },
    { "root signed by another key", ATT_CHAIN_LINK, 2, ROOT, { .signer = (void *)2 }, NULL },
    { "root issued under another name", ATT_CHAIN_LINK, 2, ROOT, { .issuer = "other" }, NULL },
    { "root with serial 0", ATT_CHAIN_LINK, 2, ROOT, { .serial = "00" }, NULL },
};

static const char *or_else(const char *given, const char *other)
{
    return !given ? other : given[0] ? given : NULL; /* "" takes away */
}

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_cert o[LINKS];
        struct att_cert *chain[LINKS];
        const struct made_cert *n = &rows[i].o;
        struct made_cert *t = &o[rows[i].which];
        size_t at = 0;
        describe(o);
        t->issuer = or_else(n->issuer, t->issuer);
        t->constraints = or_else(n->constraints, t->constraints);
        t->usage = or_else(n->usage, t->usage);
        t->more_oid = n->more_oid;
        t->more_critical = n->more_critical;
        t->serial = n->serial;
        t->md = n->md;
        if (n->signer)
            t->signer = n->signer == (void *)1 ? keys[2] : keys[1];
        for (size_t k = 0; k < LINKS; k++)
            chain[k] = made_parsed(c, &o[k]);
        enum att_chain_fault got = check(chain, LINKS, rows[i].known, &at);
        if (got != rows[i].want || at != rows[i].at)
            fail_msg("%s: fault %d at %zu", rows[i].name, (int)got, at);
        drop(chain, LINKS);
    }
}

static void orders(void **state)
{
    (void)state;
    struct made_cert o[LINKS];
    struct att_cert *chain[LINKS];
    describe(o);
    for (size_t k = 0; k < LINKS; k++)
        chain[k] = made_parsed(c, &o[k]);
    for (size_t a = 0; a < LINKS; a++) {
        for (size_t b = 0; b < LINKS; b++) {
            for (size_t d = 0; d < LINKS; d++) {
                struct att_cert *order[] = { chain[a], chain[b], chain[d] };
                bool right =
                    (a == LEAF && b == INTERMEDIATE && d == ROOT) ||
                    (a == INTERMEDIATE && b == ROOT && d == ROOT) || /* the root twice: its own issuer */
                    (a == ROOT && b == ROOT && d == ROOT);
                assert_int_equal(check(order, 3, NULL, NULL) == ATT_CHAIN_OK, right);
            }
        }
    }
    struct att_cert *without[] = { chain[LEAF], chain[ROOT] };
    assert_int_equal(check(without, 2, NULL, NULL), ATT_CHAIN_LINK);
    assert_int_equal(check(chain, 2, NULL, NULL),
                     ATT_CHAIN_LINK); /* ends in a certificate that is not self-signed */
    assert_int_equal(check(chain + 1, 2, NULL, NULL), ATT_CHAIN_OK);
    drop(chain, LINKS);
}

static void pinning(void **state)
{
    (void)state;
    struct made_cert o[LINKS];
    struct att_cert *chain[LINKS];
    struct pins right;
    struct pins wrong;
    size_t at = 0;
    bool test_root = true;
    describe(o);
    for (size_t k = 0; k < LINKS; k++)
        chain[k] = made_parsed(c, &o[k]);
    pin_cert(&right, chain[ROOT]);
    pin_cert(&wrong, chain[INTERMEDIATE]);
    struct att_pinned_key both[] = { wrong.pin, right.pin };
    assert_int_equal(att_chain_check(c, chain, 3, both, 2, NULL, &at, &test_root), ATT_CHAIN_OK);
    assert_false(test_root);
    both[1].test_root = true;
    assert_int_equal(att_chain_check(c, chain, 3, both, 2, NULL, &at, &test_root), ATT_CHAIN_OK);
    assert_true(test_root);
    assert_int_equal(att_chain_check(c, chain, 3, both, 1, NULL, &at, &test_root), ATT_CHAIN_ROOT);
    assert_int_equal(at, 2);
    assert_int_equal(att_chain_check(c, chain, 3, NULL, 0, NULL, &at, &test_root), ATT_CHAIN_ROOT);
    for (size_t n = 0; n < 32; n++) { /* a shorter pin is no pin */
        both[1].spki_sha256.len = n;
        assert_int_equal(att_chain_check(c, chain, 3, both + 1, 1, NULL, &at, &test_root), ATT_CHAIN_ROOT);
    }
    /* the same key in another certificate is the same root: vendors re-issue theirs */
    o[ROOT].serial = "77";
    o[ROOT].not_after = "20490101000000Z";
    struct att_cert *again = made_parsed(c, &o[ROOT]);
    struct att_cert *other[] = { chain[LEAF], chain[INTERMEDIATE], again };
    assert_int_equal(att_chain_check(c, other, 3, &right.pin, 1, NULL, &at, &test_root), ATT_CHAIN_OK);
    att_cert_free(again);
    drop(chain, LINKS);
}

static void alone(void **state)
{
    (void)state;
    struct made_cert o = { .subject = "signer", .key = keys[0] };
    struct att_cert *cert = made_parsed(c, &o);
    size_t at = 0;
    bool test_root = false;
    assert_int_equal(check(&cert, 1, NULL, NULL),
                     ATT_CHAIN_OK); /* no CA needed: it issues nothing but itself */
    att_cert_free(cert);
    o.signer = keys[1];
    cert = made_parsed(c, &o);
    assert_int_equal(check(&cert, 1, NULL, NULL), ATT_CHAIN_LINK);
    assert_int_equal(att_chain_check(c, &cert, 0, NULL, 0, NULL, &at, &test_root), ATT_CHAIN_LINK);
    att_cert_free(cert);
}

/* `self` of the intermediates are self-issued (new key under the old name): they do not count for the path length. */
static void lengths(void **state)
{
    (void)state;
    for (size_t count = 2; count <= 11; count++) {
        for (int self = 0; self < 2; self++) {
            for (size_t limit = 0; limit <= count; limit++) {
                struct att_cert *chain[11];
                char constraints[64];
                char names[11][8];
                (void)snprintf(constraints, sizeof constraints, "critical,CA:TRUE,pathlen:%zu", limit);
                for (size_t i = 0; i < count; i++)
                    (void)snprintf(names[i], sizeof names[i], "ca%zu",
                                   self && i > 0 && i + 1 < count ? 1 : i);
                for (size_t i = 0; i < count; i++) {
                    size_t up = i + 1 < count ? i + 1 : i;
                    struct made_cert o = { .subject = names[i],
                                           .issuer = names[up],
                                           .key = keys[i],
                                           .signer = keys[up],
                                           .constraints = i + 1 == count ? constraints : CA,
                                           .usage = CA_SIGN };
                    chain[i] = made_parsed(c, &o);
                }
                /* of count - 2 intermediates only the last is not self-issued when `self` */
                size_t counted = count < 3 ? 0 : self ? 1 : count - 2;
                size_t at = 0;
                enum att_chain_fault want = count > 10        ? ATT_CHAIN_LINK
                                            : counted > limit ? ATT_CHAIN_NOT_CA
                                                              : ATT_CHAIN_OK;
                assert_int_equal(check(chain, count, NULL, &at), want);
                if (want == ATT_CHAIN_NOT_CA)
                    assert_int_equal(at, count - 1);
                drop(chain, count);
            }
        }
    }
}

/* The right key under another name has not signed, and names are looked at before the pin. */
static void names_of_a_link(void **state)
{
    (void)state;
    struct made_cert o[LINKS];
    struct att_cert *chain[LINKS];
    size_t at = 99;
    bool test_root = false;
    describe(o);
    o[INTERMEDIATE].subject = "Intermediate";
    for (size_t k = 0; k < LINKS; k++)
        chain[k] = made_parsed(c, &o[k]);
    assert_int_equal(att_cert_signed_by(c, chain[LEAF], chain[INTERMEDIATE]), ATT_SIG_INVALID);
    assert_int_equal(att_cert_signed_by(c, chain[INTERMEDIATE], chain[ROOT]), ATT_SIG_VALID);
    assert_int_equal(att_chain_check(c, chain, LINKS, NULL, 0, NULL, &at, &test_root), ATT_CHAIN_LINK);
    assert_int_equal(at, 0);
    drop(chain, LINKS);
}

/* RSA links, PKCS#1 and PSS; a salt of another length is not taken. */
static void rsa_links(void **state)
{
    (void)state;
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    static const struct {
        const char *md;
        int salt;
        enum att_chain_fault want;
    } list[] = {
        { "SHA256", 0, ATT_CHAIN_OK },  { "SHA384", 0, ATT_CHAIN_OK },   { "SHA512", 0, ATT_CHAIN_OK },
        { "SHA256", 32, ATT_CHAIN_OK }, { "SHA384", 48, ATT_CHAIN_OK },  { "SHA512", 64, ATT_CHAIN_OK },
        { "SHA1", 0, ATT_CHAIN_LINK },  { "SHA1", 20, ATT_CHAIN_LINK },  { "SHA384", 32, ATT_CHAIN_LINK },
        { "MD5", 0, ATT_CHAIN_LINK },   { "SHA224", 0, ATT_CHAIN_LINK }, { "SHA256", 20, ATT_CHAIN_LINK },
    };
    assert_non_null(rsa);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct made_cert o[2] = {
            { .subject = "leaf",
              .issuer = "root",
              .key = keys[0],
              .signer = rsa,
              .md = list[i].md,
              .pss_salt = list[i].salt },
            { .subject = "root", .key = rsa, .constraints = CA, .usage = CA_SIGN },
        };
        struct att_cert *chain[2] = { made_parsed(c, &o[0]), made_parsed(c, &o[1]) };
        if (check(chain, 2, NULL, NULL) != list[i].want)
            fail_msg("%s with salt %d", list[i].md, list[i].salt);
        assert_int_equal(att_cert_signed_by(c, chain[0], chain[1]),
                         list[i].want == ATT_CHAIN_OK ? ATT_SIG_VALID : ATT_SIG_BAD_KEY);
        drop(chain, 2);
    }
    /* MGF1 of another hash */
    struct made_cert mixed[2] = {
        { .subject = "leaf",
          .issuer = "root",
          .key = keys[0],
          .signer = rsa,
          .pss_salt = 32,
          .pss_mgf_md = "SHA384" },
        { .subject = "root", .key = rsa, .constraints = CA, .usage = CA_SIGN },
    };
    struct att_cert *two[2] = { made_parsed(c, &mixed[0]), made_parsed(c, &mixed[1]) };
    assert_int_equal(att_cert_signed_by(c, two[0], two[1]), ATT_SIG_BAD_KEY);
    drop(two, 2);
    /* an ECDSA signature under the name of an RSA key */
    struct made_cert o[2] = { { .subject = "leaf", .issuer = "root", .key = keys[0], .signer = keys[1] },
                              { .subject = "root", .key = rsa, .constraints = CA, .usage = CA_SIGN } };
    struct att_cert *chain[2] = { made_parsed(c, &o[0]), made_parsed(c, &o[1]) };
    assert_int_equal(check(chain, 2, NULL, NULL), ATT_CHAIN_LINK);
    assert_int_equal(att_cert_signed_by(c, chain[0], chain[1]), ATT_SIG_BAD_KEY);
    drop(chain, 2);
    EVP_PKEY_free(rsa);
}

/* Every bit of every certificate of a good chain: either it cannot be read any more, or the chain does not hold. */
static void flipped_bits(void **state)
{
    (void)state;
    struct made_cert o[LINKS];
    struct att_cert *chain[LINKS];
    struct pins p;
    unsigned read = 0;
    unsigned tried = 0;
    describe(o);
    for (size_t k = 0; k < LINKS; k++)
        chain[k] = made_parsed(c, &o[k]);
    pin_cert(&p, chain[ROOT]);
    for (size_t k = 0; k < LINKS; k++) {
        struct att_cert *kept = chain[k];
        struct att_span der = att_cert_der(kept);
        uint8_t *copy = malloc(der.len);
        memcpy(copy, der.ptr, der.len);
        for (size_t bit = 0; bit < 8 * der.len; bit++) {
            struct att_err err = { .code = ATT_OK };
            size_t at = 0;
            bool test_root = false;
            tried++;
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (att_cert_from_der(c, att_span_of(copy, der.len), NULL, &chain[k], &err)) {
                read++;
                enum att_chain_fault fault =
                    att_chain_check(c, chain, LINKS, &p.pin, 1, NULL, &at, &test_root);
                if (fault == ATT_CHAIN_OK || fault == ATT_CHAIN_CRYPTO)
                    fail_msg("certificate %zu, bit %zu: fault %d", k, bit, (int)fault);
                att_cert_free(chain[k]);
            } else {
                made_check_refusal(&err, ATT_CERT_MALFORMED);
            }
            chain[k] = kept;
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(copy);
    }
    assert_true(read > tried / 10); /* else the parser alone was tested */
    assert_int_equal(check(chain, LINKS, NULL, NULL), ATT_CHAIN_OK);
    drop(chain, LINKS);
}

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    for (size_t i = 0; i < 12; i++)
        keys[i] = EVP_EC_gen("P-256");
    return c && keys[11] ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 12; i++)
        EVP_PKEY_free(keys[i]);
    att_crypto_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),     cmocka_unit_test(orders),       cmocka_unit_test(pinning),
        cmocka_unit_test(alone),     cmocka_unit_test(lengths),      cmocka_unit_test(names_of_a_link),
        cmocka_unit_test(rsa_links), cmocka_unit_test(flipped_bits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
