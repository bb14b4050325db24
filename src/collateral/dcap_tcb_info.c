#include "collateral/dcap_tcb_info.h"

#include "base/err.h"
#include "base/hex.h"

#include <stdio.h>

#define WHERE "collateral.tcb_info"

struct reading {
    const struct att_json *j;
    struct att_arena *scratch;
    struct att_arena *keep;
    struct att_err *err;
};

/* Version 2: sgxtcbcomp01svn ... sgxtcbcomp16svn. */
static bool components_v2(const struct reading *r, att_json_id tcb, const char *where, uint8_t ret[16])
{
    for (unsigned i = 0; i < 16; i++) {
        char name[24];
        uint32_t svn;
        (void)snprintf(name, sizeof name, "sgxtcbcomp%02usvn", i + 1);
        if (!att_json_want_u32(r->j, tcb, where, name, UINT8_MAX, &svn, r->err))
            return false;
        ret[i] = (uint8_t)svn;
    }
    return true;
}

/* Version 3: an array of exactly 16 objects with a member svn. */
static bool components_v3(const struct reading *r, att_json_id tcb, const char *where, const char *name,
                          uint8_t ret[16])
{
    att_json_id list;
    unsigned at = 0;

    if (!att_json_want(r->j, tcb, where, name, ATT_JSON_ARRAY, &list, r->err))
        return false;
    if (r->j->nodes[list].count != 16)
        return att_fail(r->err, ATT_JSON_RANGE, where, "16 components", "%u in %s", r->j->nodes[list].count,
                        name);
    for (att_json_id id = att_json_first(r->j, list); id != ATT_JSON_NONE; id = att_json_next(r->j, id)) {
        uint32_t svn;
        if (!att_json_want_u32(r->j, id, where, "svn", UINT8_MAX, &svn, r->err))
            return false;
        ret[at++] = (uint8_t)svn;
    }
    return true;
}

static bool level_read(const struct reading *r, att_json_id id, unsigned at, const struct dcap_tcb_info *info,
                       struct dcap_tcb_level *ret)
{
    char where[48];
    att_json_id tcb;
    uint32_t pcesvn;

    (void)snprintf(where, sizeof where, "tcbLevels[%u]", at);
    if (!att_json_want(r->j, id, where, "tcb", ATT_JSON_OBJECT, &tcb, r->err))
        return false;
    if (!(info->version == 2 ? components_v2(r, tcb, where, ret->components)
                             : components_v3(r, tcb, where, "sgxtcbcomponents", ret->components)) ||
        (info->tee == DCAP_TDX && !components_v3(r, tcb, where, "tdxtcbcomponents", ret->tdx_components)) ||
        !att_json_want_u32(r->j, tcb, where, "pcesvn", UINT16_MAX, &pcesvn, r->err))
        return false;
    ret->pcesvn = (uint16_t)pcesvn;
    return dcap_level_verdict(r->j, id, where, r->scratch, r->keep, &ret->verdict, r->err);
}

/* SGX components as one big number, then PCESVN, then the TDX components (all zero for SGX). */
static int level_compare(const struct dcap_tcb_level *a, const struct dcap_tcb_level *b)
{
    int by_components = memcmp(a->components, b->components, 16);

    if (by_components)
        return by_components;
    if (a->pcesvn != b->pcesvn)
        return (int)a->pcesvn - (int)b->pcesvn;
    return memcmp(a->tdx_components, b->tdx_components, 16);
}

/* Intel's files are sorted, best level first. A file that is not would let a low level hide the high one that
 * the platform reaches (or the reverse), so the order is made, as Intel's own verifier does. */
static void level_insert(struct dcap_tcb_level *levels, size_t count, const struct dcap_tcb_level *level)
{
    size_t at = count;

    for (; at > 0 && level_compare(&levels[at - 1], level) < 0; at--)
        levels[at] = levels[at - 1];
    levels[at] = *level;
}

