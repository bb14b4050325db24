/* relying_party - a service that hands out a secret to one enclave program and to nobody else.
 *
 *     relying_party [--test-hardware] SECRET ISSUER CA.pem MRENCLAVE NONCE < TOKEN
 *
 * Prints the file SECRET when TOKEN is from ISSUER (an https URL, whose certificate CA.pem vouches for) and says that the
 * program is MRENCLAVE (hex), is no debug build, and answers NONCE. Else it names the claim that failed. A real service
 * keeps the object for years, makes the nonces itself, and lets each count once. Exit status 0 yes, 1 no, 2 usage,
 * 3 could not tell. */
#include <attest/relying_party.h>

#include "files.h"

#include <curl/curl.h>
#include <time.h>

enum { BODY_BYTES_MAX = 256 * 1024, TOKEN_BYTES_MAX = 1 << 20 };

struct body {
    struct att_arena *arena;
    char *bytes;
    size_t len;
};

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
    struct body *body = ctx;

    (void)size; /* 1 */
    if (!body->bytes)
        body->bytes = att_arena_alloc(body->arena, BODY_BYTES_MAX, 1);
    if (!body->bytes || count > BODY_BYTES_MAX - body->len)
        return 0; /* which ends the transfer */
    memcpy(body->bytes + body->len, bytes, count);
    body->len += count;
    return count;
}

/* What an answer says about how long it may be kept; -1: nothing. */
static int64_t max_age_of(CURL *curl)
{
    struct curl_header *header = NULL;

    if (curl_easy_header(curl, "Cache-Control", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return -1;
    if (strstr(header->value, "no-store") || strstr(header->value, "no-cache"))
        return 0;
    const char *age = strstr(header->value, "max-age=");
    return age ? strtol(age + strlen("max-age="), NULL, 10) : -1;
}

/* The duties of a fetch callback: https, a checked certificate, no redirect, bounded time and size. */
static bool https_get(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret_body,
                      int64_t *ret_max_age_s, struct att_err *err)
{
    struct body body = { .arena = arena };
    CURL *curl = curl_easy_init();
    long status = 0;

    (void)err; /* left alone: IO_FAILED */
    if (!curl)
        return false;
    bool good = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_CAINFO, (const char *)ctx) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body) == CURLE_OK &&
                curl_easy_perform(curl) == CURLE_OK &&
                curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status == 200;
    if (good) {
        *ret_body = att_span_of(body.bytes, body.len);
        *ret_max_age_s = max_age_of(curl);
    }
    curl_easy_cleanup(curl);
    return good;
}

static struct att_relying_party *party_new(const char *issuer_url, char *ca, const char *mrenclave,
                                           bool test_hardware, struct att_err *err)
{
    const struct att_required_claim wanted[] = {
        { .path = "x-ms-attestation-type", .kind = ATT_REQUIRE_EQUAL, .value = "sgx" },
        { .path = "x-ms-sgx-mrenclave", .kind = ATT_REQUIRE_EQUAL, .value = mrenclave },
        { .path = "x-ms-sgx-is-debuggable", .kind = ATT_REQUIRE_BOOLEAN, .boolean = false },
    };
    const struct att_relying_issuer issuer = { .issuer = issuer_url };
    const struct att_relying_options options = {
        .size = sizeof options,
        .issuers = &issuer,
        .issuers_count = 1,
        .fetch = https_get,
        .fetch_ctx = ca,
        .skew_s = 30,
        .claims = wanted,
        .claims_count = sizeof wanted / sizeof wanted[0],
        .allow_unsafe = test_hardware,
    };
    struct att_relying_party *party = NULL;

    return att_relying_party_new(&options, &party, err) ? party : NULL;
}

/* No verdict on the token: the issuer, or this program. */
static bool undecided(enum att_code code)
{
    return att_code_class(code) != ATT_CLASS_TOKEN || code == ATT_TOKEN_KEYS_INVALID;
}

int main(int argc, char **argv)
{
    bool test_hardware = argc > 1 && strcmp(argv[1], "--test-hardware") == 0;
    char **arguments = argv + 1 + test_hardware;
    static char text[TOKEN_BYTES_MAX];
    struct att_err err = { .code = ATT_OK };
    struct att_token token;

    if (argc - 1 - test_hardware != 5) {
        (void)fprintf(
            stderr, "usage: relying_party [--test-hardware] SECRET ISSUER CA.pem MRENCLAVE NONCE < TOKEN\n");
        return EXIT_USAGE;
    }
    size_t len = fread(text, 1, sizeof text, stdin);
    while (len > 0 && text[len - 1] == '\n') /* the library takes a token byte for byte */
        len--;

    struct att_arena *arena = att_arena_new(4 << 20);
    struct att_relying_party *party =
        party_new(arguments[1], arguments[2], arguments[3], test_hardware, &err);
    const struct att_relying_check check = { .size = sizeof check,
                                             .now_unix_s = time(NULL),
                                             .nonce = arguments[4] };
    bool good =
        arena && party && att_relying_party_check(party, arena, att_span_of(text, len), &check, &token, &err);

    if (good) {
        struct att_span secret = file_read(arguments[0]); /* not touched before */
        (void)fwrite(secret.ptr, 1, secret.len, stdout);
        file_free(secret);
    } else {
        (void)fprintf(stderr, "%s: %s at %s: %s\n", undecided(err.code) ? "could not tell" : "no",
                      att_code_name(err.code), err.where, err.text);
    }
    att_relying_party_free(party);
    att_arena_free(arena);
    return good ? EXIT_SUCCESS : undecided(err.code) ? EXIT_TROUBLE : EXIT_NO;
}
