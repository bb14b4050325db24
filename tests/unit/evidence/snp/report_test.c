/* layers: evidence/snp base */
/* The report, put together here byte by byte after the specification's table: every field where it belongs, every rule
 * broken alone, every length but one. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "evidence/snp/cert_table.h"
#include "evidence/snp/report.h"
#include "support/cases.h"

static struct cases cases = { .name = "evidence.snp_report" };

enum { SIZE = SNP_REPORT_BYTES };

/* Every byte that no rule binds holds its own offset, so that a field read from elsewhere shows. */
static void report_make(uint8_t b[SIZE], uint8_t version, uint8_t family, uint8_t model)
{
    static const struct {
        size_t at;
        size_t len;
    } zero[] = { { 0x00, 4 },   { 0x0c, 4 },   { 0x34, 4 },   { 0x48, 8 },
                 { 0x2d0, 24 }, { 0x318, 24 }, { 0x330, 368 } };

    for (size_t i = 0; i < SIZE; i++)
        b[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++)
        memset(b + zero[i].at, 0, zero[i].len);
    b[0x00] = version;
    b[0x0a] = 0x02; /* policy: bit 17 */
    b[0x0b] = 0;
    b[0x34] = 1;
    b[0x188] = family;
    b[0x189] = model;
}

static bool parse(const uint8_t b[SIZE], struct snp_report *ret, struct att_err *err)
{
    *err = (struct att_err){ 0 };
    return snp_report_parse(att_span_of(b, SIZE), ret, err);
}

static void fields(void)
{
    uint8_t b[SIZE];
    struct snp_report p;
    struct att_err err;
    const struct {
        const char *name;
        const struct att_span *got;
        size_t at;
        size_t len;
    } rows[] = {
        { "family_id", &p.family_id, 0x10, 16 },     { "image_id", &p.image_id, 0x20, 16 },
        { "current", &p.current.raw, 0x38, 8 },      { "report_data", &p.report_data, 0x50, 64 },
        { "measurement", &p.measurement, 0x90, 48 }, { "host_data", &p.host_data, 0xc0, 32 },
        { "id_key", &p.id_key_digest, 0xe0, 48 },    { "author_key", &p.author_key_digest, 0x110, 48 },
        { "report_id", &p.report_id, 0x140, 32 },    { "report_id_ma", &p.report_id_ma, 0x160, 32 },
        { "reported", &p.reported.raw, 0x180, 8 },   { "chip_id", &p.chip_id, 0x1a0, 64 },
        { "committed", &p.committed.raw, 0x1e0, 8 }, { "launch", &p.launch.raw, 0x1f0, 8 },
        { "signed", &p.signed_bytes, 0, 0x2a0 },     { "whole", &p.whole, 0, SIZE },
    };

    report_make(b, 5, 0x19, 0x01);
    bool ok = parse(b, &p, &err);
    cases_check(&cases, ok, "a report: %s", err.text);
    if (!ok)
        return;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cases_check(&cases, rows[i].got->ptr == b + rows[i].at && rows[i].got->len == rows[i].len, "field %s",
                    rows[i].name);
    cases_check(&cases, p.version == 5 && p.guest_svn == 0x312a231cu && p.signature_algo == 1, "numbers");
    cases_check(&cases,
                p.vmpl == (uint32_t)(b[0x30] | b[0x31] << 8 | b[0x32] << 16) + ((uint32_t)b[0x33] << 24),
                "vmpl");
    cases_check(&cases,
                p.current_version.build == b[0x1e8] && p.current_version.minor == b[0x1e9] &&
                    p.current_version.major == b[0x1ea] && p.committed_version.build == b[0x1ec] &&
                    p.committed_version.minor == b[0x1ed] && p.committed_version.major == b[0x1ee],
                "firmware versions: build, minor, major");
    cases_check(&cases, (p.launch_mit_vector & 0xff) == b[0x1f8] && (p.current_mit_vector & 0xff) == b[0x200],
                "mitigation vectors");
    bool reversed = true;
    for (size_t i = 0; i < 48; i++)
        reversed =
            reversed && p.signature[i] == b[0x2a0 + 47 - i] && p.signature[48 + i] == b[0x2e8 + 47 - i];
    cases_check(&cases, reversed, "r and s are turned round");
}

