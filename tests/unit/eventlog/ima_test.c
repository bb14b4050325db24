/* layers: eventlog crypto base */
/* Linux' lists: templates, violations, template digests that are wrong, every length but the right one; the text that says the same. */
#include "build.h"

static struct cases run = { .name = "eventlog.ima" };

enum { RECORD_HEAD = 28 };

/* Fields: a length, then what it counts. */
#define NG_DATA  "=40 'sha256:' .0 c3x32 =6 '/file' .0 "
#define NG2_DATA "=44 'ima:sha256:' .0 c3x32 =6 '/file' .0 "
#define ZERO     "00x20"

/* A record: the digest is made of `hashed` unless one is given. */
static void put_record(struct att_buf *b, uint32_t pcr, const char *digest, const char *name,
                       const char *data, const char *hashed, bool length)
{
    struct att_buf bytes = { 0 };
    uint8_t made[LOG_DIGEST_BYTES_MAX] = { 0 };

    att_buf_u32le(b, pcr);
    if (!att_digest(env.crypto, ATT_SHA1, build(&bytes, hashed ? hashed : data), made))
        exit(1);
    if (digest)
        build(b, digest);
    else
        att_buf_put(b, att_span_of(made, 20));
    att_buf_u32le(b, (uint32_t)strlen(name));
    att_buf_puts(b, name);
    att_buf_clear(&bytes);
    build(&bytes, data);
    if (length)
        att_buf_u32le(b, (uint32_t)bytes.len);
    att_buf_put(b, att_buf_span(&bytes));
    att_buf_free(&bytes);
}

