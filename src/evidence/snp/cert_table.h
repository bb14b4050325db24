/* evidence/snp/cert_table.h - the certificate table behind a report (extended report): entries of 24 bytes, each a GUID,
 * an offset and a length, closed by one of zeros; then DER certificates. Nobody signs the table: it is only where the
 * certificates lie. Spec: AMD 56421 (GHCB), "SNP extended guest request".
 */
#ifndef EVIDENCE_SNP_CERT_TABLE_H
#define EVIDENCE_SNP_CERT_TABLE_H

#include <attest/error.h>

enum {
    SNP_TABLE_ENTRY_BYTES = 24,
    SNP_TABLE_ENTRIES_MAX = 32, /* five kinds are known; hosts may add their own */
};

enum snp_table_cert { SNP_TABLE_VCEK, SNP_TABLE_VLEK, SNP_TABLE_ASK, SNP_TABLE_ARK, SNP_TABLE_CERTS };

/* DER, borrowed; empty when the table has none. ASK is the ASVK where a VLEK stands. */
struct snp_cert_table {
    struct att_span certs[SNP_TABLE_CERTS];
};

/* `bytes` is everything behind the report. SNP_CERT_TABLE. Entries that are not known are passed over once they are seen
 * to lie inside; bytes that no entry names (tables are padded to pages) are not looked at. */
ATT_CHECK bool snp_cert_table_parse(struct att_span bytes, struct snp_cert_table *ret, struct att_err *err);

#endif