/* The same eight bytes mean other things to the two families; a v2 report is of family 19h whatever its bytes say. */
static void products(void)
{
    static const struct {
        uint8_t version, family, model;
        enum snp_product product;
        bool turin;
    } rows[] = {
        { 2, 0x00, 0x00, SNP_PRODUCT_UNKNOWN, false },
        { 2, 0x1a, 0x02, SNP_PRODUCT_UNKNOWN, false },
        { 3, 0x19, 0x00, SNP_MILAN, false },
        { 3, 0x19, 0x0f, SNP_MILAN, false },
        { 3, 0x19, 0x10, SNP_GENOA, false },
        { 4, 0x19, 0x1f, SNP_GENOA, false },
        { 3, 0x19, 0x20, SNP_PRODUCT_UNKNOWN, false },
        { 3, 0x19, 0x9f, SNP_PRODUCT_UNKNOWN, false },
        { 3, 0x19, 0xa0, SNP_GENOA, false },
        { 3, 0x19, 0xaf, SNP_GENOA, false },
        { 3, 0x19, 0xb0, SNP_PRODUCT_UNKNOWN, false },
        { 3, 0x1a, 0x00, SNP_TURIN, true },
        { 5, 0x1a, 0x11, SNP_TURIN, true },
        { 5, 0x1a, 0x12, SNP_PRODUCT_UNKNOWN, true },
        { 5, 0x17, 0x01, SNP_PRODUCT_UNKNOWN, false },
        { 5, 0x1b, 0x01, SNP_PRODUCT_UNKNOWN, false },
    };
    uint8_t b[SIZE];
    struct snp_report p;
    struct att_err err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        report_make(b, rows[i].version, rows[i].family, rows[i].model);
        bool ok = parse(b, &p, &err);
        const uint8_t *t = b + 0x180;
        cases_check(&cases, ok && p.product == rows[i].product && p.reported.has_fmc == rows[i].turin,
                    "v%u %02x/%02x: %s", rows[i].version, rows[i].family, rows[i].model, err.text);
        if (rows[i].turin)
            cases_check(&cases,
                        p.reported.fmc == t[0] && p.reported.bootloader == t[1] && p.reported.tee == t[2] &&
                            p.reported.snp == t[3] && p.reported.microcode == t[7],
                        "row %zu: layout of Turin", i);
        else
            cases_check(&cases,
                        p.reported.fmc == 0 && p.reported.bootloader == t[0] && p.reported.tee == t[1] &&
                            p.reported.snp == t[6] && p.reported.microcode == t[7],
                        "row %zu: layout of Milan and Genoa", i);
        cases_check(&cases, p.has_mitigation == (rows[i].version >= 5), "row %zu: mitigation vectors", i);
    }
}