static const struct {
    const char *what;
    uint32_t pcr;
    const char *digest, *name, *data, *hashed;
    enum att_code want;
    const char *expected;
} rows[] = {
    { "ima-ng", 10, NULL, "ima-ng", NG_DATA, NULL, ATT_OK, "" },
    { "ima-sig", 10, NULL, "ima-sig", NG_DATA "=3 030201", NULL, ATT_OK, "" },
    { "ima-sig without signature", 10, NULL, "ima-sig", NG_DATA "=0", NULL, ATT_OK, "" },
    { "ima-buf", 10, NULL, "ima-buf", NG_DATA "=4 'text'", NULL, ATT_OK, "" },
    { "ima-modsig", 10, NULL, "ima-modsig", NG_DATA "=0 =40 'sha256:' .0 c3x32 =2 3082", NULL, ATT_OK, "" },
    { "ima-ngv2", 10, NULL, "ima-ngv2", NG2_DATA, NULL, ATT_OK, "" },
    { "ima-sigv2", 10, NULL, "ima-sigv2", NG2_DATA "=0", NULL, ATT_OK, "" },
    { "a template of its own", 10, NULL, "d-ng|n-ng|x", "'anything_at_all'", NULL, ATT_OK, "" },
    { "a template of its own, no data", 10, NULL, "other", "", NULL, ATT_OK, "" },
    { "ima", 10, NULL, "ima", "d1x20 =5 '/file'", "d1x20 '/file' 00x251", ATT_OK, "" },
    { "ima, no name", 10, NULL, "ima", "d1x20 =0", "d1x20 00x256", ATT_OK, "" },
    { "ima, longest name", 10, NULL, "ima", "d1x20 =255 61x255", "d1x20 61x255 .0", ATT_OK, "" },
    { "another register", 23, NULL, "ima-ng", NG_DATA, NULL, ATT_OK, "" },
    { "violation", 10, ZERO, "ima-ng", NG_DATA, NULL, ATT_OK, "" },
    { "violation, ima", 10, ZERO, "ima", "d1x20 =5 '/file'", NULL, ATT_OK, "" },
    { "register 24", 24, NULL, "ima-ng", NG_DATA, NULL, ATT_EVENT_LOG_MALFORMED, "below 24" },
    { "register 42", 42, NULL, "ima-ng", NG_DATA, NULL, ATT_EVENT_LOG_MALFORMED, "below 24" },
    { "register -1", UINT32_MAX, NULL, "ima-ng", NG_DATA, NULL, ATT_EVENT_LOG_MALFORMED, "below 24" },
    { "no template", 10, NULL, "", NG_DATA, NULL, ATT_EVENT_LOG_MALFORMED, "a name of a template" },
    { "one field", 10, NULL, "ima-ng", "=40 'sha256:' .0 c3x32", NULL, ATT_EVENT_LOG_MALFORMED,
      "the fields" },
    { "three fields", 10, NULL, "ima-ng", NG_DATA "=0", NULL, ATT_EVENT_LOG_MALFORMED, "the fields" },
    { "ima-sig with two", 10, NULL, "ima-sig", NG_DATA, NULL, ATT_EVENT_LOG_MALFORMED, "the fields" },
    { "ima-modsig with four", 10, NULL, "ima-modsig", NG_DATA "=0 =0", NULL, ATT_EVENT_LOG_MALFORMED,
      "the fields" },
    { "a field too long", 10, NULL, "ima-ng", "=40 'sha256:' .0 c3x32 =7 '/file' .0", NULL,
      ATT_EVENT_LOG_MALFORMED, "the fields" },
    { "a field too short", 10, NULL, "ima-ng", "=40 'sha256:' .0 c3x32 =5 '/file' .0", NULL,
      ATT_EVENT_LOG_MALFORMED, "the fields" },
    { "a field of 4 GB", 10, NULL, "ima-ng", "=40 'sha256:' .0 c3x32 =0xffffffff '/file' .0", NULL,
      ATT_EVENT_LOG_MALFORMED, "the fields" },
    { "ima-ng without data", 10, NULL, "ima-ng", "", NULL, ATT_EVENT_LOG_MALFORMED, "the fields" },
    { "ima, name too long", 10, NULL, "ima", "d1x20 =256 61x256", "d1x20 61x256", ATT_EVENT_LOG_MALFORMED,
      "255 bytes at most" },
    { "ima, name with NUL", 10, NULL, "ima", "d1x20 =6 '/file' .0", "d1x20 '/file' 00x251",
      ATT_EVENT_LOG_MALFORMED, "without NUL" },
    { "ima, digest without zeros behind the name", 10, NULL, "ima", "d1x20 =5 '/file'", "d1x20 '/file'",
      ATT_IMA_LOG_MISMATCH, "" },
    { "ima, digest of the data as they stand", 10, NULL, "ima", "d1x20 =5 '/file'", NULL,
      ATT_IMA_LOG_MISMATCH, "" },
    { "another digest", 10, "aax20", "ima-ng", NG_DATA, NULL, ATT_IMA_LOG_MISMATCH, "" },
    { "another digest, template of its own", 10, "aax20", "other", NG_DATA, NULL, ATT_IMA_LOG_MISMATCH, "" },
    { "digest of other data", 10, NULL, "ima-ng", NG_DATA, "=40 'sha256:' .0 c3x32 =6 '/firm' .0",
      ATT_IMA_LOG_MISMATCH, "" },
    { "almost a violation", 10, "00x19 .1", "ima-ng", NG_DATA, NULL, ATT_IMA_LOG_MISMATCH, "" },
    { "violation with broken fields", 10, ZERO, "ima-ng", "=40 'sha256:' .0", NULL, ATT_EVENT_LOG_MALFORMED,
      "the fields" },
};

static void check_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_buf b = { 0 };
        struct log_events set = { 0 };
        struct att_err err;
        att_arena_reset(arena);
        put_record(&b, 10, NULL, "ima-ng", NG_DATA, NULL, true);
        put_record(&b, rows[i].pcr, rows[i].digest, rows[i].name, rows[i].data, rows[i].hashed,
                   strcmp(rows[i].name, "ima") != 0);
        bool ok = append(LOG_IMA, att_buf_span(&b), &set, &err);
        cases_check(&run, err.code == rows[i].want && ok == (err.code == ATT_OK), "%s: %s", rows[i].what,
                    err.text);
        cases_check(
            &run, ok || (strstr(err.expected, rows[i].expected) && strcmp(err.where, "log.records[1]") == 0),
            "%s: expected '%s' at %s", rows[i].what, err.expected, err.where);
        const struct log_event *e = ok ? &set.items[1] : NULL;
        cases_check(&run,
                    !e || (set.count == 2 && set.has_ima && !set.has_tcg && e->ima && e->extends &&
                           e->type == 0 && e->seq == 1 && e->pcr == rows[i].pcr &&
                           att_span_is(e->template_name, rows[i].name) &&
                           e->ima_violation == (rows[i].digest != NULL) && inside(att_buf_span(&b), e->body)),
                    "%s: its event", rows[i].what);
        att_buf_free(&b);
    }
}

