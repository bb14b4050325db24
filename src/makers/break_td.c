/* Breaks of a trust domain's quote, and of what TCB info says about TDX modules. */
#include "makers/plan.h"

#include <stdio.h>

/* An enclave's body of zeros with the same report data, under a header that says so. */
static void become_sgx(struct mk_plan *p)
{
    uint8_t data[64];

    memcpy(data, p->quote.body + 520, sizeof data);
    memset(p->quote.body, 0, sizeof p->quote.body);
    memcpy(p->quote.body + 320, data, sizeof data);
    p->quote.body_len = MK_BODY_BYTES;
    p->quote.header.tee_type = MK_TEE_SGX;
}

static bool set_debug(struct mk_plan *p)
{
    if (p->quote.body[120] & 0x01)
        return false;
    p->quote.body[120] |= 0x01;
    return true;
}

bool mk_break_td(struct mk_plan *p)
{
    struct mk_quote_plan *q = &p->quote;

    switch (p->o.broken) {
    case MK_BREAK_SGX_QUOTE:
        become_sgx(p);
        return true;
    case MK_BREAK_TD_VERSION_3:
        q->header.version = 3;
        return true;
    case MK_BREAK_TD_VERSION_5:
        q->header.version = 5;
        return true;
    case MK_BREAK_TD_TEE_SGX_V4:
    case MK_BREAK_TD_TEE_SGX_V5:
        q->header.tee_type = MK_TEE_SGX;
        return true;
    case MK_BREAK_TD_BODY_TYPE_1:
        q->body_type = MK_BODY_SGX;
        return true;
    case MK_BREAK_TD_BODY_TYPE_2:
        q->body_type = MK_BODY_TD_10;
        return true;
    case MK_BREAK_TD_BODY_TYPE_3:
        q->body_type = MK_BODY_TD_15;
        return true;
    case MK_BREAK_TD_DEBUG:
        return set_debug(p);
    default:
        return false;
    }
}

/* The module of this domain; one of version 0 has no identity, then the first will do. */
static struct mk_tdx_module *module_of(struct mk_plan *p)
{
    struct mk_tdx_tcb *t = &p->o.tdx;

    for (size_t i = 0; i < t->module_count; i++)
        if (t->modules[i].version == p->o.td.tee_tcb_svn[1])
            return &t->modules[i];
    return t->module_count > 0 ? &t->modules[0] : NULL;
}

/* The id of one module, "TDX_01", written another way. */
static bool edit_id(struct mk_plan *p, const struct mk_tdx_module *m)
{
    struct mk_edit *e = &p->tcb_info.envelope.before;
    unsigned v = m->version;

    (void)snprintf(e->find, sizeof e->find, "\"id\":\"TDX_%02X\"", v);
    if (p->o.broken == MK_BREAK_MODULE_ID)
        (void)snprintf(e->put, sizeof e->put, "\"id\":\"TDY_%02X\"", v);
    else if (p->o.broken == MK_BREAK_MODULE_ID_DIGITS)
        (void)snprintf(e->put, sizeof e->put, "\"id\":\"TDX_%X\"", v & 15);
    else
        (void)snprintf(e->put, sizeof e->put, "\"id\":\"tdx_%02x\"", v);
    return true;
}

static bool repeat_module(struct mk_plan *p, const struct mk_tdx_module *m)
{
    struct mk_tdx_tcb *t = &p->o.tdx;

    if (t->module_count >= MK_MODULES_MAX)
        return false;
    t->modules[t->module_count++] = *m;
    return true;
}

static bool repeat_module_level(struct mk_tdx_module *m)
{
    if (m->level_count < 1 || m->level_count >= MK_LEVELS_MAX)
        return false;
    m->levels[m->level_count++] = m->levels[0];
    return true;
}

static bool rename_member(struct mk_plan *p, const char *member)
{
    struct mk_edit *e = &p->tcb_info.envelope.before;

    (void)snprintf(e->find, sizeof e->find, "\"%s\":", member);
    (void)snprintf(e->put, sizeof e->put, "\"%sWas\":", member);
    return true;
}

static bool break_identity(struct mk_plan *p, struct mk_tdx_module *m)
{
    struct mk_edit *e = &p->tcb_info.envelope.before;

    switch (p->o.broken) {
    case MK_BREAK_MODULE_TWICE:
        return repeat_module(p, m);
    case MK_BREAK_MODULE_TWICE_CASE:
        return repeat_module(p, m) && edit_id(p, m);
    case MK_BREAK_MODULE_ID:
    case MK_BREAK_MODULE_ID_DIGITS:
        return edit_id(p, m);
    case MK_BREAK_MODULE_HEX:
        (void)snprintf(e->find, sizeof e->find, "\"id\":\"TDX_%02X\",\"mrsigner\":\"%02x", m->version,
                       m->mrsigner[0]);
        (void)snprintf(e->put, sizeof e->put, "\"id\":\"TDX_%02X\",\"mrsigner\":\"", m->version);
        return true;
    case MK_BREAK_MODULE_NO_LEVELS:
        m->level_count = 0;
        return true;
    case MK_BREAK_MODULE_LEVEL_TWICE:
        return repeat_module_level(m);
    case MK_BREAK_MODULE_LEVEL_STATUS:
        m->levels[0].status = "ConfigurationNeeded";
        return true;
    default:
        return false;
    }
}

bool mk_break_modules(struct mk_plan *p)
{
    struct mk_tcb_info_plan *t = &p->tcb_info;
    struct mk_edit *e = &t->envelope.before;
    struct mk_tdx_module *m = module_of(p);

    switch (p->o.broken) {
    case MK_BREAK_TDX_15:
        t->first_level_tdx_components = 15;
        return true;
    case MK_BREAK_TDX_17:
        t->first_level_tdx_components = 17;
        return true;
    case MK_BREAK_TDX_NO_COMPONENTS:
        return t->no_tdx_components = p->o.level_count > 1;
    case MK_BREAK_TDX_COMPONENT_256:
        (void)snprintf(e->find, sizeof e->find, "\"tdxtcbcomponents\":[{\"svn\":%u}",
                       p->o.levels[0].tdx_components[0]);
        (void)snprintf(e->put, sizeof e->put, "\"tdxtcbcomponents\":[{\"svn\":256}");
        return true;
    case MK_BREAK_MODULE_ABSENT:
        return rename_member(p, "tdxModule");
    case MK_BREAK_MODULES_ABSENT:
        return rename_member(p, "tdxModuleIdentities");
    case MK_BREAK_MODULES_UNSORTED:
        return t->module_levels_lowest_first = true;
    default:
        return m && break_identity(p, m);
    }
}