static void rules(void)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
        enum att_code want;
    } rows[] = {
        { "version 0", 0x00, 0, ATT_SNP_VERSION },
        { "version 1", 0x00, 1, ATT_SNP_VERSION },
        { "version 2", 0x00, 2, ATT_OK },
        { "version 5", 0x00, 5, ATT_OK },
        { "version 6", 0x00, 6, ATT_SNP_VERSION },
        { "version 0x103", 0x01, 1, ATT_SNP_VERSION },
        { "version with its top bit", 0x03, 0x80, ATT_SNP_VERSION },
        { "policy without bit 17", 0x0a, 0x01, ATT_SNP_POLICY },
        { "policy: bits 16 to 23", 0x0a, 0xff, ATT_OK },
        { "policy: bits 24, 25", 0x0b, 0x03, ATT_OK },
        { "policy: bit 26", 0x0b, 0x04, ATT_SNP_POLICY },
        { "policy: bit 32", 0x0c, 0x01, ATT_SNP_POLICY },
        { "policy: bit 63", 0x0f, 0x80, ATT_SNP_POLICY },
        { "algorithm 0", 0x34, 0, ATT_SNP_SIGNATURE_ALGO },
        { "algorithm 2", 0x34, 2, ATT_SNP_SIGNATURE_ALGO },
        { "algorithm 0x101", 0x35, 1, ATT_SNP_SIGNATURE_ALGO },
        { "platform info", 0x40, 0xff, ATT_OK },
        { "author key", 0x48, 0x01, ATT_OK },
        { "E-r: masked chip key", 0x48, 0x02, ATT_SNP_SIGNING_KEY },
        { "VLEK", 0x48, 0x04, ATT_OK },
        { "key 2", 0x48, 0x08, ATT_SNP_SIGNING_KEY },
        { "key 6", 0x48, 0x18, ATT_SNP_SIGNING_KEY },
        { "key 7", 0x48, 0x1c, ATT_SNP_SIGNING_KEY },
        { "key info: bit 5", 0x48, 0x20, ATT_SNP_RESERVED },
        { "key info: bit 31", 0x4b, 0x80, ATT_SNP_RESERVED },
        { "behind the key info", 0x4c, 0x01, ATT_SNP_RESERVED },
        { "behind the key info, end", 0x4f, 0x01, ATT_SNP_RESERVED },
        { "r: byte 48", 0x2d0, 1, ATT_SNP_SIGNATURE_RANGE },
        { "r: byte 71", 0x2e7, 1, ATT_SNP_SIGNATURE_RANGE },
        { "s: byte 48", 0x318, 1, ATT_SNP_SIGNATURE_RANGE },
        { "s: byte 71", 0x32f, 1, ATT_SNP_SIGNATURE_RANGE },
        { "behind the signature", 0x330, 1, ATT_SNP_RESERVED },
        { "last byte", 0x49f, 0x80, ATT_SNP_RESERVED },
    };
    uint8_t b[SIZE];
    struct att_err err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct snp_report p = { .version = 77 };
        report_make(b, 3, 0x19, 0x01);
        b[rows[i].at] = rows[i].value;
        bool ok = parse(b, &p, &err);
        cases_check(&cases, ok == (rows[i].want == ATT_OK) && err.code == rows[i].want, "%s: %s",
                    rows[i].name, err.text);
        cases_check(&cases, ok || (p.version == 77 && err.where[0] && err.found[0] && err.expected[0]),
                    "%s: says too little, or changed its output", rows[i].name);
    }
}

/* The halves against the order of the curve, n-1 and n, at both ends. */
static void scalars(void)
{
    static const char order[] = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
                                "581a0db248b0a77aecec196accc52973";
    static const size_t halves[] = { 0x2a0, 0x2e8 };
    uint8_t n[48], b[SIZE];
    struct snp_report p;
    struct att_err err;

    cases_check(&cases, att_hex_read(att_str(order), n, sizeof n), "the order");
    for (size_t h = 0; h < 2; h++)
        for (int less = -1; less <= 1; less++) {
            report_make(b, 3, 0x19, 0x01);
            for (size_t i = 0; i < 48; i++)
                b[halves[h] + i] = n[47 - i];
            b[halves[h]] = (uint8_t)(b[halves[h]] + less);
            bool ok = parse(b, &p, &err);
            cases_check(&cases, ok == (less < 0) && (ok || err.code == ATT_SNP_SIGNATURE_RANGE),
                        "half %zu: order %+d: %s", h, less, err.text);
        }
    for (size_t h = 0; h < 2; h++)
        for (unsigned one = 0; one < 2; one++) {
            report_make(b, 3, 0x19, 0x01);
            memset(b + halves[h], 0, 48);
            b[halves[h]] = (uint8_t)one;
            bool ok = parse(b, &p, &err);
            cases_check(&cases, ok == (one == 1) && (ok || err.code == ATT_SNP_SIGNATURE_RANGE),
                        "half %zu: %u", h, one);
        }
}

