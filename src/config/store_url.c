#include "config/store_url.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "files/files.h"
#include "store/backends.h"

#include <string.h>

enum { SECRETS_ARENA_BYTES = 64 << 10, PASSWORD_BYTES_MAX = 1024 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

/* The file's first line. */
static bool read_password(struct att_arena *secrets, const char *path, struct att_span *ret,
                          struct att_err *err)
{
    struct att_span text = { 0 };

    if (!file_load(secrets, path, &text, err))
        return att_fail_as(err, ATT_CONFIG_INVALID, "store_password_file");
    const uint8_t *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    size_t len = end ? (size_t)(end - text.ptr) : text.len;
    if (len > 0 && text.ptr[len - 1] == '\r')
        len--;
    if (len == 0 || len > PASSWORD_BYTES_MAX || memchr(text.ptr, '\0', len))
        return att_fail(err, ATT_CONFIG_INVALID, "store_password_file", "a first line of 1 to 1024 bytes",
                        "%zu bytes", len);
    *ret = att_span_of(text.ptr, len);
    return true;
}

/* postgres://USER@HOST/DB: the password as a parameter, percent-encoded (RFC 3986 2.1). */
static void put_in_url(struct att_buf *b, const char *rest, struct att_span password)
{
    static const char hex[] = "0123456789ABCDEF";

    att_buf_puts(b, rest);
    att_buf_puts(b, strchr(rest, '?') ? "&password=" : "?password=");
    for (size_t i = 0; i < password.len; i++) {
        att_buf_putc(b, '%');
        att_buf_putc(b, hex[password.ptr[i] >> 4]);
        att_buf_putc(b, hex[password.ptr[i] & 15]);
    }
}

/* host=H dbname=D: one more keyword, quoted as libpq has it (libpq 34.1.1.1). */
static void put_as_keyword(struct att_buf *b, const char *rest, struct att_span password)
{
    att_buf_puts(b, rest);
    att_buf_puts(b, " password='");
    for (size_t i = 0; i < password.len; i++) {
        if (password.ptr[i] == '\'' || password.ptr[i] == '\\')
            att_buf_putc(b, '\\');
        att_buf_putc(b, (char)password.ptr[i]);
    }
    att_buf_putc(b, '\'');
}

bool store_url(const struct config *c, struct att_arena *secrets, const char **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf url = { 0 };
    struct att_span password = { 0 };

    if (c->store[0] == '\0')
        att_buf_printf(&url, "sqlite:%s/attestd.sqlite", c->data_dir);
    else if (c->store_password_file[0] == '\0')
        att_buf_puts(&url, c->store);
    else if (!read_password(secrets, c->store_password_file, &password, err))
        return false;
    else if (strstr(c->store, "://"))
        put_in_url(&url, c->store, password);
    else
        put_as_keyword(&url, c->store, password);
    char *copy = url.failed ? NULL : att_arena_dup(secrets, att_buf_span(&url));
    if (!copy)
        return att_fail_memory(err, "store");
    *ret = copy;
    return true;
}

bool store_url_check(const struct config *c, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    const char *url = NULL;

    if (!secrets)
        return att_fail_memory(err, "store");
    if (!store_url(c, secrets, &url, err))
        return false;
    struct att_span scheme = att_span_of(url, strcspn(url, ":"));
    struct att_shown shown;
    for (const struct store_backend *b = store_backends; b->scheme; b++) {
        if (att_span_is(scheme, b->scheme))
            return true;
    }
    return att_fail(err, ATT_CONFIG_INVALID, "store",
                    "sqlite:PATH, postgres:CONNINFO or memory:", "%s:", att_shown(&shown, scheme));
}