static bool levels_read(const struct reading *r, att_json_id body, struct dcap_tcb_info *info)
{
    att_json_id list;
    unsigned at = 0;

    if (!dcap_levels_list(r->j, body, "", &list, r->err))
        return false;
    struct dcap_tcb_level *levels = att_arena_alloc(r->keep, r->j->nodes[list].count, sizeof *levels);
    if (!levels)
        return att_fail_memory(r->err, WHERE);
    for (att_json_id id = att_json_first(r->j, list); id != ATT_JSON_NONE; id = att_json_next(r->j, id)) {
        struct dcap_tcb_level level = { 0 };
        if (!level_read(r, id, at, info, &level))
            return false;
        level_insert(levels, at++, &level);
    }
    /* Sorted, so equal ones are neighbours. */
    for (unsigned i = 1; i < at; i++)
        if (level_compare(&levels[i - 1], &levels[i]) == 0)
            return att_fail(r->err, ATT_JSON_RANGE, "tcbLevels", "every level once",
                            "two levels with the same components");
    info->levels = levels;
    info->level_count = at;
    return true;
}

static bool module_read(const struct reading *r, att_json_id id, const char *where,
                        struct dcap_tdx_module *ret)
{
    /* The mask is only read: attributes must be zero in the report and in the document, with or without it. */
    uint8_t mask[8];

    return att_json_want_hex(r->j, r->scratch, id, where, "mrsigner", ret->mrsigner, sizeof ret->mrsigner,
                             r->err) &&
           att_json_want_hex(r->j, r->scratch, id, where, "attributes", ret->attributes,
                             sizeof ret->attributes, r->err) &&
           att_json_want_hex(r->j, r->scratch, id, where, "attributesMask", mask, sizeof mask, r->err);
}

/* "TDX_" and two hex digits, in any case. False: no such name. */
static bool version_of(struct att_span id, uint8_t *ret)
{
    static const char prefix[4] = "TDX_";

    if (id.len != sizeof prefix + 2)
        return false;
    for (size_t i = 0; i < sizeof prefix; i++) {
        bool lower = id.ptr[i] >= 'a' && id.ptr[i] <= 'z';
        if ((char)(lower ? id.ptr[i] - 'a' + 'A' : id.ptr[i]) != prefix[i])
            return false;
    }
    return att_hex_read(att_span_of(id.ptr + sizeof prefix, 2), ret, 1);
}

const struct dcap_tdx_module_identity *dcap_tdx_module_of(const struct dcap_tcb_info *info, uint8_t version)
{
    for (size_t i = 0; i < info->module_count; i++)
        if (info->modules[i].version == version)
            return &info->modules[i];
    return NULL;
}

/* An identity of another kind of name is read and left out: it can match no module. */
static bool identities_read(const struct reading *r, att_json_id list, struct dcap_tcb_info *info)
{
    uint32_t total = r->j->nodes[list].count;
    char where[48];
    unsigned at = 0;

    if (att_json_type(r->j, list) != ATT_JSON_ARRAY || total > DCAP_TDX_MODULES_MAX)
        return att_fail(r->err, ATT_JSON_TYPE, "tdxModuleIdentities", "a list of at most 64",
                        "something else");
    struct dcap_tdx_module_identity *all = att_arena_alloc(r->keep, total ? total : 1, sizeof *all);
    if (!all)
        return att_fail_memory(r->err, WHERE);
    info->modules = all;
    for (att_json_id id = att_json_first(r->j, list); id != ATT_JSON_NONE; id = att_json_next(r->j, id)) {
        struct dcap_tdx_module_identity m = { 0 };
        struct att_span name;
        (void)snprintf(where, sizeof where, "tdxModuleIdentities[%u]", at++);
        if (!att_json_want_string(r->j, r->scratch, id, where, "id", &name, r->err) ||
            !module_read(r, id, where, &m.module) ||
            !dcap_svn_levels_read(r->j, id, where, r->scratch, r->keep, &m.levels, &m.level_count, r->err))
            return false;
        if (!version_of(name, &m.version))
            continue;
        if (dcap_tdx_module_of(info, m.version))
            return att_fail(r->err, ATT_JSON_RANGE, where, "every module identity once", "TDX_%02x twice",
                            m.version);
        all[info->module_count++] = m;
    }
    return true;
}

