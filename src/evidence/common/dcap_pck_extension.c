#include "evidence/common/dcap_pck_extension.h"

#include "base/err.h"
#include "codec/der.h"

#include <stdio.h>

/* 1.2.840.113741.1.13.1; members add one or two arcs below 128, one byte each. */
static const uint8_t base_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

enum { MEMBERS_MAX = 64 }; /* of one sequence; Intel's longest has 18 */

struct reading {
    const char *where;
    struct att_err *err;
    struct dcap_pck_extension ext;
};

struct member {
    unsigned id; /* last arc */
    const char *name;
    bool optional;
    bool (*read)(struct att_reader *value, struct reading *r, unsigned id);
};

static bool malformed(const struct reading *r, const char *name, const char *expected, const char *found)
{
    char where[96];

    (void)snprintf(where, sizeof where, "%s%s%s", r->where, name[0] ? "." : "", name);
    return att_fail(r->err, ATT_PCK_EXTENSION_MALFORMED, where, expected, "%s", found);
}

static bool octets(struct att_reader *value, uint8_t *ret, size_t len)
{
    struct att_span s;

    if (!att_der_take_octets(value, len, &s))
        return false;
    memcpy(ret, s.ptr, len);
    return true;
}

static bool read_ppid(struct att_reader *value, struct reading *r, unsigned id)
{
    (void)id;
    return octets(value, r->ext.ppid, sizeof r->ext.ppid);
}
static bool read_pceid(struct att_reader *value, struct reading *r, unsigned id)
{
    (void)id;
    return octets(value, r->ext.pceid, sizeof r->ext.pceid);
}
static bool read_fmspc(struct att_reader *value, struct reading *r, unsigned id)
{
    (void)id;
    return octets(value, r->ext.fmspc, sizeof r->ext.fmspc);
}
static bool read_cpusvn(struct att_reader *value, struct reading *r, unsigned id)
{
    (void)id;
    return octets(value, r->ext.cpusvn, sizeof r->ext.cpusvn);
}
static bool read_instance(struct att_reader *value, struct reading *r, unsigned id)
{
    (void)id;
    r->ext.has_instance_id = true;
    return octets(value, r->ext.instance_id, sizeof r->ext.instance_id);
}

static bool read_component(struct att_reader *value, struct reading *r, unsigned id)
{
    uint64_t v;

    if (!att_der_take_uint(value, ATT_DER_INTEGER, UINT8_MAX, &v))
        return false;
    r->ext.components[id - 1] = (uint8_t)v;
    return true;
}

static bool read_pcesvn(struct att_reader *value, struct reading *r, unsigned id)
{
    uint64_t v;

    (void)id;
    if (!att_der_take_uint(value, ATT_DER_INTEGER, UINT16_MAX, &v))
        return false;
    r->ext.pcesvn = (uint16_t)v;
    return true;
}

static bool read_sgx_type(struct att_reader *value, struct reading *r, unsigned id)
{
    uint64_t v;

    (void)id;
    if (!att_der_take_uint(value, ATT_DER_ENUMERATED, 2, &v))
        return false;
    r->ext.sgx_type = (uint8_t)v;
    return true;
}

static bool read_flag(struct att_reader *value, struct reading *r, unsigned id)
{
    bool *const flags[] = { &r->ext.dynamic_platform, &r->ext.cached_keys, &r->ext.smt_enabled };

    return att_der_take_bool(value, flags[id - 1]);
}

static bool members_read(struct att_span content, struct reading *r, const uint8_t *prefix, size_t prefix_len,
                         const struct member *members, size_t count);

#define COMPONENT(n)                                                                                         \
    {                                                                                                        \
        n, "tcb.sgxtcbcomp" #n "svn", false, read_component                                                  \
    }
static const struct member tcb_members[] = {
    COMPONENT(1),
    COMPONENT(2),
    COMPONENT(3),
    COMPONENT(4),
    COMPONENT(5),
    COMPONENT(6),
    COMPONENT(7),
    COMPONENT(8),
    COMPONENT(9),
    COMPONENT(10),
    COMPONENT(11),
    COMPONENT(12),
    COMPONENT(13),
    COMPONENT(14),
    COMPONENT(15),
    COMPONENT(16),
    { 17, "tcb.pcesvn", false, read_pcesvn },
    { 18, "tcb.cpusvn", false, read_cpusvn },
};
#undef COMPONENT