/* E-r: compared as one number, a higher microcode would hide a lower boot loader. */
static void order(void)
{
    const struct snp_tcb low = { .bootloader = 3, .tee = 1, .snp = 8, .microcode = 100 };
    const struct {
        const char *which;
        struct snp_tcb tcb;
    } rows[] = {
        { "fmc", { .fmc = 1, .bootloader = 3, .tee = 1, .snp = 8, .microcode = 100 } },
        { "bootloader", { .bootloader = 4, .tee = 1, .snp = 8, .microcode = 99 } },
        { "tee", { .bootloader = 2, .tee = 2, .snp = 8, .microcode = 99 } },
        { "snp", { .bootloader = 3, .tee = 1, .snp = 9, .microcode = 0 } },
        { "microcode", { .bootloader = 0, .tee = 0, .snp = 0, .microcode = 101 } },
    };
    const char *which = "";

    cases_check(&cases, snp_tcb_at_most(&low, &low, &which), "equal is at most");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cases_check(&cases, !snp_tcb_at_most(&rows[i].tcb, &low, &which) && strcmp(which, rows[i].which) == 0,
                    "%s is higher: %s", rows[i].which, which);
}

static void lengths(void)
{
    static const char *const forms[] = { "02000000", "AwAAA", "{\"report\"",     "-----BEGIN CERTIFICATE",
                                         "0x02",     "HCLA",  "eyJTbnBSZXBvcnQi" };
    uint8_t b[SIZE + 32] = { 0 };
    struct snp_report p;
    struct att_err err;

    report_make(b, 3, 0x19, 0x01);
    for (size_t len = 0; len <= SIZE + 32; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        if (!exact)
            abort();
        memcpy(exact, b, len);
        err = (struct att_err){ 0 };
        bool ok = snp_report_parse(att_span_of(exact, len), &p, &err);
        cases_check(&cases, ok == (len == SIZE) && (ok || err.code == ATT_SNP_LENGTH), "%zu bytes: %s", len,
                    err.text);
        free(exact);
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        err = (struct att_err){ 0 };
        bool ok = snp_report_parse(att_str(forms[i]), &p, &err);
        cases_check(&cases, !ok && err.code == ATT_SNP_LENGTH && !strstr(err.found, " bytes"), "%s: %s",
                    forms[i], err.text);
    }
    memmove(b + 32, b, SIZE);
    memset(b, 0, 32);
    b[4] = 0xa0;
    b[5] = 0x04;
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !snp_report_parse(att_span_of(b, SIZE + 32), &p, &err) && strstr(err.found, "response"),
                "a firmware response: %s", err.text);
}

/* -- the certificate table ------------------------------------------------------------------------------------------- */

