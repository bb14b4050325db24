#include "cli/backup_file.h"

#include <attest/seal.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/secret.h"
#include "cli/files.h"
#include "codec/json.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { LENGTH_BYTES = 4, LABEL_SIZE = 160, HEAD_BYTES_MAX = 4096 };

static const char first_line[] = "attestd-backup 1\n";
static const char where[] = "backup";

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static bool hash_head(struct att_span head, uint8_t ret[32], struct att_err *err)
{
    return EVP_Digest(head.ptr, head.len, ret, NULL, EVP_sha256(), NULL) == 1 ||
           att_fail(err, ATT_CRYPTO_FAILED, where, "a digest", "none");
}

static struct att_span label_of(char room[LABEL_SIZE], const uint8_t head[32], uint64_t chunk, bool last)
{
    char hex[65];

    att_hex_text(hex, att_span_of(head, 32));
    (void)snprintf(room, LABEL_SIZE, "backup:%s:%llu:%s", hex, (unsigned long long)chunk,
                   last ? "last" : "more");
    return att_str(room);
}

/* -- writing ---------------------------------------------------------------------------------------------- */

static bool write_out(const struct backup_out *b, struct att_span bytes, struct att_err *err)
{
    return cli_write_all(b->fd, bytes) || att_fail(err, ATT_IO_FAILED, "out", "all bytes written", "%m");
}

bool backup_begin(struct backup_out *b, struct signer *signer, int fd, const char *made, uint64_t generation,
                  struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(1 << 20);
    ATT_AUTO(att_buf_free) struct att_buf head = { 0 }, text = { 0 };
    struct att_json_writer w = { .out = &head };
    struct att_span sealed = { 0 };

    *b = (struct backup_out){ .fd = fd, .lines = { .max = SIZE_MAX / 4 } };
    if (!work)
        return att_fail_memory(err, where);
    if (!signer_share(signer, SIGNER_SHARED_ROWS, (struct att_span){ 0 }, work, b->key, &sealed, err))
        return false;
    att_base64url_put(&text, sealed);
    att_buf_puts(&head, first_line);
    att_jw_object(&w);
    att_jw_key(&w, "made");
    att_jw_str(&w, made);
    att_jw_key(&w, "generation");
    att_jw_int(&w, (int64_t)generation);
    att_jw_key(&w, "key");
    att_jw_string(&w, att_buf_span(&text));
    att_jw_end_object(&w);
    att_buf_putc(&head, '\n');
    if (head.failed || text.failed)
        return att_fail_memory(err, where);
    return hash_head(att_buf_span(&head), b->head_sha256, err) && write_out(b, att_buf_span(&head), err);
}

bool backup_flush(struct backup_out *b, bool last, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = NULL;
    struct att_span sealed = { 0 };
    char label[LABEL_SIZE];

    if (b->lines.failed)
        return att_fail_memory(err, where);
    if (!last && b->lines.len < BACKUP_CHUNK_BYTES)
        return true;
    work = att_arena_new(2 * b->lines.len + ((size_t)1 << 20));
    if (!work)
        return att_fail_memory(err, where);
    if (!att_seal(work, b->key, label_of(label, b->head_sha256, b->chunk, last), att_buf_span(&b->lines),
                  &sealed, err))
        return false;
    const uint8_t length[LENGTH_BYTES] = { (uint8_t)(sealed.len >> 24), (uint8_t)(sealed.len >> 16),
                                           (uint8_t)(sealed.len >> 8), (uint8_t)sealed.len };
    b->chunk++;
    att_wipe(b->lines.ptr, b->lines.len);
    att_buf_clear(&b->lines);
    return write_out(b, att_span_of(length, sizeof length), err) && write_out(b, sealed, err);
}

void backup_out_end(struct backup_out *b)
{
    att_wipe(b->key, sizeof b->key);
    if (b->lines.ptr)
        att_wipe(b->lines.ptr, b->lines.len);
    att_buf_free(&b->lines);
}

/* -- reading ---------------------------------------------------------------------------------------------- */

static bool read_head(struct backup_in *b, struct signer *signer, struct att_arena *arena,
                      struct att_span line, struct att_err *err)
{
    struct att_span made = { 0 }, text = { 0 }, sealed = { 0 }, same = { 0 };
    struct att_json j;

    if (!att_json_parse(arena, line, NULL, &j, err) ||
        !att_json_want_string(&j, arena, ATT_JSON_ROOT, where, "made", &made, err) ||
        !att_json_want_string(&j, arena, ATT_JSON_ROOT, where, "key", &text, err) ||
        !att_base64_decode(arena, ATT_BASE64_STRICT, text, "backup.key", &sealed, err))
        return att_fail_as(err, ATT_BACKUP_INVALID, "");
    b->made = att_arena_dup(arena, made);
    if (!b->made)
        return att_fail_memory(err, where);
    if (sealed.len == 0) /* would ask for a new one */
        return att_fail(err, ATT_BACKUP_INVALID, "backup.key", "the sealed key of the file", "nothing");
    return signer_share(signer, SIGNER_SHARED_ROWS, sealed, arena, b->key, &same, err);
}

bool backup_open(struct backup_in *b, struct signer *signer, struct att_arena *arena, struct att_span file,
                 struct att_err *err)
{
    size_t begin = sizeof first_line - 1;

    *b = (struct backup_in){ .file = file };
    if (file.len < begin || memcmp(file.ptr, first_line, begin) != 0)
        return att_fail(err, ATT_BACKUP_INVALID, where, "a file of attestctl backup, version 1",
                        "another file");
    const uint8_t *end = memchr(file.ptr + begin, '\n', file.len - begin);
    if (!end || end - file.ptr > HEAD_BYTES_MAX)
        return att_fail(err, ATT_BACKUP_INVALID, where, "a second line that says what it is", "none");
    b->at = (size_t)(end - file.ptr) + 1;
    return read_head(b, signer, arena, att_span_of(file.ptr + begin, b->at - 1 - begin), err) &&
           hash_head(att_span_of(file.ptr, b->at), b->head_sha256, err);
}

bool backup_next(struct backup_in *b, struct att_arena *arena, struct att_span *ret, struct att_err *err)
{
    struct att_err why = { 0 }; /* one of the seal would say that it is another key's file */
    size_t left = b->file.len - b->at;
    const uint8_t *p = b->file.ptr + b->at;
    char label[LABEL_SIZE];

    if (left < LENGTH_BYTES)
        return att_fail(err, ATT_BACKUP_INVALID, where, "a last part",
                        "a file that ends before it: it was cut");
    size_t len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (len > BACKUP_SEALED_MAX || len > left - LENGTH_BYTES)
        return att_fail(err, ATT_BACKUP_INVALID, where, "a part that lies within the file",
                        "%zu bytes of %zu", len, left - LENGTH_BYTES);
    b->at += LENGTH_BYTES + len;
    bool last = b->at == b->file.len;
    if (!att_unseal(arena, b->key, label_of(label, b->head_sha256, b->chunk, last),
                    att_span_of(p + LENGTH_BYTES, len), ret, &why)) {
        if (why.code == ATT_OUT_OF_MEMORY)
            return att_fail_memory(err, where);
        return att_fail(err, ATT_BACKUP_INVALID, where, "parts in their order, each as it was written",
                        "part %llu is not", (unsigned long long)b->chunk);
    }
    b->chunk++;
    b->ended = last;
    return true;
}

void backup_in_end(struct backup_in *b)
{
    att_wipe(b->key, sizeof b->key);
}
