/* layers: base */
/* Time text against the C library's calendar (timegm, gmtime_r), day by day, and every malformed kind. */
#include "base/timetext.h"
#include "support/cases.h"

#include <stdio.h>
#include <time.h>

static struct cases run = { .name = "unit.base.timetext" };

static const struct {
    const char *text;
    bool ok;
    int64_t want;
} rows[] = {
    { "1970-01-01T00:00:00Z", true, 0 },
    { "1969-12-31T23:59:59Z", true, -1 },
    { "2038-01-19T03:14:08Z", true, INT64_C(2147483648) },
    { "2000-02-29T12:00:00Z", true, 951825600 },
    { "2024-02-29T00:00:00Z", true, 1709164800 },
    { "0001-01-01T00:00:00Z", true, INT64_C(-62135596800) },
    { "9999-12-31T23:59:59Z", true, INT64_C(253402300799) },
    { "0000-12-31T23:59:59Z", false, 0 },
    { "1900-02-29T00:00:00Z", false, 0 },
    { "2023-02-29T00:00:00Z", false, 0 },
    { "2100-02-29T00:00:00Z", false, 0 },
    { "2024-02-30T00:00:00Z", false, 0 },
    { "2024-04-31T00:00:00Z", false, 0 },
    { "2024-00-01T00:00:00Z", false, 0 },
    { "2024-13-01T00:00:00Z", false, 0 },
    { "2024-01-00T00:00:00Z", false, 0 },
    { "2024-01-32T00:00:00Z", false, 0 },
    { "2024-01-01T24:00:00Z", false, 0 },
    { "2024-01-01T00:60:00Z", false, 0 },
    { "2016-12-31T23:59:60Z", false, 0 },
    { "2024-01-01T00:00:00z", false, 0 },
    { "2024-01-01t00:00:00Z", false, 0 },
    { "2024-01-01 00:00:00Z", false, 0 },
    { "2024-01-01T00:00:00", false, 0 },
    { "2024-01-01T00:00:00ZZ", false, 0 },
    { "2024-01-01T00:00:00.0Z", false, 0 },
    { "2024-01-01T00:00:00+00:00", false, 0 },
    { "2024-01-01T00:00:0+Z", false, 0 },
    { " 024-01-01T00:00:00Z", false, 0 },
    { "-024-01-01T00:00:00Z", false, 0 },
    { "+024-01-01T00:00:00Z", false, 0 },
    { "20240-01-1T00:00:00Z", false, 0 },
    { "2024/01/01T00:00:00Z", false, 0 },
    { "2024-01-01T00-00-00Z", false, 0 },
    { "20240101T000000Z", false, 0 },
    { "", false, 0 },
};

static void check_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got = 4711;
        bool ok = att_time_read(att_str(rows[i].text), &got);
        cases_check(&run, ok == rows[i].ok && got == (ok ? rows[i].want : 4711), "'%s': %d %lld",
                    rows[i].text, ok, (long long)got);
    }
}

/* Each day of years 0001 to 9999, at a time that moves through the day. */
static void check_all_days(void)
{
    unsigned wrong = 0;
    int64_t days = 0;

    for (int64_t day = -719162; day <= 2932896; day++, days++) {
        int64_t t = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
        time_t libc = (time_t)t;
        struct tm tm;
        char want[80];
        struct att_time_text room;
        int64_t back = 0;
        if (!gmtime_r(&libc, &tm)) {
            wrong++;
            continue;
        }
        (void)snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        wrong += strcmp(att_time_text(&room, t), want) != 0;
        wrong += !att_time_read(att_str(want), &back) || back != t || timegm(&tm) != back;
    }
    cases_check(&run, wrong == 0 && days == 3652059, "%lld days: %u wrong", (long long)days, wrong);
}

static void check_changes(void)
{
    static const char good[] = "2023-11-28T17:48:59Z";
    unsigned wrong = 0;

    /* Any byte in any place: taken only when the text then is a time that is written like this. */
    for (size_t at = 0; at < sizeof good - 1; at++) {
        for (unsigned c = 0; c < 256; c++) {
            char text[sizeof good];
            struct att_time_text room;
            int64_t t = 0;
            memcpy(text, good, sizeof good);
            text[at] = (char)c;
            if (att_time_read(att_span_of(text, sizeof good - 1), &t))
                wrong += strcmp(att_time_text(&room, t), text) != 0;
            else
                wrong += text[at] == good[at];
        }
    }
    for (size_t len = 0; len < sizeof good - 1; len++) {
        int64_t t = 0;
        wrong += att_time_read(att_span_of(good, len), &t);
    }
    cases_check(&run, wrong == 0, "changed and cut: %u wrong", wrong);
}

static void check_out_of_range(void)
{
    static const int64_t times[] = { INT64_C(-62135596801), INT64_C(253402300800), INT64_MIN, INT64_MAX,
                                     INT64_MIN + 1 };
    struct att_time_text room;

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        cases_check(&run, !strcmp(att_time_text(&room, times[i]), "out of range"), "%lld: %s",
                    (long long)times[i], room.text);
    static const int bad[][6] = {
        { 0, 1, 1, 0, 0, 0 },     { 10000, 1, 1, 0, 0, 0 }, { 2024, 0, 1, 0, 0, 0 },
        { 2024, -1, 1, 0, 0, 0 }, { 2024, 13, 1, 0, 0, 0 }, { 2024, 1, -1, 0, 0, 0 },
        { 2024, 1, 1, -1, 0, 0 }, { 2024, 1, 1, 0, -1, 0 }, { 2024, 1, 1, 0, 0, -1 },
        { -5, 1, 1, 0, 0, 0 },    { 2024, 1, 1, 24, 0, 0 }, { 2024, 1, 1, 0, 60, 0 },
        { 2024, 1, 1, 0, 0, 60 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t got = 4711;
        const int *b = bad[i];
        cases_check(&run, !att_time_from_civil(b[0], b[1], b[2], b[3], b[4], b[5], &got) && got == 4711,
                    "civil row %zu", i);
    }
}

int main(void)
{
    check_rows();
    check_all_days();
    check_changes();
    check_out_of_range();
    return cases_report(&run);
}