static bool modules_read(const struct reading *r, att_json_id body, struct dcap_tcb_info *info)
{
    att_json_id module;
    att_json_id list = att_json_get(r->j, body, "tdxModuleIdentities");

    if (info->tee != DCAP_TDX)
        return true;
    if (list == ATT_JSON_NONE && att_json_get(r->j, body, "tdxModule") == ATT_JSON_NONE)
        return att_fail(r->err, ATT_TCB_INFO_MISMATCH, WHERE ".id", "SGX, or TDX with its modules",
                        "TDX over the members of an SGX document");
    if (!att_json_want(r->j, body, "", "tdxModule", ATT_JSON_OBJECT, &module, r->err) ||
        !module_read(r, module, "tdxModule", &info->tdx_module))
        return false;
    return list == ATT_JSON_NONE || identities_read(r, list, info);
}

static bool tee_read(const struct reading *r, att_json_id body, struct dcap_tcb_info *info)
{
    struct att_span id;

    if (info->version == 2) {
        info->tee = DCAP_SGX; /* version 2 knows no other */
        return true;
    }
    if (!att_json_want_string(r->j, r->scratch, body, "", "id", &id, r->err))
        return false;
    if (!att_span_is(id, "SGX") && !att_span_is(id, "TDX"))
        return att_fail(r->err, ATT_TCB_INFO_MISMATCH, WHERE ".id", "SGX or TDX", "%s",
                        att_shown(&(struct att_shown){ 0 }, id));
    info->tee = att_span_is(id, "TDX") ? DCAP_TDX : DCAP_SGX;
    return true;
}

static bool content_read(const struct reading *r, att_json_id body, struct dcap_tcb_info *info)
{
    uint32_t type;

    if (!att_json_want_u32(r->j, body, "", "version", UINT32_MAX, &info->version, r->err))
        return false;
    if (info->version != 2 && info->version != 3)
        return att_fail(r->err, ATT_TCB_INFO_MISMATCH, WHERE ".version", "2 or 3", "%u", info->version);
    if (!tee_read(r, body, info) ||
        !dcap_window(r->j, r->scratch, body, "", &info->issued_unix_s, &info->next_unix_s, r->err) ||
        !att_json_want_hex(r->j, r->scratch, body, "", "fmspc", info->fmspc, sizeof info->fmspc, r->err) ||
        !att_json_want_hex(r->j, r->scratch, body, "", "pceId", info->pceid, sizeof info->pceid, r->err) ||
        !att_json_want_u32(r->j, body, "", "tcbType", UINT32_MAX, &type, r->err) ||
        !att_json_want_u32(r->j, body, "", "tcbEvaluationDataNumber", UINT32_MAX, &info->evaluation_number,
                           r->err))
        return false;
    if (type != 0)
        return att_fail(r->err, ATT_JSON_RANGE, "tcbType", "0", "%u", type);
    return modules_read(r, body, info) && levels_read(r, body, info);
}

bool dcap_tcb_info_read(const struct att_json *j, att_json_id body, struct att_arena *scratch,
                        struct att_arena *keep, struct dcap_tcb_info *ret, struct att_err *err)
{
    struct dcap_tcb_info info = { 0 };
    struct att_err inner = { 0 };
    const struct reading r = { j, scratch, keep, &inner };

    if (!content_read(&r, body, &info)) {
        if (inner.code != ATT_TCB_INFO_MISMATCH)
            (void)att_fail_as(&inner, ATT_TCB_INFO_MALFORMED, WHERE);
        if (err && err->code == ATT_OK)
            *err = inner;
        return false;
    }
    *ret = info;
    return true;
}
