#include "makers/pck_extension.h"

#include "base/auto.h"
#include "makers/der.h"

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_OID = 0x06,
    TAG_ENUMERATED = 0x0a,
    TAG_SEQUENCE = 0x30
};

/* 1.2.840.113741.1.13.1 */
static const uint8_t oid_base[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

static struct mk_ext_member *add(struct mk_ext_list *list, uint8_t id, uint8_t tag)
{
    struct mk_ext_member *m = &list->member[list->count++];
    *m = (struct mk_ext_member){ .id = id, .tag = tag };
    return m;
}

static void add_bytes(struct mk_ext_list *list, uint8_t id, uint8_t tag, const uint8_t *bytes, size_t len)
{
    struct mk_ext_member *m = add(list, id, tag);
    memcpy(m->value, bytes, len);
    m->len = len;
}

void mk_ext_set_uint(struct mk_ext_member *m, uint32_t value)
{
    uint8_t be[5] = { 0, (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                      (uint8_t)value };
    size_t skip = 0;

    /* The leading zero stays where the next byte's top bit would make the number negative (X.690 8.3). */
    while (skip < 4 && be[skip] == 0 && be[skip + 1] < 0x80)
        skip++;
    m->len = sizeof be - skip;
    memcpy(m->value, be + skip, m->len);
}

void mk_pck_extension_fill(const struct mk_platform *platform, enum mk_ca ca, struct mk_pck_extension *ret)
{
    static const uint8_t yes = 0xff;
    struct mk_pck_extension ext = { 0 };

    for (uint8_t i = 0; i < 16; i++)
        mk_ext_set_uint(add(&ext.tcb, (uint8_t)(i + 1), TAG_INTEGER), platform->components[i]);
    mk_ext_set_uint(add(&ext.tcb, MK_EXT_PCESVN, TAG_INTEGER), platform->pce_svn);
    add_bytes(&ext.tcb, MK_EXT_CPUSVN, TAG_OCTETS, platform->cpu_svn, 16);

    add_bytes(&ext.top, MK_EXT_PPID, TAG_OCTETS, platform->ppid, 16);
    (void)add(&ext.top, MK_EXT_TCB, TAG_SEQUENCE);
    add_bytes(&ext.top, MK_EXT_PCEID, TAG_OCTETS, platform->pce_id, 2);
    add_bytes(&ext.top, MK_EXT_FMSPC, TAG_OCTETS, platform->fmspc, 6);
    add_bytes(&ext.top, MK_EXT_SGX_TYPE, TAG_ENUMERATED, &platform->sgx_type, 1);
    if (ca == MK_CA_PLATFORM) {
        add_bytes(&ext.top, MK_EXT_INSTANCE, TAG_OCTETS, platform->instance_id, 16);
        (void)add(&ext.top, MK_EXT_CONFIG, TAG_SEQUENCE);
        for (uint8_t i = 1; i <= 3; i++)
            add_bytes(&ext.config, i, TAG_BOOLEAN, &yes, 1);
    }
    *ret = ext;
}

static void put_member(struct att_buf *out, uint8_t parent, const struct mk_ext_member *m,
                       struct att_span content)
{
    ATT_AUTO(att_buf_free) struct att_buf pair = { 0 };
    uint8_t oid[sizeof oid_base + 2];
    size_t n = sizeof oid_base;

    memcpy(oid, oid_base, n);
    if (parent > 0)
        oid[n++] = parent;
    oid[n++] = m->id;
    mk_der_put(&pair, TAG_OID, att_span_of(oid, n));
    mk_der_put(&pair, m->tag, content);
    out->failed |= pair.failed;
    mk_der_put(out, TAG_SEQUENCE, att_buf_span(&pair));
}

static void put_list(struct att_buf *out, uint8_t parent, const struct mk_ext_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        put_member(out, parent, &list->member[i], att_span_of(list->member[i].value, list->member[i].len));
}

void mk_pck_extension_encode(const struct mk_pck_extension *ext, struct att_buf *out)
{
    ATT_AUTO(att_buf_free) struct att_buf tcb = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf config = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf members = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf whole = { 0 };

    put_list(&tcb, MK_EXT_TCB, &ext->tcb);
    put_list(&config, MK_EXT_CONFIG, &ext->config);
    for (size_t i = 0; i < ext->top.count; i++) {
        const struct mk_ext_member *m = &ext->top.member[i];
        struct att_span content = att_span_of(m->value, m->len);
        if (m->tag == TAG_SEQUENCE)
            content = att_buf_span(m->id == MK_EXT_TCB ? &tcb : &config);
        put_member(&members, 0, m, content);
    }
    mk_der_put(&whole, TAG_SEQUENCE, att_buf_span(&members));
    out->failed |=
        tcb.failed || config.failed || members.failed || whole.failed || whole.len < ext->drop_tail;
    if (out->failed)
        return;
    att_buf_put(out, att_span_of(whole.ptr, whole.len - ext->drop_tail));
    att_buf_fill(out, 0, ext->extra_tail);
}

struct mk_ext_member *mk_ext_find(struct mk_ext_list *list, uint8_t id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->member[i].id == id)
            return &list->member[i];
    return NULL;
}

void mk_ext_drop(struct mk_ext_list *list, uint8_t id)
{
    struct mk_ext_member *m = mk_ext_find(list, id);
    if (!m)
        return;
    size_t behind = list->count - 1 - (size_t)(m - list->member);
    memmove(m, m + 1, behind * sizeof *m);
    list->count--;
}

void mk_ext_repeat(struct mk_ext_list *list, uint8_t id)
{
    const struct mk_ext_member *m = mk_ext_find(list, id);
    if (m && list->count < sizeof list->member / sizeof list->member[0])
        list->member[list->count++] = *m;
}
