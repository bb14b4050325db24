#include "records/segment.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"
#include "files/files.h"

#include <openssl/evp.h>

#include <inttypes.h>
#include <stdio.h>

enum { HASH_BYTES = 32, ANCHOR_ARENA_BYTES = 64 << 10, SEQ_DIGITS_MAX = 19 };

static const char head_seq[] = "{\"seq\":", head_prev[] = ",\"prev\":\"", head_end[] = "\",";

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

void chain_start(struct chain_end *end)
{
    end->seq = 0;
    memset(end->hash, '0', CHAIN_HASH_SIZE - 1);
    end->hash[CHAIN_HASH_SIZE - 1] = '\0';
}

bool chain_hasher_open(struct chain_hasher *h, struct att_err *err)
{
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    return (h->md && h->ctx) || att_fail_memory(err, "records.hash");
}

void chain_hasher_close(struct chain_hasher *h)
{
    EVP_MD_free(h->md);
    EVP_MD_CTX_free(h->ctx);
    *h = (struct chain_hasher){ 0 };
}

void chain_put_head(struct att_buf *out, const struct chain_end *end)
{
    att_buf_printf(out, "%s%" PRIu64 "%s%s%s", head_seq, end->seq + 1, head_prev, end->hash, head_end);
}

bool chain_take(struct chain_hasher *h, struct chain_end *end, struct att_span line)
{
    uint8_t hash[HASH_BYTES];

    if (EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1 || EVP_DigestUpdate(h->ctx, line.ptr, line.len) != 1 ||
        EVP_DigestFinal_ex(h->ctx, hash, NULL) != 1)
        return false;
    att_hex_text(end->hash, att_span_of(hash, sizeof hash));
    end->seq++;
    return true;
}

static bool take_text(struct att_span *line, const char *text)
{
    size_t n = strlen(text);

    if (line->len < n || memcmp(line->ptr, text, n) != 0)
        return false;
    *line = att_span_of(line->ptr + n, line->len - n);
    return true;
}

static bool take_seq(struct att_span *line, uint64_t *ret)
{
    uint64_t n = 0;
    size_t digits = 0;

    while (digits < line->len && digits < SEQ_DIGITS_MAX && line->ptr[digits] >= '0' &&
           line->ptr[digits] <= '9')
        n = n * 10 + (uint64_t)(line->ptr[digits++] - '0');
    if (digits == 0 || line->ptr[0] == '0')
        return false;
    *line = att_span_of(line->ptr + digits, line->len - digits);
    *ret = n;
    return true;
}

bool chain_read_head(struct att_span line, struct chain_end *ret_before)
{
    struct chain_end before;
    uint8_t hash[HASH_BYTES];
    uint64_t seq = 0;

    if (!take_text(&line, head_seq) || !take_seq(&line, &seq) || !take_text(&line, head_prev))
        return false;
    if (line.len < CHAIN_HASH_SIZE - 1 ||
        !att_hex_read(att_span_of(line.ptr, CHAIN_HASH_SIZE - 1), hash, sizeof hash))
        return false;
    before.seq = seq - 1;
    memcpy(before.hash, line.ptr, CHAIN_HASH_SIZE - 1);
    before.hash[CHAIN_HASH_SIZE - 1] = '\0';
    line = att_span_of(line.ptr + CHAIN_HASH_SIZE - 1, line.len - (CHAIN_HASH_SIZE - 1));
    if (!take_text(&line, head_end))
        return false;
    *ret_before = before;
    return true;
}

/* -- the anchor ------------------------------------------------------------------------------------------- */

bool anchor_read(const char *dir, struct chain_end *ret, bool *ret_found, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(ANCHOR_ARENA_BYTES);
    const char *path = arena ? file_path(arena, dir, "anchor.json") : NULL;
    struct att_span text = { 0 };
    struct chain_end end = { 0 };
    struct att_json doc;
    uint8_t hash[HASH_BYTES];
    int64_t seq = 0;

    if (!path)
        return att_fail_memory(err, "records.anchor");
    if (!file_load_optional(arena, path, &text, err))
        return false;
    if (text.len > 0) {
        if (!att_json_parse(arena, text, NULL, &doc, err) ||
            !att_json_want_hex(&doc, arena, ATT_JSON_ROOT, "anchor.json", "hash", hash, sizeof hash, err))
            return att_fail_as(err, ATT_IO_FAILED, "records");
        if (!att_json_i64(&doc, att_json_get(&doc, ATT_JSON_ROOT, "seq"), &seq) || seq < 1)
            return att_fail(err, ATT_IO_FAILED, "records.anchor.json.seq", "the number of a record", "none");
        end.seq = (uint64_t)seq;
        att_hex_text(end.hash, att_span_of(hash, sizeof hash));
    }
    *ret = end;
    *ret_found = text.len > 0;
    return true;
}

bool anchor_write(const char *dir, const struct chain_end *end, const char *segment, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(ANCHOR_ARENA_BYTES);
    const char *path = arena ? file_path(arena, dir, "anchor.json") : NULL;
    char text[256];

    if (!path)
        return att_fail_memory(err, "records.anchor");
    (void)snprintf(text, sizeof text, "{\"seq\":%" PRIu64 ",\"hash\":\"%s\",\"segment\":\"%s\"}\n", end->seq,
                   end->hash, segment);
    return file_store(path, att_str(text), 0640, err);
}