/* Lengths that no record above has. */
static void check_lengths(void)
{
    static const struct {
        const char *what, *list;
        enum att_code want;
    } lists[] = {
        { "no record", "", ATT_OK },
        { "a byte", ".10", ATT_EVENT_LOG_MALFORMED },
        { "zeros", "00x64", ATT_EVENT_LOG_MALFORMED },
        { "ones", "ffx64", ATT_EVENT_LOG_MALFORMED },
        { "template of 255 bytes", "=10 00x20 =255 61x255 =0", ATT_OK },
        { "template of 256 bytes", "=10 00x20 =256 61x256 =0", ATT_EVENT_LOG_MALFORMED },
        { "template of 4 GB", "=10 00x20 =0xffffffff 'ima-ng' =0", ATT_EVENT_LOG_MALFORMED },
        { "data longer than the list", "=10 00x20 =5 'other' =5 'data'", ATT_EVENT_LOG_MALFORMED },
        { "data of 4 GB", "=10 00x20 =5 'other' =0xffffffff 'data'", ATT_EVENT_LOG_MALFORMED },
        { "data shorter than the list", "=10 00x20 =5 'other' =3 'data'", ATT_EVENT_LOG_MALFORMED },
        { "ima, name longer than the list", "=10 00x20 =3 'ima' d1x20 =5 'data'", ATT_EVENT_LOG_MALFORMED },
        { "ima, name of 4 GB", "=10 00x20 =3 'ima' d1x20 =0xffffffff 'data'", ATT_EVENT_LOG_MALFORMED },
        { "ima, digest cut", "=10 00x20 =3 'ima' d1x19", ATT_EVENT_LOG_MALFORMED },
        { "big-endian", "0000000a 00x20 00000005 'other' 00000004 'data'", ATT_EVENT_LOG_MALFORMED },
        { "a TCG log", HEADER EVENT("1", "1", "aa", "bb", "=4 'data'"), ATT_EVENT_LOG_MALFORMED },
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct att_buf b = { 0 };
        struct log_events set = { 0 };
        struct att_err err;
        att_arena_reset(arena);
        bool ok = append(LOG_IMA, build(&b, lists[i].list), &set, &err);
        cases_check(&run, err.code == lists[i].want && ok == (err.code == ATT_OK), "%s: %s", lists[i].what,
                    err.text);
        att_buf_free(&b);
    }
}

static void put_whole(struct att_buf *b)
{
    put_record(b, 10, NULL, "ima-ng", NG_DATA, NULL, true);
    put_record(b, 10, ZERO, "ima-ng", NG_DATA, NULL, true);
    put_record(b, 10, NULL, "ima", "d1x20 =5 '/file'", "d1x20 '/file' 00x251", false);
    put_record(b, 10, NULL, "ima-buf", NG_DATA "=4 'text'", NULL, true);
}

static void check_truncations(void)
{
    struct att_buf b = { 0 };
    struct log_events whole = { 0 };
    struct att_err err;

    put_whole(&b);
    att_arena_reset(arena);
    bool read = append(LOG_IMA, att_buf_span(&b), &whole, &err) && whole.count == 4;
    cases_check(&run, read, "a list: %s", err.text);
    for (size_t len = 0; read && len < b.len; len++) {
        struct log_events set = { 0 };
        uint8_t *copy = malloc(len ? len : 1);
        bool ends = len == 0;
        memcpy(copy, b.ptr, len);
        for (size_t i = 0; i < whole.count; i++)
            ends = ends || whole.items[i].body.ptr + whole.items[i].body.len == b.ptr + len;
        bool ok = append(LOG_IMA, att_span_of(copy, len), &set, &err);
        cases_check(&run, ok == ends && (ok || err.code == ATT_EVENT_LOG_MALFORMED),
                    "E-o: %zu bytes of %zu: %s", len, b.len, err.text);
        free(copy);
    }
    att_buf_free(&b);
}

