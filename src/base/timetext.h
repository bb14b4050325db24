/* base/timetext.h - YYYY-MM-DDThh:mm:ssZ to and from seconds since 1970-01-01 UTC. No locale, no zone, no
 * clock. Years 0001 to 9999; a leap second (":60") is refused. */
#ifndef BASE_TIMETEXT_H
#define BASE_TIMETEXT_H

#include <attest/error.h>

ATT_CHECK bool att_time_read(struct att_span text, int64_t *ret_unix_s);
/* Civil date to seconds; false when a field is out of range. */
ATT_CHECK bool att_time_from_civil(int year, int month, int day, int hour, int minute, int second,
                                   int64_t *ret_unix_s);
struct att_time_text {
    char text[24];
};
/* Returns room->text: the time, or "out of range" outside the years 0001 to 9999. */
const char *att_time_text(struct att_time_text *room, int64_t unix_s);

#endif
