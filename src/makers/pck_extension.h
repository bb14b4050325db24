/* makers/pck_extension.h - the SGX extension of a PCK certificate (OID 1.2.840.113741.1.13.1) as a list of members.
 *
 * A caller that wants a broken extension edits the lists before encoding: drops a member, adds one again, changes a
 * value or a tag. Encoding itself never refuses a value. Private to makers.
 */
#ifndef MAKERS_PCK_EXTENSION_H
#define MAKERS_PCK_EXTENSION_H

#include "base/buf.h"
#include "makers/dcap.h"

#define MK_PCK_EXTENSION_OID "1.2.840.113741.1.13.1"

enum {
    MK_EXT_PPID = 1,
    MK_EXT_TCB,
    MK_EXT_PCEID,
    MK_EXT_FMSPC,
    MK_EXT_SGX_TYPE,
    MK_EXT_INSTANCE,
    MK_EXT_CONFIG
};
enum { MK_EXT_PCESVN = 17, MK_EXT_CPUSVN = 18 };

struct mk_ext_member {
    uint8_t id; /* last arc of the OID */
    uint8_t tag;
    uint8_t value[16];
    size_t len;
};
struct mk_ext_list {
    struct mk_ext_member member[20];
    size_t count;
};
struct mk_pck_extension {
    struct mk_ext_list top;    /* MK_EXT_TCB and MK_EXT_CONFIG take their content from the two lists below */
    struct mk_ext_list tcb;    /* 1..16 components, 17 PCESVN, 18 CPUSVN */
    struct mk_ext_list config; /* platform CA only */
    size_t drop_tail;          /* bytes cut off the end of the encoding */
    size_t extra_tail;         /* zero bytes behind the encoding */
};

void mk_pck_extension_fill(const struct mk_platform *platform, enum mk_ca ca, struct mk_pck_extension *ret);
void mk_pck_extension_encode(const struct mk_pck_extension *ext, struct att_buf *out);

struct mk_ext_member *mk_ext_find(struct mk_ext_list *list, uint8_t id); /* NULL when it is not there */
void mk_ext_drop(struct mk_ext_list *list, uint8_t id);
/* The member a second time, at the end. */
void mk_ext_repeat(struct mk_ext_list *list, uint8_t id);
/* INTEGER, minimal. */
void mk_ext_set_uint(struct mk_ext_member *m, uint32_t value);

#endif