/* A bit that is wrong is seen while reading or leads to another register, wherever it stands - but for two places, which nothing
 * proves: the name of a template, and what a violation says of itself. */
static void check_flips(void)
{
    struct att_buf b = { 0 };
    struct log_events whole = { 0 };
    struct log_registers r;
    struct att_err err;
    unsigned seen = 0, unseen = 0;

    put_whole(&b);
    att_arena_reset(arena);
    bool read = append(LOG_IMA, att_buf_span(&b), &whole, &err) &&
                log_replay(&env, &whole, ATT_SHA256, 0xffffff, false, &r, &err);
    struct log_quoted quoted = { .bank = ATT_SHA256, .pcrs = 0xffffff, .value = r.value };
    struct att_arena *kept = arena;
    arena = att_arena_new((size_t)1 << 20);
    env.arena = arena;
    for (size_t bit = 0; read && bit < 8 * b.len; bit++) {
        struct log_events set = { 0 };
        const uint8_t *at = b.ptr + bit / 8;
        bool unproven = false;
        for (size_t i = 0; i < whole.count; i++)
            unproven = unproven || inside(whole.items[i].template_name, att_span_of(at, 1)) ||
                       (whole.items[i].ima_violation && inside(whole.items[i].body, att_span_of(at, 1)));
        b.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        att_arena_reset(arena);
        bool ok = append(LOG_IMA, att_buf_span(&b), &set, &err) &&
                  log_matches(&env, &set, &quoted, 0xffffff, false, "tpm", &err);
        cases_check(&run, !ok || unproven, "bit %zu of byte %zu changes nothing", bit % 8, bit / 8);
        cases_check(&run,
                    ok || err.code == ATT_EVENT_LOG_MALFORMED || err.code == ATT_IMA_LOG_MISMATCH ||
                        err.code == ATT_EVENT_LOG_REPLAY_MISMATCH,
                    "bit %zu of byte %zu: %s", bit % 8, bit / 8, err.text);
        b.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        seen += !ok;
        unseen += ok;
    }
    cases_check(&run, seen > 1500 && unseen > 0, "%u bits seen, %u not", seen, unseen);
    att_arena_free(arena);
    arena = kept;
    env.arena = arena;
    att_buf_free(&b);
}

/* -- text ------------------------------------------------------------------------------------------------- */

#define HEX32 "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"
#define HEX20 "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"

