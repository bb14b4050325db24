/* PEM texts of certificates: what stands around the blocks, and broken blocks. */
#include "made.h"

#include <openssl/pem.h>

#include "base/buf.h"

static struct att_crypto *c;
static char block[3][4096]; /* three certificates, CN 0, 1, 2 */

enum { MAX = 3 };

static void check(const char *name, struct att_span text, size_t want)
{
    struct att_cert *certs[MAX + 1] = { NULL };
    struct att_err err = { .code = ATT_OK };
    size_t count = 77;
    bool ok = att_certs_from_pem(c, text, NULL, certs, MAX, &count, &err);
    if (ok != (want > 0))
        fail_msg("%s: %s", name, ok ? "was read" : err.text);
    if (!ok) {
        made_check_refusal(&err, ATT_CERT_MALFORMED);
        assert_int_equal(count, 77); /* outputs change only on success */
        assert_null(certs[0]);
        return;
    }
    assert_int_equal(count, want);
    for (size_t i = 0; i < count; i++) {
        char cn[2] = { (char)('0' + i), 0 };
        assert_string_equal(att_cert_subject_cn(certs[i]), cn);
        att_cert_free(certs[i]);
    }
    assert_null(certs[count]);
}

/* A template: %0 %1 %2 stand for the blocks, %z for a NUL. */
static void check_text(const char *name, const char *template, size_t want)
{
    struct att_buf b = { .max = 1 << 20 };
    for (const char *p = template; *p; p++) {
        if (*p != '%') {
            att_buf_putc(&b, *p);
            continue;
        }
        p++;
        if (*p == 'z')
            att_buf_putc(&b, '\0');
        else
            att_buf_puts(&b, block[*p - '0']);
    }
    check(name, att_buf_span(&b), want);
    att_buf_free(&b);
}

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

static void texts(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        size_t want;
    } rows[] = {
        { "one", "%0", 1 },
        { "three", "%0%1%2", 3 },
        { "text around", "subject=x\n%0\n\nsome words\n%1 bye", 2 },
        { "a NUL at the end", "%0%1%z", 2 },
        { "many NULs at the end", "%0%z%z%z", 1 },
        { "four where three may be", "%0%1%2%0", 0 },
        { "nothing", "", 0 },
        { "only NULs", "%z%z", 0 },
        { "only text", "hello\n", 0 },
        { "a NUL between", "%0\n%z\n%1", 0 },
        { "a NUL inside", BEGIN "MII%z\n" END, 0 },
        { "empty block", BEGIN END, 0 },
        { "blank block", BEGIN "\n\n" END, 0 },
        { "no end", "%0" BEGIN "MIIB\n", 0 },
        { "end without begin", "%0" END, 0 },
        { "begin within a block", BEGIN "%0" END, 0 },
        { "another label", "%0-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", 0 },
        { "label in lower case", "-----BEGIN certificate-----\nMIIB\n-----END certificate-----\n", 0 },
        { "trusted certificate",
          "-----BEGIN TRUSTED CERTIFICATE-----\nMIIB\n-----END TRUSTED CERTIFICATE-----\n", 0 },
        { "labels differ", BEGIN "MIIB\n-----END X509 CRL-----\n", 0 },
        { "not base64", BEGIN "MII*\n" END, 0 },
        { "base64url", BEGIN "MII-_w==\n" END, 0 },
        { "header lines", BEGIN "Proc-Type: 4,ENCRYPTED\n\nMIIB\n" END, 0 },
        { "padding in the middle", BEGIN "MA==\nMA==\n" END, 0 },
        { "no DER", BEGIN "aGVsbG8=\n" END, 0 },
        { "DER and more", BEGIN "MAAA\n" END, 0 },
        { "four dashes", "----BEGIN CERTIFICATE----\nMIIB\n----END CERTIFICATE----\n", 0 },
        { "blank before the mark", " %0", 0 }, /* explanatory text, so the END has no begin */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_text(rows[i].name, rows[i].text, rows[i].want);
}