static const uint8_t guids[SNP_TABLE_CERTS + 1][16] = {
    { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd },
    { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 },
    { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 },
    { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae },
    { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
};

static void put32(uint8_t *at, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

static void entry_put(uint8_t *table, size_t at, size_t guid, uint32_t offset, uint32_t length)
{
    memcpy(table + at * SNP_TABLE_ENTRY_BYTES, guids[guid], 16);
    put32(table + at * SNP_TABLE_ENTRY_BYTES + 16, offset);
    put32(table + at * SNP_TABLE_ENTRY_BYTES + 20, length);
}

static bool table_read(const uint8_t *table, size_t len, struct snp_cert_table *ret, struct att_err *err)
{
    uint8_t *exact = malloc(len ? len : 1);

    if (!exact)
        abort();
    memcpy(exact, table, len);
    *err = (struct att_err){ 0 };
    bool ok = snp_cert_table_parse(att_span_of(exact, len), ret, err);
    for (size_t i = 0; ok && i < SNP_TABLE_CERTS; i++) /* offsets: the copy goes */
        if (ret->certs[i].len > 0)
            ret->certs[i].ptr = table + (ret->certs[i].ptr - exact);
    free(exact);
    return ok;
}

static void tables(void)
{
    enum { ENTRIES = 5, BLOBS = (ENTRIES + 1) * SNP_TABLE_ENTRY_BYTES, LEN = BLOBS + ENTRIES * 10 };
    static const struct {
        const char *name;
        size_t entry;
        uint32_t offset, length;
        bool good;
    } rows[] = {
        { "as it is", 0, BLOBS, 10, true },
        { "first byte behind the entries", 2, BLOBS, 1, true },
        { "last byte", 2, LEN - 1, 1, true },
        { "inside the last entry", 2, BLOBS - 1, 10, false },
        { "offset 0", 2, 0, 10, false },
        { "at the end", 2, LEN, 1, false },
        { "behind the end", 2, LEN + 1, 1, false },
        { "one byte too long", 2, LEN - 9, 10, false },
        { "no length", 2, BLOBS, 0, false },
        { "offset that wraps", 2, 0xffffffffu, 10, false },
        { "length that wraps", 2, BLOBS, 0xffffffffu, false },
        { "sum that wraps", 2, BLOBS, 0u - BLOBS + 5, false },
        { "unknown kind outside", 4, LEN, 1, false },
    };
    uint8_t good[LEN + 64] = { 0 };
    struct snp_cert_table t;
    struct att_err err;

    for (uint32_t i = 0; i < ENTRIES; i++)
        entry_put(good, i, i, BLOBS + 10 * i, 10);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t b[LEN];
        memcpy(b, good, LEN);
        entry_put(b, rows[i].entry, rows[i].entry, rows[i].offset, rows[i].length);
        bool ok = table_read(b, LEN, &t, &err);
        cases_check(&cases, ok == rows[i].good && (ok || err.code == ATT_SNP_CERT_TABLE), "table: %s: %s",
                    rows[i].name, err.text);
    }
    for (size_t len = 0; len < LEN; len++)
        cases_check(&cases, !table_read(good, len, &t, &err) && err.code == ATT_SNP_CERT_TABLE,
                    "table cut to %zu: %s", len, err.text);
    cases_check(&cases, table_read(good, LEN + 64, &t, &err), "table with padding: %s", err.text);
    for (size_t i = 0; i < SNP_TABLE_CERTS; i++)
        cases_check(&cases, t.certs[i].ptr == good + BLOBS + 10 * i && t.certs[i].len == 10,
                    "certificate %zu", i);
    for (size_t i = 0; i < SNP_TABLE_CERTS; i++) {
        uint8_t b[LEN];
        memcpy(b, good, LEN);
        entry_put(b, 4, i, BLOBS + 40, 10);
        cases_check(&cases, !table_read(b, LEN, &t, &err), "kind %zu twice", i);
    }
    uint8_t many[(SNP_TABLE_ENTRIES_MAX + 2) * SNP_TABLE_ENTRY_BYTES + 1] = { 0 };
    for (size_t i = 0; i <= SNP_TABLE_ENTRIES_MAX; i++)
        entry_put(many, i, 4, sizeof many - 1, 1);
    cases_check(&cases, !table_read(many, sizeof many, &t, &err) && err.code == ATT_SNP_CERT_TABLE,
                "33 entries");
    memset(many + (size_t)SNP_TABLE_ENTRIES_MAX * SNP_TABLE_ENTRY_BYTES, 0, SNP_TABLE_ENTRY_BYTES);
    cases_check(&cases, table_read(many, sizeof many, &t, &err), "32 entries: %s", err.text);
}

int main(void)
{
    fields();
    products();
    rules();
    scalars();
    order();
    lengths();
    tables();
    return cases_report(&cases);
}
