#include "service/context.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/reader.h"
#include "codec/json.h"
#include "service/internal.h"
#include "store/store.h"

#include <attest/seal.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

/* Inside the seal: version, id, when it ends, content. */
enum { FORM = 1, ID_BYTES = 16, HEAD_BYTES = 1 + ID_BYTES + 8, TEXT_BYTES_MAX = 8192, LABEL_SIZE = 2200 };

static bool key_of(const struct service *s, const uint8_t **ret, struct att_err *err)
{
    *ret = s->options.context_key;
    return *ret ? true
                : att_fail(err, ATT_SERVICE_UNAVAILABLE, "service", "a store and a key for contexts", "none");
}

/* Another provider's or purpose's context has another label, and does not open. */
static bool label_of(char ret[LABEL_SIZE], const char *purpose, const struct site_provider *p,
                     struct att_err *err)
{
    int n = snprintf(ret, LABEL_SIZE, "context:%s:%s", purpose, p->o.key);

    return (n > 0 && n < LABEL_SIZE) ||
           att_fail(err, ATT_INTERNAL, "context.label", "a provider's id of usual length", "%d bytes", n);
}

/* A name for the key that tells nothing of it: clients and logs may see it. */
static bool key_name(const uint8_t *key, char ret[65])
{
    static const uint8_t text[] = "attestd context key";
    uint8_t mac[32];
    unsigned len = sizeof mac;

    if (!HMAC(EVP_sha256(), key, ATT_SEAL_KEY_BYTES, text, sizeof text - 1, mac, &len) || len != sizeof mac)
        return false;
    att_hex_text(ret, att_span_of(mac, sizeof mac));
    return true;
}

static void put_u64(uint8_t *at, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        at[i] = (uint8_t)v;
}

static bool plain_of(struct att_arena *arena, struct att_span content, int64_t expires, struct att_span *ret,
                     struct att_err *err)
{
    uint8_t *plain = att_arena_alloc(arena, HEAD_BYTES + content.len, 1);

    if (!plain)
        return att_fail_memory(err, "context");
    plain[0] = FORM;
    if (RAND_bytes(plain + 1, ID_BYTES) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "context", "random bytes", "none to be had");
    put_u64(plain + 1 + ID_BYTES, (uint64_t)expires);
    if (content.len > 0)
        memcpy(plain + HEAD_BYTES, content.ptr, content.len);
    *ret = att_span_of(plain, HEAD_BYTES + content.len);
    return true;
}

static bool text_of(struct att_arena *arena, struct att_span sealed, const char *name, struct att_span *ret,
                    struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_buf_puts(&json, "{\"ProtectedContext\":\"");
    att_base64url_put(&json, sealed);
    att_buf_printf(&json, "\",\"ProtectionKeyName\":\"%s\"}", name);
    att_base64url_put(&text, att_buf_span(&json));
    char *copy = json.failed || text.failed ? NULL : att_arena_dup(arena, att_buf_span(&text));
    if (!copy)
        return att_fail_memory(err, "context");
    *ret = att_span_of(copy, text.len);
    return true;
}

bool context_seal(const struct service *s, struct att_arena *arena, const char *purpose,
                  const struct site_provider *p, struct att_span content, uint32_t life_s,
                  struct att_span *ret_text, struct att_err *err)
{
    const uint8_t *key = NULL;
    struct att_span plain = { 0 }, sealed = { 0 };
    char label[LABEL_SIZE], name[65];

    if (!key_of(s, &key, err) || !label_of(label, purpose, p, err) ||
        !plain_of(arena, content, service_now_unix_s(s) + life_s, &plain, err) ||
        !att_seal(arena, key, att_str(label), plain, &sealed, err))
        return false;
    return key_name(key, name) ? text_of(arena, sealed, name, ret_text, err)
                               : att_fail(err, ATT_CRYPTO_FAILED, "context", "a name of the key", "none");
}

static bool refused(struct att_err *err)
{
    return att_fail(err, ATT_TPM_CONTEXT_INVALID, "service_context",
                    "the service context that came with the challenge, from this provider, unchanged",
                    "one that does not open here");
}