/* The same block with CRLF, with blanks at line ends, in one line, in lines of one character. */
static void lines(void **state)
{
    (void)state;
    for (int form = 0; form < 4; form++) {
        struct att_buf b = { .max = 1 << 20 };
        bool mark = false;
        for (const char *p = block[0]; *p; p++) {
            if (*p == '-' && (p == block[0] || p[-1] == '\n'))
                mark = true;
            if (*p != '\n') {
                att_buf_putc(&b, *p);
                if (form == 3 && !mark)
                    att_buf_putc(&b, '\n');
                continue;
            }
            bool end_follows = p[1] == '-' || p[1] == '\0';
            if (form == 0)
                att_buf_puts(&b, "\r\n");
            else if (form == 1)
                att_buf_puts(&b, " \t\n");
            else if (mark || (form == 2 && end_follows))
                att_buf_putc(&b, '\n');
            mark = false;
        }
        check("lines", att_buf_span(&b), 1);
        att_buf_free(&b);
    }
    char other[sizeof block[0]];
    memcpy(other, block[0], sizeof other);
    memcpy(other, "-----BEGIN FERTIFICATE-----", 27);
    check("a good block under another label", att_str(other), 0);
    memcpy(other, block[0], sizeof other);
    memmove(strchr(other + 60, '\n') + 1, strchr(other + 60, '\n'), strlen(strchr(other + 60, '\n')) + 1);
    check("an empty line inside", att_str(other), 0);
    check("no line end behind", att_span_of(block[0], strlen(block[0]) - 1), 1);
}

static void cut(void **state)
{
    (void)state;
    struct att_buf b = { .max = 1 << 20 };
    att_buf_puts(&b, block[0]);
    size_t first = b.len;
    att_buf_puts(&b, block[1]);
    for (size_t n = 0; n < b.len - 1; n++) {
        bool first_whole = n == first - 1 || n == first;
        /* between the blocks a beginning of the second mark that is not yet five dashes is text */
        bool dashes = n > first && n < first + 5;
        check("cut", att_span_of(b.ptr, n), first_whole || dashes ? 1 : 0);
    }
    struct att_limits limits = att_limits_default;
    struct att_cert *certs[MAX];
    size_t count = 0;
    limits.cert_chain_bytes_max = b.len - 1;
    assert_false(att_certs_from_pem(c, att_buf_span(&b), &limits, certs, MAX, &count, NULL));
    limits.cert_chain_bytes_max = b.len;
    limits.cert_bytes_max = 100;
    assert_false(att_certs_from_pem(c, att_buf_span(&b), &limits, certs, MAX, &count, NULL));
    assert_false(att_certs_from_pem(c, att_buf_span(&b), NULL, certs, 0, &count, NULL));
    assert_false(att_certs_from_pem(c, (struct att_span){ NULL, 0 }, NULL, certs, MAX, &count, NULL));
    att_buf_free(&b);
}

/* The place says which one of several is broken. */
static void place(void **state)
{
    (void)state;
    struct att_cert *certs[MAX];
    struct att_err err = { .code = ATT_OK };
    size_t count = 0;
    struct att_buf b = { .max = 1 << 20 };
    att_buf_puts(&b, block[0]);
    att_buf_puts(&b, BEGIN "MAA=\n" END);
    assert_false(att_certs_from_pem(c, att_buf_span(&b), NULL, certs, MAX, &count, &err));
    assert_string_equal(err.where, "pem[1].certificate");
    att_buf_free(&b);
}

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    for (int i = 0; c && i < 3; i++) {
        char cn[2] = { (char)('0' + i), 0 };
        struct made_cert o = { .subject = cn, .key = key };
        struct made m = made_certificate(&o);
        BIO *bio = BIO_new(BIO_s_mem());
        assert_true(PEM_write_bio(bio, "CERTIFICATE", "", m.ptr, (long)m.len) > 0);
        int len = BIO_read(bio, block[i], sizeof block[i] - 1);
        assert_true(len > 0);
        block[i][len] = '\0';
        BIO_free(bio);
        free(m.ptr);
    }
    EVP_PKEY_free(key);
    return c ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    att_crypto_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(lines),
        cmocka_unit_test(cut),
        cmocka_unit_test(place),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
