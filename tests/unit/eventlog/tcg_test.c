/* layers: eventlog crypto base */
/* Logs of firmware, put together here record by record: every rule broken alone, every length but the right one. */
#include "build.h"

static struct cases run = { .name = "eventlog.tcg" };

enum { SHA1 = 1 << ATT_SHA1, SHA256 = 1 << ATT_SHA256, SHA384 = 1 << ATT_SHA384, SHA512 = 1 << ATT_SHA512 };

static const struct {
    const char *name, *log;
    enum att_code want;
    size_t events;
    unsigned banks;
    const char *expected; /* a part of err.expected */
    uint8_t locality;
} rows[] = {
    /* crypto agile */
    { "header alone", HEADER, ATT_OK, 1, SHA1 | SHA256, "", 0 },
    { "one event", HEADER EVENT("1", "1", "aa", "bb", "=4 'data'"), ATT_OK, 2, SHA1 | SHA256, "", 0 },
    { "event without body", HEADER EVENT("1", "1", "aa", "bb", "=0"), ATT_OK, 2, SHA1 | SHA256, "", 0 },
    { "vendorInfo", HEADER_OF("39", "=2 :4 :20 :11 :32 .2 7777 "), ATT_OK, 1, SHA1 | SHA256, "", 0 },
    { "all banks", HEADER_OF("45", "=4 :13 :64 :12 :48 :11 :32 :4 :20 .0"), ATT_OK, 1,
      SHA1 | SHA256 | SHA384 | SHA512, "", 0 },
    { "an algorithm nobody knows",
      HEADER_OF("41", "=3 :4 :20 :0x12 :32 :11 :32 .0 ") "=1 =1 =3 :0x12 99x32 :11 bbx32 :4 aax20 =1 .9",
      ATT_OK, 2, SHA1 | SHA256, "", 0 },
    { "only one that nobody knows", HEADER_OF("33", "=1 :0x27 :32 .0 ") "=1 =1 =1 :0x27 99x32 =0", ATT_OK, 2,
      0, "", 0 },
    { "E-p: an event without its SHA-256", HEADER "=1 =1 =1 :4 aax20 =0", ATT_OK, 2, SHA1, "", 0 },
    { "an event that extends nothing may lack it", HEADER "=1 =3 =1 :4 aax20 =0", ATT_OK, 2, SHA1 | SHA256,
      "", 0 },
    { "E-o: no log", "", ATT_EVENT_LOG_MALFORMED, 0, 0, "a first record", 0 },
    { "E-o: zeros only", "00x64", ATT_EVENT_LOG_MALFORMED, 0, 0, "a first record", 0 },
    { "E-o: ones only", "ffx64", ATT_EVENT_LOG_MALFORMED, 0, 0, "a first record", 0 },
    { "E-o: shorter than a record", "=0 =3 =1", ATT_EVENT_LOG_MALFORMED, 0, 0, "32 bytes", 0 },
    { "E-o: event longer than the log", "=0 =3 00x20 =37 " SPEC3, ATT_EVENT_LOG_MALFORMED, 0, 0,
      "within the log", 0 },
    { "E-o: header ends before its algorithms", HEADER_OF("36", "=2 :4 :20 :11 :32 .0 "),
      ATT_EVENT_LOG_MALFORMED, 0, 0, "vendorInfo", 0 },
    { "E-o: header ends before its count", "=0 =3 00x20 =24 " SPEC3 "=2 :4 :20 :11 :32 .0 ",
      ATT_EVENT_LOG_MALFORMED, 0, 0, "1 to 8 algorithms", 0 },
    { "header with fewer algorithms than it says", HEADER_OF("37", "=3 :4 :20 :11 :32 .0 "),
      ATT_EVENT_LOG_MALFORMED, 0, 0, "its algorithms", 0 },
    { "header with more", HEADER_OF("37", "=1 :4 :20 :11 :32 .0 "), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "vendorInfo", 0 },
    { "E-o: vendorInfo behind the header", HEADER_OF("37", "=2 :4 :20 :11 :32 .4 dead"),
      ATT_EVENT_LOG_MALFORMED, 0, 0, "vendorInfo", 0 },
    { "bytes behind vendorInfo", HEADER_OF("38", "=2 :4 :20 :11 :32 .0 .1"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "vendorInfo", 0 },
    { "no algorithm", HEADER_OF("29", "=0 .0 .1"), ATT_EVENT_LOG_MALFORMED, 0, 0, "1 to 8 algorithms", 0 },
    { "nine algorithms", HEADER_OF("65", "=9 :1 :8 :2 :8 :3 :8 :5 :8 :6 :8 :7 :8 :8 :8 :9 :8 :16 :8 .0"),
      ATT_EVENT_LOG_MALFORMED, 0, 0, "1 to 8 algorithms", 0 },
    { "more algorithms than a number holds", HEADER_OF("37", "=0x40000001 :4 :20 :11 :32 .0"),
      ATT_EVENT_LOG_MALFORMED, 0, 0, "1 to 8 algorithms", 0 },
    { "E-p: SHA-256 of 20 bytes", HEADER_OF("37", "=2 :4 :20 :11 :20 .0"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "the size of the algorithm's digests", 0 },
    { "SHA-1 of 32 bytes", HEADER_OF("37", "=2 :4 :32 :11 :32 .0"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "the size of the algorithm's digests", 0 },
    { "digests of no bytes", HEADER_OF("37", "=2 :4 :20 :18 :0 .0"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "1 to 64 bytes", 0 },
    { "digests of 65 bytes", HEADER_OF("37", "=2 :4 :20 :18 :65 .0"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "1 to 64 bytes", 0 },
    { "E-p: an algorithm twice in the header", HEADER_OF("37", "=2 :4 :20 :4 :20 .0"),
      ATT_EVENT_LOG_MALFORMED, 0, 0, "each algorithm once", 0 },
    { "a header of register 1", "=1 =3 00x20 =37 " SPEC3 "=2 :4 :20 :11 :32 .0", ATT_EVENT_LOG_MALFORMED, 0,
      0, "register 0", 0 },
    { "no digest", HEADER "=1 =1 =0 =0 .1", ATT_EVENT_LOG_MALFORMED, 0, 0, "1 to 8 digests", 0 },
    { "nine digests", HEADER "=1 =1 =9 =0 .1", ATT_EVENT_LOG_MALFORMED, 0, 0, "1 to 8 digests", 0 },
    { "digests without end", HEADER "=1 =1 =0xffffffff =0 .1", ATT_EVENT_LOG_MALFORMED, 0, 0,
      "1 to 8 digests", 0 },
    { "E-p: two digests of one bank", HEADER "=1 =1 =2 :11 aax32 :11 bbx32 =0 .1", ATT_EVENT_LOG_MALFORMED, 0,
      0, "one digest of each", 0 },
    { "E-p: three digests, one bank twice", HEADER "=1 =1 =3 :4 aax20 :11 bbx32 :4 aax20 =0 .1",
      ATT_EVENT_LOG_MALFORMED, 0, 0, "one digest of each", 0 },
    { "E-p: a bank that the header does not list", HEADER "=1 =1 =2 :4 aax20 :12 bbx48 =0 .1",
      ATT_EVENT_LOG_MALFORMED, 0, 0, "of the header", 0 },
    { "digest cut", HEADER "=1 =1 =2 :4 aax20 :11 bbx31", ATT_EVENT_LOG_MALFORMED, 0, 0, "a whole digest",
      0 },
    { "algorithm cut", HEADER "=1 =1 =2 :4 aax20 .11", ATT_EVENT_LOG_MALFORMED, 0, 0,
      "a digest of an algorithm", 0 },
    { "body longer than the log", HEADER EVENT("1", "1", "aa", "bb", "=5 'data'"), ATT_EVENT_LOG_MALFORMED, 0,
      0, "within the log", 0 },
    { "body of 4 GB", HEADER EVENT("1", "1", "aa", "bb", "=0xffffffff 'data'"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "within the log", 0 },
    { "bytes behind the last event", HEADER EVENT("1", "1", "aa", "bb", "=3 'data'"), ATT_EVENT_LOG_MALFORMED,
      0, 0, "16 bytes", 0 },
    { "register 23", HEADER EVENT("23", "1", "aa", "bb", "=0"), ATT_OK, 2, SHA1 | SHA256, "", 0 },
    { "register 24", HEADER EVENT("24", "1", "aa", "bb", "=0"), ATT_EVENT_LOG_MALFORMED, 0, 0, "below 24",
      0 },
    { "register 32", HEADER EVENT("32", "1", "aa", "bb", "=0"), ATT_EVENT_LOG_MALFORMED, 0, 0, "below 24",
      0 },
    { "register -1", HEADER EVENT("0xffffffff", "6", "aa", "bb", "=0"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "below 24", 0 },
    { "Windows' trust point, outside of the registers",
      HEADER EVENT("0xffffffff", "3", "00", "00", "=4 'data'"), ATT_OK, 2, SHA1 | SHA256, "", 0 },
    { "another header in the middle", HEADER HEADER, ATT_EVENT_LOG_MALFORMED, 0, 0, "1 to 8 digests", 0 },
    /* padding */
    { "zeros behind", HEADER EVENT("1", "1", "aa", "bb", "=0") "00x100", ATT_OK, 2, SHA1 | SHA256, "", 0 },
    { "ones behind", HEADER EVENT("1", "1", "aa", "bb", "=4 'data'") "ffx1", ATT_OK, 2, SHA1 | SHA256, "",
      0 },
    { "zeros, then ones", HEADER EVENT("1", "1", "aa", "bb", "=0") "00x40 ffx40", ATT_EVENT_LOG_MALFORMED, 0,
      0, "1 to 8", 0 },
    { "E-p: an event behind the zeros", HEADER "00x40 " EVENT("1", "1", "aa", "bb", "=0"),
      ATT_EVENT_LOG_MALFORMED, 0, 0, "1 to 8", 0 },
    /* locality */
    { "locality 3", HEADER "=0 =3 =2 :4 00x20 :11 00x32 =17 'StartupLocality' .0 .3", ATT_OK, 2,
      SHA1 | SHA256, "", 3 },
    { "locality 0", HEADER "=0 =3 =2 :4 00x20 :11 00x32 =17 'StartupLocality' .0 .0 ffx9", ATT_OK, 2,
      SHA1 | SHA256, "", 0 },
    { "locality 1", HEADER "=0 =3 =2 :4 00x20 :11 00x32 =17 'StartupLocality' .0 .1", ATT_EVENT_LOG_MALFORMED,
      0, 0, "0, 3 or 4", 0 },
    { "locality 255", HEADER "=0 =3 =2 :4 00x20 :11 00x32 =17 'StartupLocality' .0 .255 .1",
      ATT_EVENT_LOG_MALFORMED, 0, 0, "0, 3 or 4", 0 },
    { "locality missing", HEADER "=0 =3 =2 :4 00x20 :11 00x32 =16 'StartupLocality' .0 ",
      ATT_EVENT_LOG_MALFORMED, 0, 0, "17 bytes", 0 },
    { "locality of two bytes", HEADER "=0 =3 =2 :4 00x20 :11 00x32 =18 'StartupLocality' .0 .3 .7",
      ATT_EVENT_LOG_MALFORMED, 0, 0, "17 bytes", 0 },
    { "locality of register 1", HEADER "=1 =3 =2 :4 00x20 :11 00x32 =17 'StartupLocality' .0 .3", ATT_OK, 2,
      SHA1 | SHA256, "", 0 },
    { "locality in an event that is measured",
      HEADER EVENT("0", "1", "aa", "bb", "=17 'StartupLocality' .0 .3"), ATT_OK, 2, SHA1 | SHA256, "", 0 },
    { "locality twice, the same",
      HEADER "=0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .3 =0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .3",
      ATT_OK, 3, SHA1 | SHA256, "", 3 },
    { "locality twice",
      HEADER "=0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .3 =0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .4",
      ATT_EVENT_LOG_MALFORMED, 0, 0, "one StartupLocality", 0 },
    { "locality too late",
      HEADER EVENT("0", "1", "aa", "bb", "=0") "=0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .3",
      ATT_EVENT_LOG_MALFORMED, 0, 0, "one StartupLocality", 0 },
    { "measured by the host first", HEADER EVENT("0", "0x80000010", "aa", "bb", "=0"), ATT_OK, 2,
      SHA1 | SHA256, "", 4 },
    { "measured by the host, later than first",
      HEADER EVENT("0", "1", "aa", "bb", "=0") EVENT("0", "0x80000010", "aa", "bb", "=0"), ATT_OK, 3,
      SHA1 | SHA256, "", 0 },
    /* SHA-1 layout */
    { "SHA-1 log", OLD_EVENT("1", "1", "aa", "=4 'data'") OLD_EVENT("2", "1", "ab", "=0"), ATT_OK, 2, SHA1,
      "", 0 },
    { "SHA-1 log with a header",
      "=0 =3 00x20 =28 'Spec_ID_Event02' .0 =0 .0 .2 .0 .2 =0 " OLD_EVENT("2", "1", "ab", "=0"), ATT_OK, 2,
      SHA1, "", 0 },
    { "SHA-1 log with a BIOS header", "=0 =3 00x20 =16 'Spec_ID_Event00' .0 " OLD_EVENT("2", "1", "ab", "=0"),
      ATT_OK, 2, SHA1, "", 0 },
    { "E-n: signature of a header in an event that is measured",
      "=0 =4 aax20 =37 " SPEC3 "=2 :4 :20 :11 :32 .0 ", ATT_OK, 1, SHA1, "", 0 },
    { "signature without its NUL", "=0 =3 00x20 =15 'Spec_ID_Event03' ffx7", ATT_OK, 1, SHA1, "", 0 },
    { "SHA-1 log, locality", "=0 =3 00x20 =17 'StartupLocality' .0 .3", ATT_OK, 1, SHA1, "", 3 },
    { "SHA-1 log, register 24", OLD_EVENT("24", "1", "aa", "=0"), ATT_EVENT_LOG_MALFORMED, 0, 0, "below 24",
      0 },
    { "SHA-1 log, body too long", OLD_EVENT("1", "1", "aa", "=5 'data'"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "within the log", 0 },
    { "SHA-1 log, body too short", OLD_EVENT("1", "1", "aa", "=3 'data'"), ATT_EVENT_LOG_MALFORMED, 0, 0,
      "32 bytes", 0 },
    { "SHA-1 log, zeros behind", OLD_EVENT("1", "1", "aa", "=4 'data'") "00x77", ATT_OK, 1, SHA1, "", 0 },
    { "text", "'this_is_no_log_of_a_boot,_but_a_few_words'", ATT_EVENT_LOG_MALFORMED, 0, 0, "within the log",
      0 },
};

static void check_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_buf b = { 0 };
        struct log_events set = { 0 };
        struct att_err err;
        att_arena_reset(arena);
        bool ok = append(LOG_TCG, build(&b, rows[i].log), &set, &err);
        cases_check(&run, err.code == rows[i].want && ok == (err.code == ATT_OK), "%s: %s", rows[i].name,
                    err.text);
        cases_check(&run,
                    strstr(err.expected, rows[i].expected) &&
                        (ok || strncmp(err.where, "log.records[", 12) == 0),
                    "%s: expected '%s' at %s", rows[i].name, err.expected, err.where);
        cases_check(&run,
                    !ok || (set.count == rows[i].events && set.banks == rows[i].banks && set.has_tcg &&
                            !set.has_ima && set.locality == rows[i].locality && set.bytes == b.len),
                    "%s: %zu events, banks 0x%x, locality %u", rows[i].name, set.count, set.banks,
                    set.locality);
        att_buf_free(&b);
    }
}

#define WHOLE                                                                                                \
    HEADER                                                                                                   \
    "=0 =3 =2 :4 00x20 :11 00x32 =17 'StartupLocality' .0 .3 " EVENT("0", "8", "a1", "b1", "=4 'abcd'")      \
        EVENT("7", "0x80000001", "a2", "b2", "=0") EVENT("0xffffffff", "3", "00", "00", "=3 'abc'")          \
            EVENT("14", "6", "a3", "b3", "=1 'a'")

static void check_fields(void)
{
    struct att_buf b = { 0 };
    struct log_events set = { 0 };
    struct att_err err;
    struct att_span log = build(&b, WHOLE);

    att_arena_reset(arena);
    bool ok = append(LOG_TCG, log, &set, &err) && set.count == 6;
    cases_check(&run, ok, "a log: %s", err.text);
    for (size_t i = 0; ok && i < set.count; i++) {
        const struct log_event *e = &set.items[i];
        cases_check(
            &run, e->seq == i && !e->ima && !e->ima_violation && !e->template_digest && inside(log, e->body),
            "event %zu", i);
        for (int h = 0; h < ATT_HASH_COUNT; h++)
            cases_check(&run, (e->digest[h] != NULL) == (h == ATT_SHA1 || (h == ATT_SHA256 && i > 0)),
                        "event %zu, bank %d", i, h);
    }
    const struct log_event *e = ok ? &set.items[2] : NULL;
    cases_check(&run,
                e && e->pcr == 0 && e->type == 8 && e->extends && att_span_is(e->body, "abcd") &&
                    *e->digest[ATT_SHA1] == 0xa1 && *e->digest[ATT_SHA256] == 0xb1,
                "an event's fields");
    cases_check(&run,
                ok && !set.items[0].extends && !set.items[1].extends && !set.items[4].extends &&
                    set.items[4].pcr == UINT32_MAX && set.items[5].pcr == 14,
                "what is not extended");
    att_buf_free(&b);
}

/* Every log that ends too early: it is one only where a record ends, or where what is left of the next looks like padding. */
static void check_truncations(void)
{
    struct att_buf b = { 0 };
    struct log_events whole = { 0 };
    struct att_err err;
    struct att_span log = build(&b, WHOLE);

    att_arena_reset(arena);
    bool read = append(LOG_TCG, log, &whole, &err);
    size_t complete = 0, end = 0;
    for (size_t len = 0; read && len < log.len; len++) {
        struct log_events set = { 0 };
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, log.ptr, len);
        for (complete = 0, end = 0; complete < whole.count; complete++) {
            struct att_span body = whole.items[complete].body;
            size_t behind = (size_t)(body.ptr - log.ptr) + body.len;
            if (behind > len)
                break;
            end = behind;
        }
        bool padding = complete > 0;
        for (size_t i = end; i < len; i++)
            padding = padding && copy[i] == copy[end] && (copy[i] == 0 || copy[i] == 0xff);
        bool ok = append(LOG_TCG, att_span_of(copy, len), &set, &err);
        cases_check(&run,
                    ok == padding && (!ok || set.count == complete) &&
                        (ok || err.code == ATT_EVENT_LOG_MALFORMED),
                    "E-o: %zu bytes of %zu: %s", len, log.len, err.text);
        free(copy);
    }
    cases_check(&run, read && complete == whole.count - 1, "all lengths");
    att_buf_free(&b);
}

/* A bit that is wrong in a digest of the quoted bank, in the register of an event that is extended or in the locality is seen
 * in the registers, if the log can be read at all. */
static void check_flips(void)
{
    struct att_buf b = { 0 };
    struct log_events whole = { 0 };
    struct log_registers r;
    struct att_err err;
    struct att_span log = build(&b, WHOLE);
    unsigned refused = 0, other = 0, same = 0;

    att_arena_reset(arena);
    bool read =
        append(LOG_TCG, log, &whole, &err) && log_replay(&env, &whole, ATT_SHA256, 0xffffff, false, &r, &err);
    struct log_quoted quoted = { .bank = ATT_SHA256, .pcrs = 0xffffff, .value = r.value };
    cases_check(&run, read, "a log: %s", err.text);
    for (size_t bit = 0; read && bit < 8 * log.len; bit++) {
        struct log_events set = { 0 };
        const uint8_t *at = log.ptr + bit / 8;
        bool proven = at == whole.items[1].body.ptr + 16;
        for (size_t i = 1; i < whole.count; i++) {
            const struct log_event *e = &whole.items[i];
            const uint8_t *record = whole.items[i - 1].body.ptr + whole.items[i - 1].body.len;
            proven = proven ||
                     (e->extends && (inside(att_span_of(record, 4), att_span_of(at, 1)) ||
                                     inside(att_span_of(e->digest[ATT_SHA256], 32), att_span_of(at, 1))));
        }
        b.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool ok = append(LOG_TCG, log, &set, &err);
        bool equal = ok && log_matches(&env, &set, &quoted, 0xffffff, false, "tpm", &err);
        cases_check(&run, !equal || !proven, "bit %zu of byte %zu changes nothing", bit % 8, bit / 8);
        cases_check(&run,
                    equal || err.code == ATT_EVENT_LOG_MALFORMED || err.code == ATT_EVENT_LOG_REPLAY_MISMATCH,
                    "bit %zu of byte %zu: %s", bit % 8, bit / 8, err.text);
        b.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        *(!ok ? &refused : equal ? &same : &other) += 1;
    }
    cases_check(&run, refused > 500 && other > 700 && same > 500,
                "%u refused, %u other registers, %u the same", refused, other, same);
    att_buf_free(&b);
}

/* Several logs are one list; what one of them lacks, all lack. */
static void check_several(void)
{
    struct att_buf agile = { 0 }, old = { 0 }, late = { 0 };
    struct log_events set = { 0 };
    struct att_err err;

    build(&agile, HEADER EVENT("0", "1", "aa", "bb", "=0"));
    build(&old, OLD_EVENT("17", "1", "aa", "=0"));
    build(&late, HEADER "=0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .3");
    att_arena_reset(arena);
    cases_check(&run, append(LOG_TCG, att_buf_span(&agile), &set, &err) && set.banks == (SHA1 | SHA256),
                "first log");
    cases_check(&run,
                append(LOG_TCG, att_buf_span(&old), &set, &err) && set.banks == SHA1 && set.count == 3 &&
                    set.items[2].seq == 2 && set.bytes == agile.len + old.len,
                "E-p: a second log with SHA-1 only leaves only SHA-1");
    cases_check(&run, append(LOG_TCG, att_buf_span(&agile), &set, &err) && set.banks == SHA1,
                "and it stays so");
    cases_check(&run,
                !append(LOG_TCG, att_buf_span(&late), &set, &err) && err.code == ATT_EVENT_LOG_MALFORMED,
                "a second log moves the start of register 0: %s", err.text);
    att_buf_free(&agile);
    att_buf_free(&old);
    att_buf_free(&late);
}

static void check_limits(void)
{
    struct att_buf b = { 0 };
    struct log_events set = { 0 };
    struct att_err err;
    struct att_limits limits = att_limits_default;
    struct att_span log = build(&b, WHOLE);

    env.limits = &limits;
    const struct {
        const char *name;
        size_t bytes, events;
        enum att_code want;
        const char *found;
    } cuts[] = {
        { "just inside", 2 * log.len, 12, ATT_OK, "" },
        { "a byte too much", 2 * log.len - 1, 12, ATT_EVENT_LOG_LIMIT, "event_log_bytes_max" },
        { "an event too much", 2 * log.len, 11, ATT_EVENT_LOG_LIMIT, "event_log_events_max, 11" },
    };
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        limits.event_log_bytes_max = cuts[i].bytes;
        limits.event_log_events_max = cuts[i].events;
        att_arena_reset(arena);
        set = (struct log_events){ 0 };
        bool ok = append(LOG_TCG, log, &set, &err);
        cases_check(&run, ok, "%s: the first log: %s", cuts[i].name, err.text);
        ok = ok && append(LOG_TCG, log, &set, &err);
        cases_check(&run,
                    err.code == cuts[i].want && ok == (cuts[i].want == ATT_OK) &&
                        strstr(err.found, cuts[i].found),
                    "%s: %s", cuts[i].name, err.text);
    }
    env.limits = &att_limits_default;
    att_buf_free(&b);
}

/* Logs as large as they may be, made to be slow: each byte is looked at a few times, no more. */
static void check_large(void)
{
    static const struct {
        const char *name, *start, *unit, *end;
        enum att_code want;
    } large[] = {
        { "zeros and one byte", "", "00x65536", ".1", ATT_EVENT_LOG_LIMIT },
        { "zeros", "", "00x65536", "", ATT_EVENT_LOG_MALFORMED },
        { "zeros behind a header", HEADER, "00x65536", "", ATT_OK },
        { "zeros behind a header, and one byte", HEADER, "00x65536", ".1", ATT_EVENT_LOG_MALFORMED },
        { "small events", HEADER, EVENT("1", "1", "aa", "bb", "=0"), ".1", ATT_EVENT_LOG_LIMIT },
    };

    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        struct att_buf b = { 0 };
        struct log_events set = { 0 };
        struct att_err err;
        build(&b, large[i].start);
        size_t before = b.len;
        build(&b, large[i].unit);
        size_t unit = b.len - before;
        struct att_span again = { malloc(unit), unit };
        memcpy((uint8_t *)(uintptr_t)again.ptr, b.ptr + before, unit);
        while (b.len + unit + 1 <= att_limits_default.event_log_bytes_max)
            att_buf_put(&b, again);
        att_arena_reset(arena);
        bool ok = append(LOG_TCG, build(&b, large[i].end), &set, &err);
        cases_check(&run, err.code == large[i].want && ok == (err.code == ATT_OK), "12 MB, %s: %s",
                    large[i].name, err.text);
        free((uint8_t *)(uintptr_t)again.ptr);
        att_buf_free(&b);
    }
}

static void check_names(void)
{
    static const struct {
        uint32_t type;
        const char *name;
    } types[] = {
        { 0, "EV_PREBOOT_CERT" },
        { 3, "EV_NO_ACTION" },
        { 4, "EV_SEPARATOR" },
        { 0x13, "EV_POST_CODE2" },
        { 0x14, "EV_UNKNOWN_0x00000014" }, /* only records of IMA lists are called IMA_MEASUREMENT_EVENT */
        { 0x405, "EV_UNKNOWN_0x00000405" },
        { 0x4ff, "EV_TXT_CAP_VALUE" },
        { 0x8007, "EV_AMD_SL_SEPARATOR" },
        { 0x80000006, "EV_EFI_GPT_EVENT" },
        { 0x80000010, "EV_EFI_HCRTM_EVENT" },
        { 0x800000e0, "EV_EFI_VARIABLE_AUTHORITY" },
        { 0xdeadbeef, "EV_UNKNOWN_0xDEADBEEF" },
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char room[32];
        const char *name = log_event_type_name(types[i].type, room);
        cases_check(&run, strcmp(name, types[i].name) == 0, "type 0x%x is %s", types[i].type, name);
    }
}

int main(void)
{
    start();
    check_rows();
    check_fields();
    check_truncations();
    check_flips();
    check_several();
    check_limits();
    check_large();
    check_names();
    stop();
    return cases_report(&run);
}