/* Whatever is wrong with the wrapping is told as one thing: a stranger learns nothing from the difference. The seal does not
 * cover the key's name: it is compared, so that nothing of a context can be changed. */
static bool unwrap(struct att_arena *arena, const uint8_t *key, struct att_span text, struct att_span *ret,
                   struct att_err *err)
{
    struct att_err ignored = { 0 };
    struct att_span json = { 0 }, inner = { 0 }, named = { 0 };
    char name[65];
    struct att_json doc;

    if (text.len == 0 || text.len > TEXT_BYTES_MAX ||
        !att_base64_decode(arena, ATT_BASE64_LENIENT, text, "service_context", &json, &ignored) ||
        !att_json_parse(arena, json, NULL, &doc, &ignored) ||
        !att_json_string(&doc, arena, att_json_get(&doc, ATT_JSON_ROOT, "ProtectedContext"), &inner) ||
        !att_base64_decode(arena, ATT_BASE64_LENIENT, inner, "service_context", ret, &ignored) ||
        !att_json_string(&doc, arena, att_json_get(&doc, ATT_JSON_ROOT, "ProtectionKeyName"), &named) ||
        !key_name(key, name) || !att_span_is(named, name))
        return refused(err);
    return true;
}

static bool open_sealed(const uint8_t *key, struct att_arena *arena, const char *label,
                        struct att_span sealed, struct att_span *ret, struct att_err *err)
{
    struct att_err why = { 0 };

    if (att_unseal(arena, key, att_str(label), sealed, ret, &why))
        return true;
    if (why.code == ATT_SEAL_INVALID)
        return refused(err);
    if (err && err->code == ATT_OK)
        *err = why;
    return false;
}

static bool head_read(struct att_span plain, int64_t now, struct context_opened *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(plain);
    uint8_t form = att_take_u8(&r);
    struct att_span id = att_take(&r, ID_BYTES);
    uint64_t hi = att_take_u32be(&r), lo = att_take_u32be(&r);
    struct att_span content = att_take_rest(&r);

    if (r.failed || form != FORM)
        return refused(err);
    ret->expires_unix_s = (int64_t)(hi << 32 | lo);
    ret->content = content;
    att_hex_text(ret->id, id);
    if (now < ret->expires_unix_s)
        return true;
    return att_fail(err, ATT_TPM_CONTEXT_EXPIRED, "service_context", "a context that is still open",
                    "one that ended %lld s ago", (long long)(now - ret->expires_unix_s));
}

bool context_open(const struct service *s, struct att_arena *arena, const char *purpose,
                  const struct site_provider *p, struct att_span text, struct context_opened *ret,
                  struct att_err *err)
{
    const uint8_t *key = NULL;
    struct att_span sealed = { 0 }, plain = { 0 };
    char label[LABEL_SIZE];

    return key_of(s, &key, err) && label_of(label, purpose, p, err) &&
           unwrap(arena, key, text, &sealed, err) && open_sealed(key, arena, label, sealed, &plain, err) &&
           head_read(plain, service_now_unix_s(s), ret, err);
}

/* A replica whose clock is behind still opens what others have called expired, and the one whose clock is ahead is who forgets:
 * what was used is remembered for longer than it opens anywhere. */
enum { CLOCKS_APART_MAX_S = 600 };

bool service_once(struct service *s, const char *space, const char *id, int64_t until_unix_s, bool *ret_first,
                  struct att_err *err)
{
    *ret_first = false;
    if (!s->options.once)
        return att_fail(err, ATT_SERVICE_UNAVAILABLE, "store", "a store that remembers what was used",
                        "none");
    /* Callers wait here one behind the other: each of them for its own try would be minutes. */
    if (service_store_away(s))
        return att_fail(err, ATT_STORE_FAILED, "store.once", "a store that answers", "none at the moment");
    pthread_mutex_lock(&s->once_lock);
    bool ok = store_once(s->options.once, space, id, until_unix_s + CLOCKS_APART_MAX_S, service_now_unix_s(s),
                         ret_first, err);
    pthread_mutex_unlock(&s->once_lock);
    return ok;
}
