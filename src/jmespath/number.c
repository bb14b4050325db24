#include "jmespath/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PLAIN_DIGITS_MAX = 18, /* fit an int64_t */
    EXPONENT_DIGITS_MAX = 15,
    DIGITS_KEPT = 800, /* 767 decide any double; the rest is more than half or not */
};

/* 0.D1D2D3... * 10^exponent, D1 not zero; digits may have a '.' among them. */
struct decimal {
    bool negative;
    bool huge; /* the exponent cannot be told */
    const uint8_t *digits;
    const uint8_t *end;
    int64_t exponent;
};

static bool digit(const uint8_t *at, const uint8_t *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (digit(at, end))
        at++;
    return at;
}

/* RFC 8259 6: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? Gives the parts: [whole, point) and, when there
 * is one, (point, mantissa_end), then the exponent from behind its letter. */
struct parts {
    const uint8_t *whole;
    const uint8_t *point;
    const uint8_t *mantissa_end;
    const uint8_t *exponent; /* NULL without one */
    const uint8_t *end;
};

static bool split(struct att_span text, struct parts *ret)
{
    struct parts p = { .whole = text.ptr, .end = text.ptr + text.len };

    if (text.len > 0 && *p.whole == '-')
        p.whole++;
    p.point = skip_digits(p.whole, p.end);
    if (p.point == p.whole || (*p.whole == '0' && p.point - p.whole > 1))
        return false;
    p.mantissa_end = p.point;
    if (p.point < p.end && *p.point == '.') {
        p.mantissa_end = skip_digits(p.point + 1, p.end);
        if (p.mantissa_end == p.point + 1)
            return false;
    }
    if (p.mantissa_end < p.end) {
        if (*p.mantissa_end != 'e' && *p.mantissa_end != 'E')
            return false;
        p.exponent = p.mantissa_end + 1;
        const uint8_t *digits = p.exponent;
        if (digits < p.end && (*digits == '+' || *digits == '-'))
            digits++;
        if (!digit(digits, p.end) || skip_digits(digits, p.end) != p.end)
            return false;
    }
    *ret = p;
    return true;
}

bool jmes_number_is(struct att_span text)
{
    struct parts parts;

    return text.len > 0 && split(text, &parts);
}

static int64_t exponent_of(const struct parts *p, bool *huge)
{
    const uint8_t *at = p->exponent;
    int64_t value = 0;

    if (!at)
        return 0;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    while (at < p->end && *at == '0')
        at++;
    if (p->end - at > EXPONENT_DIGITS_MAX) {
        *huge = true;
        return 0;
    }
    for (; at < p->end; at++)
        value = value * 10 + (*at - '0');
    return negative ? -value : value;
}

static struct decimal decimal_of(struct att_span text)
{
    struct parts p = { 0 };
    struct decimal d = { 0 };

    if (text.len == 0 || !split(text, &p))
        return d; /* not reached: the reader of the JSON has seen a number */
    d.negative = text.ptr[0] == '-';
    d.exponent = exponent_of(&p, &d.huge);
    d.digits = p.whole;
    d.end = p.mantissa_end;
    while (d.end > d.digits && (d.end[-1] == '0' || d.end[-1] == '.') && d.end > p.point)
        d.end--; /* zeros behind the point */
    while (d.digits < d.end && (*d.digits == '0' || *d.digits == '.'))
        d.digits++;
    if (d.digits < p.point)
        d.exponent += p.point - d.digits;
    else
        d.exponent -= d.digits - p.point - 1;
    if (d.digits == d.end)
        d = (struct decimal){ 0 }; /* zero, with whatever sign and exponent */
    return d;
}

static unsigned next_digit(const uint8_t **at, const uint8_t *end)
{
    if (*at < end && **at == '.')
        (*at)++;
    return *at < end ? (unsigned)(*(*at)++ - '0') : 0;
}

/* Of two decimals that are not zero, without their signs. */
static int order_magnitudes(const struct decimal *a, const struct decimal *b)
{
    if (a->exponent != b->exponent)
        return a->exponent < b->exponent ? -1 : 1;
    const uint8_t *at_a = a->digits;
    const uint8_t *at_b = b->digits;
    while (at_a < a->end || at_b < b->end) {
        unsigned digit_a = next_digit(&at_a, a->end);
        unsigned digit_b = next_digit(&at_b, b->end);
        if (digit_a != digit_b)
            return digit_a < digit_b ? -1 : 1;
    }
    return 0;
}

/* The common case: a few digits and nothing else. */
static bool plain_integer(struct att_span text, int64_t *ret)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    int64_t value = 0;

    if (text.len > PLAIN_DIGITS_MAX)
        return false;
    for (size_t i = negative; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *ret = negative ? -value : value;
    return true;
}

bool jmes_number_order(struct att_span a, struct att_span b, int *ret)
{
    int64_t integer_a = 0;
    int64_t integer_b = 0;

    if (plain_integer(a, &integer_a) && plain_integer(b, &integer_b)) {
        *ret = (integer_a > integer_b) - (integer_a < integer_b);
        return true;
    }
    struct decimal da = decimal_of(a);
    struct decimal db = decimal_of(b);
    if (da.huge || db.huge)
        return false;
    int sign_a = !da.digits ? 0 : da.negative ? -1 : 1;
    int sign_b = !db.digits ? 0 : db.negative ? -1 : 1;
    if (sign_a != sign_b || sign_a == 0)
        *ret = (sign_a > sign_b) - (sign_a < sign_b);
    else
        *ret = sign_a * order_magnitudes(&da, &db);
    return true;
}

bool jmes_number_read(struct att_span text, double *ret)
{
    int64_t integer = 0;
    char room[DIGITS_KEPT + 32];
    size_t n = 0;

    if (plain_integer(text, &integer)) {
        *ret = (double)integer;
        return true;
    }
    struct decimal d = decimal_of(text);
    if (d.huge)
        return false;
    if (!d.digits) {
        *ret = 0;
        return true;
    }
    /* Written again as digits and an exponent, without a point: strtod asks the locale for that one only. */
    if (d.negative)
        room[n++] = '-';
    size_t kept = 0;
    const uint8_t *at = d.digits;
    while (at < d.end && kept < DIGITS_KEPT) {
        room[n++] = (char)('0' + next_digit(&at, d.end));
        kept++;
    }
    if (at < d.end) {
        room[n++] = '1'; /* what was cut off: more than nothing, it ends in a digit that is not zero */
        kept++;
    }
    (void)snprintf(room + n, sizeof room - n, "e%lld", (long long)d.exponent - (long long)kept);
    double value = strtod(room, NULL);
    if (!isfinite(value))
        return false;
    *ret = value;
    return true;
}

struct att_span jmes_number_write(struct jmes_number_text *room, double value)
{
    const double exact_below = 9007199254740992.0; /* 2^53 */

    if (value > -exact_below && value < exact_below && (double)(int64_t)value == value) {
        (void)snprintf(room->text, sizeof room->text, "%lld", (long long)value);
        return att_str(room->text);
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(room->text, sizeof room->text, "%.*g", digits, value);
        if (strtod(room->text, NULL) == value)
            break;
    }
    /* Whatever stands between the digits is the locale's point, one byte or several. */
    size_t n = 0;
    for (const char *c = room->text; *c; c++) {
        bool ours = (*c >= '0' && *c <= '9') || *c == 'e' || *c == '-' || *c == '+';
        if (ours || (n > 0 && room->text[n - 1] != '.'))
            room->text[n++] = ours ? *c : '.';
    }
    room->text[n] = '\0';
    return att_str(room->text);
}