static const struct member configuration_members[] = {
    { 1, "configuration.dynamic_platform", true, read_flag },
    { 2, "configuration.cached_keys", true, read_flag },
    { 3, "configuration.smt_enabled", true, read_flag },
};

/* A member that is itself a sequence of members; its OID is one arc longer. */
static bool nested(struct att_reader *value, struct reading *r, unsigned id, const struct member *members,
                   size_t count)
{
    uint8_t prefix[sizeof base_oid + 1];
    struct att_span content;

    memcpy(prefix, base_oid, sizeof base_oid);
    prefix[sizeof base_oid] = (uint8_t)id;
    return att_der_take(value, ATT_DER_SEQUENCE, &content) &&
           members_read(content, r, prefix, sizeof prefix, members, count);
}

static bool read_tcb(struct att_reader *value, struct reading *r, unsigned id)
{
    return nested(value, r, id, tcb_members, sizeof tcb_members / sizeof tcb_members[0]);
}

static bool read_configuration(struct att_reader *value, struct reading *r, unsigned id)
{
    r->ext.has_configuration = true;
    return nested(value, r, id, configuration_members,
                  sizeof configuration_members / sizeof configuration_members[0]);
}

static const struct member top_members[] = {
    { 1, "ppid", false, read_ppid },
    { 2, "tcb", false, read_tcb },
    { 3, "pceid", false, read_pceid },
    { 4, "fmspc", false, read_fmspc },
    { 5, "sgx_type", false, read_sgx_type },
    { 6, "platform_instance_id", true, read_instance },
    { 7, "configuration", true, read_configuration },
};

/* NULL when the OID is not prefix + one known arc. */
static const struct member *member_of(struct att_span oid, const uint8_t *prefix, size_t prefix_len,
                                      const struct member *members, size_t count)
{
    if (oid.len != prefix_len + 1 || memcmp(oid.ptr, prefix, prefix_len) != 0)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (members[i].id == oid.ptr[prefix_len])
            return &members[i];
    return NULL;
}

/* SEQUENCE { OID, value }; gives the row it belongs to, or NULL for a stranger. */
static bool member_read(struct att_span pair, struct reading *r, const uint8_t *prefix, size_t prefix_len,
                        const struct member *members, size_t count, const struct member **ret)
{
    struct att_reader in = att_reader_of(pair);
    struct att_span oid;

    *ret = NULL;
    if (!att_der_take(&in, ATT_DER_OID, &oid))
        return malformed(r, "", "members that begin with an object identifier", "something else");
    const struct member *m = member_of(oid, prefix, prefix_len, members, count);
    if (m && (!m->read(&in, r, m->id) || !att_all_read(&in)))
        return malformed(r, m->name, "one value of its type, size and range", "something else");
    *ret = m;
    return true;
}

static bool members_read(struct att_span content, struct reading *r, const uint8_t *prefix, size_t prefix_len,
                         const struct member *members, size_t count)
{
    struct att_reader in = att_reader_of(content);
    uint32_t seen = 0;

    for (unsigned n = 0; in.left > 0; n++) {
        const struct member *m;
        struct att_span pair;
        if (n == MEMBERS_MAX || !att_der_take(&in, ATT_DER_SEQUENCE, &pair))
            return malformed(r, "", "a short sequence of members", "something else");
        if (!member_read(pair, r, prefix, prefix_len, members, count, &m))
            return false;
        if (m && (seen & 1u << m->id))
            return malformed(r, m->name, "once", "twice");
        seen |= m ? 1u << m->id : 0;
    }
    for (size_t i = 0; i < count; i++)
        if (!members[i].optional && !(seen & 1u << members[i].id))
            return malformed(r, members[i].name, "this member", "absent");
    return true;
}

bool dcap_pck_extension_read(struct att_span content, const char *where, struct dcap_pck_extension *ret,
                             struct att_err *err)
{
    struct att_err inner = { 0 };
    struct reading r = { .where = where, .err = &inner };
    struct att_reader in = att_reader_of(content);
    struct att_span list;
    bool ok;

    if (!att_der_take(&in, ATT_DER_SEQUENCE, &list) || !att_all_read(&in))
        ok = malformed(&r, "", "one sequence", "something else");
    else
        ok = members_read(list, &r, base_oid, sizeof base_oid, top_members,
                          sizeof top_members / sizeof top_members[0]);
    if (ok) {
        *ret = r.ext;
        return true;
    }
    if (err && err->code == ATT_OK)
        *err = inner;
    return false;
}
