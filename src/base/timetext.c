#include "base/timetext.h"

#include <stdio.h>

static bool leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Days since 1970-01-01, by the usual era arithmetic over 400-year cycles starting on 1 March. */
static int64_t days_of(int y, int m, int d)
{
    int64_t yy = (int64_t)y - (m <= 2);
    int64_t era = (yy >= 0 ? yy : yy - 399) / 400;
    int64_t yoe = yy - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

bool att_time_from_civil(int year, int month, int day, int hour, int minute, int second, int64_t *ret_unix_s)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (year < 1 || year > 9999 || month < 1 || month > 12)
        return false;
    int length = lengths[month - 1] + (month == 2 && leap(year));
    if (day < 1 || day > length || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59)
        return false;
    *ret_unix_s = days_of(year, month, day) * 86400 + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    return true;
}

bool att_time_read(struct att_span text, int64_t *ret_unix_s)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    int n[6] = { 0 };
    int field = 0;

    if (text.len != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (shape[i] != 'd') {
            if (c != (uint8_t)shape[i])
                return false;
            field++;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        n[field] = n[field] * 10 + (c - '0');
    }
    return att_time_from_civil(n[0], n[1], n[2], n[3], n[4], n[5], ret_unix_s);
}

const char *att_time_text(struct att_time_text *room, int64_t unix_s)
{
    int64_t days = unix_s / 86400;
    int64_t rest = unix_s % 86400;

    if (rest < 0) {
        rest += 86400;
        days -= 1;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t d = doy - (153 * mp + 2) / 5 + 1;
    int64_t m = mp < 10 ? mp + 3 : mp - 9;
    int64_t y = yoe + era * 400 + (m <= 2);
    if (y < 1 || y > 9999) {
        (void)snprintf(room->text, sizeof room->text, "out of range");
        return room->text;
    }
    (void)snprintf(room->text, sizeof room->text, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)y % 10000,
                   (unsigned)m % 100, (unsigned)d % 100, (unsigned)(rest / 3600) % 100,
                   (unsigned)(rest / 60 % 60) % 100, (unsigned)(rest % 60) % 100);
    return room->text;
}
