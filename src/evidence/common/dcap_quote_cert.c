#include "evidence/common/dcap_quote_cert.h"

#include "base/err.h"
#include "base/reader.h"
#include "evidence/common/dcap_quote.h"

#include <stdio.h>

enum { TYPES = 8 };

static const char *const type_names[TYPES] = {
    [1] = "plain PPID",
    [2] = "PPID encrypted with RSA-2048",
    [3] = "PPID encrypted with RSA-3072",
    [4] = "PCK certificate alone",
    [DCAP_CERT_PCK_CHAIN] = "PCK certificate chain",
    [DCAP_CERT_QE_REPORT] = "QE report certification data",
    [7] = "platform manifest",
};

static const char *name_of(uint16_t type)
{
    return type < TYPES && type_names[type] ? type_names[type] : "unknown";
}

static bool type_allowed(uint16_t type, enum dcap_cert_role role, const char *place, struct att_err *err)
{
    struct dcap_place room;
    const char *where = dcap_place(&room, place, "quote.certification_data.type");

    if (role == DCAP_CERT_AROUND_QE_REPORT)
        return type == DCAP_CERT_QE_REPORT ||
               att_fail(err, ATT_CERT_DATA_TYPE, where, "6 (QE report certification data)", "%u (%s)", type,
                        name_of(type));
    if (type < 1 || type > DCAP_CERT_PCK_CHAIN)
        return att_fail(err, ATT_CERT_DATA_TYPE, where, "5 (PCK certificate chain)", "%u (%s)", type,
                        name_of(type));
    if (type != DCAP_CERT_PCK_CHAIN)
        return att_fail(
            err, ATT_CERT_DATA_TYPE_UNSUPPORTED, where,
            "type 5 (PCK certificate chain): configure the quote provider of the attesting host (PCCS or "
            "Azure DCAP client) so that it finds the platform's PCK certificate",
            "type %u (%s), need 5", type, name_of(type));
    return true;
}

bool dcap_cert_data_read(struct att_span section, enum dcap_cert_role role, const char *place,
                         struct att_span *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(section);
    uint16_t type = att_take_u16le(&r);
    uint32_t len = att_take_u32le(&r);
    struct dcap_place room;

    if (r.failed)
        return att_fail(err, ATT_QUOTE_LENGTH, dcap_place(&room, place, "quote.certification_data"),
                        "type and length, 6 bytes", "%zu bytes left", section.len);
    if (len != r.left)
        return att_fail(err, ATT_QUOTE_LENGTH, dcap_place(&room, place, "quote.certification_data.length"),
                        "all that is left of the signature section", "%u, with %zu bytes left", len, r.left);
    if (!type_allowed(type, role, place, err))
        return false;
    *ret = att_take_rest(&r);
    return true;
}
