#include "evidence/common/dcap_enclave.h"

#include "base/reader.h"

struct dcap_enclave dcap_enclave_read(struct att_span body)
{
    struct att_reader r = att_reader_of(body);
    struct dcap_enclave e = { 0 };

    e.cpusvn = att_take(&r, 16);
    e.miscselect_bytes = att_take(&r, 4);
    (void)att_take(&r, 12); /* reserved */
    e.ext_prod_id = att_take(&r, 16);
    e.attributes = att_take(&r, 16);
    e.mrenclave = att_take(&r, 32);
    (void)att_take(&r, 32); /* reserved */
    e.mrsigner = att_take(&r, 32);
    (void)att_take(&r, 32); /* reserved */
    e.config_id = att_take(&r, 64);
    e.prod_id = att_take_u16le(&r);
    e.svn = att_take_u16le(&r);
    e.config_svn = att_take_u16le(&r);
    (void)att_take(&r, 42); /* reserved */
    e.family_id = att_take(&r, 16);
    e.report_data = att_take(&r, 64);

    struct att_reader misc = att_reader_of(e.miscselect_bytes);
    e.miscselect = att_take_u32le(&misc);
    if (e.attributes.len > 0) {
        e.debug = e.attributes.ptr[0] & DCAP_ATTRIBUTE_DEBUG;
        e.kss = e.attributes.ptr[0] & DCAP_ATTRIBUTE_KSS;
    }
    return e;
}