/* The digest stands for itself: %s is that of the data above. */
static const struct {
    const char *what, *name, *data, *hashed, *line;
    enum att_code want;
} texts[] = {
    { "ima-ng", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:" HEX32 " /file\n", ATT_OK },
    { "no line feed at the end", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:" HEX32 " /file", ATT_OK },
    { "ima", "ima", "d1x20 =5 '/file'", "d1x20 '/file' 00x251", "10 %s ima " HEX20 " /file\n", ATT_OK },
    { "ima-sig", "ima-sig", NG_DATA "=3 030201", NULL, "10 %s ima-sig sha256:" HEX32 " /file 030201\n",
      ATT_OK },
    { "ima-sig, none", "ima-sig", NG_DATA "=0", NULL, "10 %s ima-sig sha256:" HEX32 " /file \n", ATT_OK },
    { "ima-sig, none, space cut", "ima-sig", NG_DATA "=0", NULL, "10 %s ima-sig sha256:" HEX32 " /file\n",
      ATT_OK },
    { "ima-buf", "ima-buf", NG_DATA "=4 'text'", NULL, "10 %s ima-buf sha256:" HEX32 " /file 74657874\n",
      ATT_OK },
    { "ima-modsig", "ima-modsig", NG_DATA "=0 =40 'sha256:' .0 c3x32 =2 3082", NULL,
      "10 %s ima-modsig sha256:" HEX32 " /file  sha256:" HEX32 " 3082\n", ATT_OK },
    { "ima-modsig, empty", "ima-modsig", NG_DATA "=0 =0 =0", NULL,
      "10 %s ima-modsig sha256:" HEX32 " /file   \n", ATT_OK },
    { "ima-ngv2", "ima-ngv2", NG2_DATA, NULL, "10 %s ima-ngv2 ima:sha256:" HEX32 " /file\n", ATT_OK },
    { "another name", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:" HEX32 " /firm\n",
      ATT_IMA_LOG_MISMATCH },
    { "another algorithm", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha512:" HEX32 " /file\n",
      ATT_IMA_LOG_MISMATCH },
    { "shorter digest", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:c3c3 /file\n", ATT_IMA_LOG_MISMATCH },
    { "another template", "ima-ng", NG_DATA, NULL, "10 %s ima-sig sha256:" HEX32 " /file\n",
      ATT_IMA_LOG_MISMATCH },
    { "no algorithm", "ima-ng", NG_DATA, NULL, "10 %s ima-ng " HEX32 " /file\n", ATT_EVENT_LOG_MALFORMED },
    { "no name", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:" HEX32 "\n", ATT_EVENT_LOG_MALFORMED },
    { "a field more", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:" HEX32 " /file more\n",
      ATT_EVENT_LOG_MALFORMED },
    { "half a digit", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:" HEX32 "c /file\n",
      ATT_EVENT_LOG_MALFORMED },
    { "no digit", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:zz /file\n", ATT_EVENT_LOG_MALFORMED },
    { "a template nobody knows", "ima-ng", NG_DATA, NULL, "10 %s other sha256:" HEX32 " /file\n",
      ATT_EVENT_LOG_MALFORMED },
    { "ima, digest too short", "ima", "d1x20 =5 '/file'", NULL, "10 %s ima d1d1 /file\n",
      ATT_EVENT_LOG_MALFORMED },
    { "register 24", "ima-ng", NG_DATA, NULL, "24 %s ima-ng sha256:" HEX32 " /file\n",
      ATT_EVENT_LOG_MALFORMED },
    { "register 100", "ima-ng", NG_DATA, NULL, "100 %s ima-ng sha256:" HEX32 " /file\n",
      ATT_EVENT_LOG_MALFORMED },
    { "no register", "ima-ng", NG_DATA, NULL, "%s ima-ng sha256:" HEX32 " /file\n", ATT_EVENT_LOG_MALFORMED },
    { "a register in words", "ima-ng", NG_DATA, NULL, "te %s ima-ng sha256:" HEX32 " /file\n",
      ATT_EVENT_LOG_MALFORMED },
    { "template digest too short", "ima-ng", NG_DATA, NULL, "10 %.38s ima-ng sha256:" HEX32 " /file\n",
      ATT_EVENT_LOG_MALFORMED },
    { "an empty line", "ima-ng", NG_DATA, NULL, "10 %s ima-ng sha256:" HEX32 " /file\n\n",
      ATT_EVENT_LOG_MALFORMED },
};

static void check_texts(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct att_buf b = { 0 }, text = { 0 };
        struct log_events binary = { 0 }, set = { 0 };
        struct att_err err;
        char hex[41];
        att_arena_reset(arena);
        put_record(&b, 10, NULL, texts[i].name, texts[i].data, texts[i].hashed,
                   strcmp(texts[i].name, "ima") != 0);
        bool read = append(LOG_IMA, att_buf_span(&b), &binary, &err);
        att_hex_text(hex, att_span_of(b.ptr + 4, 20));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        att_buf_printf(&text, texts[i].line, hex);
#pragma GCC diagnostic pop
        bool ok = append(LOG_IMA_ASCII, att_buf_span(&text), &set, &err);
        cases_check(&run, err.code == texts[i].want && ok == (err.code == ATT_OK), "text, %s: %s",
                    texts[i].what, err.text);
        cases_check(&run,
                    !ok || !read || (set.count == 1 && att_span_eq(set.items[0].body, binary.items[0].body)),
                    "text, %s: the same data", texts[i].what);
        att_buf_free(&b);
        att_buf_free(&text);
    }
}

int main(void)
{
    start();
    check_rows();
    check_lengths();
    check_truncations();
    check_flips();
    check_texts();
    stop();
    return cases_report(&run);
}
