/* Texts of strangers, before they stand in a log that people and programs read. */
#include "codec/utf8.h"
#include "records/text.h"

#include <string.h>
#include <strings.h>

/* A JWT is a JSON object in base64url, and behind a dot another part. Its header is short; a smaller one would hold no algorithm. */
enum { TOKEN_HEADER_CHARS_MIN = 10, TOKEN_PART_CHARS_MIN = 4 };

static bool base64url(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static size_t run(const uint8_t *p, size_t len)
{
    size_t n = 0;

    while (n < len && base64url(p[n]))
        n++;
    return n;
}

/* Bytes of the token that begins here; 0: none does. "{" and the white space or quote behind it make "ey" or "ew". */
static size_t jwt_length(const uint8_t *p, size_t len)
{
    size_t n = run(p, len), parts = 1;

    if (n < TOKEN_HEADER_CHARS_MIN || p[0] != 'e' || (p[1] != 'y' && p[1] != 'w'))
        return 0;
    while (n < len && p[n] == '.') {
        size_t next = run(p + n + 1, len - n - 1);
        if (parts == 1 && next < TOKEN_PART_CHARS_MIN)
            return 0;
        n += 1 + next;
        parts++;
    }
    return parts > 1 ? n : 0;
}

/* "Bearer", white space, and whatever stands behind it up to the next white space. Not the word in a sentence of ours. */
static size_t bearer_length(const uint8_t *p, size_t len)
{
    static const char word[] = "bearer", sentence[] = "Bearer and a token";
    size_t n = sizeof word - 1;

    if (len >= sizeof sentence - 1 && memcmp(p, sentence, sizeof sentence - 1) == 0)
        return 0;

    if (len <= n || strncasecmp((const char *)p, word, n) != 0 || (p[n] != ' ' && p[n] != '+' && p[n] != '%'))
        return 0;
    while (n < len && p[n] == ' ')
        n++;
    while (n < len && p[n] > ' ' && p[n] != '"' && p[n] != ',')
        n++;
    return n;
}

/* Characters that move the cursor, end a line, or turn the direction of what stands behind them. */
static bool harmful(const uint8_t *p, size_t n)
{
    if (n == 1)
        return p[0] < 0x20 || p[0] == 0x7f;
    if (n == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    if (n != 3 || p[0] != 0xe2)
        return n == 3 && p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf;
    if (p[1] == 0x80)
        return (p[2] >= 0x8b && p[2] <= 0x8f) || (p[2] >= 0xa8 && p[2] <= 0xae);
    return p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xaf;
}

/* Most texts: nothing to look at twice. */
static bool plain(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] < 0x20 || p[i] >= 0x7f)
            return false;
        if ((p[i] == 'e' && i + TOKEN_HEADER_CHARS_MIN < len && (p[i + 1] == 'y' || p[i + 1] == 'w')) ||
            p[i] == 'b' || p[i] == 'B')
            return false;
    }
    return true;
}

/* What stands at p: how many bytes of it are done, and what they become. */
static size_t step(const uint8_t *p, size_t len, bool cut, bool at_word, struct att_buf *out)
{
    size_t n = at_word ? jwt_length(p, len) : 0;

    n = n ? n : bearer_length(p, len);
    if (n) {
        att_buf_puts(out, "[token]");
        return n;
    }
    n = att_utf8_length(att_span_of(p, len));
    if (n == 0 && cut && len < 4 && p[0] >= 0xc0)
        return len; /* the cut went through a character */
    if (n == 0 || harmful(p, n))
        att_buf_putc(out, '?');
    else
        att_buf_put(out, att_span_of(p, n));
    return n ? n : 1;
}

void record_clean(struct att_buf *out, const char *text)
{
    size_t len = text ? strnlen(text, RECORD_TEXT_BYTES) : 0;
    const uint8_t *p = (const uint8_t *)text;
    bool cut = len == RECORD_TEXT_BYTES, at_word = true;

    if (len == 0)
        return;
    if (plain(p, len)) {
        att_buf_put(out, att_span_of(p, len));
        return;
    }
    while (len > 0) {
        size_t n = step(p, len, cut, at_word, out);
        at_word = !base64url(p[n - 1]);
        p += n;
        len -= n;
    }
}

static bool hex_run(const char *p, size_t n, bool *ret_zero)
{
    *ret_zero = true;
    for (size_t i = 0; i < n; i++) {
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
            return false;
        *ret_zero = *ret_zero && p[i] == '0';
    }
    return true;
}

/* "00-TRACE-SPAN-FLAGS"; a later version may have more behind another "-". All zeros is none. */
bool record_trace(const char *traceparent, char trace[RECORD_TRACE_ID_CHARS + 1],
                  char span[RECORD_SPAN_ID_CHARS + 1])
{
    enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, CHARS = 55 };
    const char *t = traceparent;
    bool zero = false;

    if (!t || strnlen(t, CHARS) < CHARS || (t[CHARS] != '\0' && t[CHARS] != '-'))
        return false;
    if (t[TRACE_AT - 1] != '-' || t[SPAN_AT - 1] != '-' || t[FLAGS_AT - 1] != '-')
        return false;
    if (!hex_run(t, 2, &zero) || strncmp(t, "ff", 2) == 0 || (zero && t[CHARS] != '\0') ||
        !hex_run(t + FLAGS_AT, 2, &zero))
        return false;
    if (!hex_run(t + TRACE_AT, RECORD_TRACE_ID_CHARS, &zero) || zero)
        return false;
    if (!hex_run(t + SPAN_AT, RECORD_SPAN_ID_CHARS, &zero) || zero)
        return false;
    memcpy(trace, t + TRACE_AT, RECORD_TRACE_ID_CHARS);
    memcpy(span, t + SPAN_AT, RECORD_SPAN_ID_CHARS);
    trace[RECORD_TRACE_ID_CHARS] = span[RECORD_SPAN_ID_CHARS] = '\0';
    return true;
}
