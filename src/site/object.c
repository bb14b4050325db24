/* Objects: one block of memory each, counted references. The block begins with the count, then the struct, its arrays,
 * its texts. */
#include "base/err.h"
#include "site/internal.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdlib.h>

struct block {
    atomic_size_t refs;
    struct site_attachment *_Atomic slot;
    uint8_t digest[SITE_DIGEST_BYTES];
};

enum { ALIGN = _Alignof(max_align_t) };
#define BLOCK_BYTES ((sizeof(struct block) + ALIGN - 1) / ALIGN * ALIGN)

/* The object lies behind its block's head; only this file knows that the const object can be counted. */
static struct block *block_of(const void *object)
{
    return (struct block *)((uintptr_t)object - BLOCK_BYTES);
}

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

/* Two passes with the same steps: the first counts (to is NULL), the second copies. */
struct copier {
    uint8_t *to;
    size_t arrays; /* used so far of the aligned part */
    size_t bytes;  /* used so far of the part behind it */
    size_t bytes_at;
};

static const void *copy_bytes(struct copier *c, struct att_span s, bool nul)
{
    uint8_t *at = c->to ? c->to + c->bytes_at + c->bytes : NULL;

    if (at && s.len > 0)
        memcpy(at, s.ptr, s.len);
    if (at && nul)
        at[s.len] = '\0';
    c->bytes += s.len + nul;
    return at;
}

static void copy_text(struct copier *c, const uint8_t *from, uint8_t *to)
{
    const char *text = NULL;

    memcpy(&text, from, sizeof text);
    text = copy_bytes(c, att_str(text), true);
    if (c->to)
        memcpy(to, &text, sizeof text);
}

static void copy_span(struct copier *c, const uint8_t *from, uint8_t *to)
{
    struct att_span s;

    memcpy(&s, from, sizeof s);
    s.ptr = copy_bytes(c, s, false);
    if (s.len == 0)
        s.ptr = NULL;
    if (c->to)
        memcpy(to, &s, sizeof s);
}

static void copy_fields(struct copier *c, const struct site_field *fields, const uint8_t *from, uint8_t *to);

static void copy_array(struct copier *c, const struct site_field *f, const uint8_t *from, uint8_t *to)
{
    const uint8_t *elements = NULL;
    size_t count = 0;

    memcpy(&elements, from + f->offset, sizeof elements);
    memcpy(&count, from + f->count_offset, sizeof count);
    uint8_t *copy = c->to && count > 0 ? c->to + c->arrays : NULL;
    c->arrays += aligned(count * f->element_bytes);
    if (copy)
        memcpy(copy, elements, count * f->element_bytes);
    for (size_t i = 0; i < count; i++)
        copy_fields(c, f->fields, elements + i * f->element_bytes, copy ? copy + i * f->element_bytes : NULL);
    if (c->to)
        memcpy(to + f->offset, &copy, sizeof copy);
}

/* `to` holds a byte copy of `from` already: only what points elsewhere is left to do. */
static void copy_fields(struct copier *c, const struct site_field *fields, const uint8_t *from, uint8_t *to)
{
    for (const struct site_field *f = fields; f->name; f++) {
        switch (f->type) {
        case SITE_TEXT:
            copy_text(c, from + f->offset, to ? to + f->offset : NULL);
            break;
        case SITE_TEXT_SPAN:
        case SITE_BYTES:
        case SITE_OBJECT:
            copy_span(c, from + f->offset, to ? to + f->offset : NULL);
            break;
        case SITE_ARRAY:
            copy_array(c, f, from, to);
            break;
        case SITE_FLAG:
        case SITE_NUMBER:
        case SITE_TIME:
        case SITE_CHOICE:
            break;
        }
    }
}

static void copy_object(struct copier *c, const struct site_row *row, const void *object, uint8_t *to)
{
    const struct site_object *o = object;

    c->arrays = BLOCK_BYTES + aligned(row->bytes);
    c->bytes = 0;
    if (to)
        memcpy(to, object, row->bytes);
    copy_fields(c, row->fields, object, to);
    const char *tenant = copy_bytes(c, att_str(o->tenant), true);
    const char *key = copy_bytes(c, att_str(o->key), true);
    if (to) {
        memcpy(to + offsetof(struct site_object, tenant), &tenant, sizeof tenant);
        memcpy(to + offsetof(struct site_object, key), &key, sizeof key);
    }
}

bool site_object_new(const void *object, const uint8_t digest[SITE_DIGEST_BYTES], const void **ret,
                     struct att_err *err)
{
    const struct site_object *o = object;
    const struct site_row *row = site_rows[o->kind];
    struct copier c = { 0 };

    copy_object(&c, row, object, NULL);
    c.bytes_at = c.arrays;
    c.to = malloc(c.bytes_at + c.bytes);
    if (!c.to)
        return att_fail_memory(err, "site.object");
    struct block *b = (struct block *)(void *)c.to;
    atomic_init(&b->refs, 1);
    atomic_init(&b->slot, NULL);
    memcpy(b->digest, digest, SITE_DIGEST_BYTES);
    uint8_t *copy = c.to + BLOCK_BYTES;
    copy_object(&c, row, object, copy);
    if (o->kind == SITE_PROVIDER) {
        struct site_attachment *_Atomic *slot = &b->slot;
        memcpy(copy + offsetof(struct site_provider, attachment), &slot, sizeof slot);
    }
    *ret = copy;
    return true;
}

const uint8_t *site_object_digest(const void *object)
{
    return block_of(object)->digest;
}

bool site_digest(struct att_span body, uint8_t ret[SITE_DIGEST_BYTES], struct att_err *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(body.ptr, body.len, digest, &len, EVP_sha256(), NULL) != 1 || len != SITE_DIGEST_BYTES)
        return att_fail(err, ATT_CRYPTO_FAILED, "site.digest", "a SHA-256", "none");
    memcpy(ret, digest, SITE_DIGEST_BYTES);
    return true;
}

const void *site_ref(const void *object)
{
    if (object)
        atomic_fetch_add_explicit(&block_of(object)->refs, 1, memory_order_relaxed);
    return object;
}

void site_unref(const void *object)
{
    if (!object)
        return;
    struct block *b = block_of(object);
    /* What other threads did with the object happens before it is freed. */
    if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct site_attachment *attachment = atomic_load_explicit(&b->slot, memory_order_acquire);
    if (attachment)
        attachment->free(attachment);
    free(b);
}

struct site_attachment *site_attachment_get(const struct site_provider *p)
{
    return p->attachment ? atomic_load_explicit(p->attachment, memory_order_acquire) : NULL;
}

struct site_attachment *site_attachment_set(const struct site_provider *p, struct site_attachment *mine)
{
    struct site_attachment *holds = NULL;

    if (atomic_compare_exchange_strong_explicit(p->attachment, &holds, mine, memory_order_acq_rel,
                                                memory_order_acquire))
        return mine;
    mine->free(mine);
    return holds;
}
