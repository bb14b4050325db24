/* layers: makers base */
/* Whole evidence over the corners of the options: every signature checks, every field is where the formats say, and
 * what is expected of a verifier follows the table of levels. Then the same reader on recorded evidence of real
 * machines, so that maker and reader do not merely agree with each other. */
#include "makers/hardware.h"
#include "makers/keys.h"
#include "whole.h"

#define AT ((int64_t)1780000000)

static struct cases cases = { .name = "makers.sgx" };

static void read_one(struct facts *f, const struct mk_evidence *ev, const struct known_keys *keys,
                     unsigned form, size_t auth_bytes, size_t trailing)
{
    *f = (struct facts){ .keys = keys,
                         .ev = ev,
                         .form = form,
                         .auth_bytes = auth_bytes,
                         .trailing = trailing,
                         .body_bytes = 384 };
    facts_read(f);
}

static const char *const sgx_always[] = {
    "header.tee_type=0",
    "qeid.id=\"QE\"",
    "qeid.mrsigner=\"8C4F5775D796503E96137F77C68A829A0056AC8DED70140B081B094490C57BFF\"",
};
static const char *const sgx_made_here[] = {
    "oe.version=1", "oe.type=2", "oe.size=+0", "oe.extra=+0", "oe.content=quote",
};

static void check_corner(const struct mk_hardware *hw, const struct mk_sgx_options *o)
{
    struct mk_evidence ev = { 0 };
    struct known_keys keys = { 0 };
    struct facts f;
    struct att_err err = { 0 };
    char label[96], line[96];

    (void)snprintf(label, sizeof label, "v%u ca%d tcb%u auth%u zeros%zu", o->quote_version, (int)o->ca,
                   o->tcb_info_version, o->qe_auth_bytes, o->trailing_zeros);
    bool made = mk_sgx_make(hw, o, &ev, &err);
    cases_check(&cases, made, "%s is not made: %s", label, err.text);
    if (!made)
        return;
    bool platform = o->ca == MK_CA_PLATFORM;
    keys_learn(&keys, platform ? NULL : &ev, platform ? &ev : NULL);
    read_one(&f, &ev, &keys, o->quote_version, o->qe_auth_bytes, o->trailing_zeros);
    CHECK_LINES(label, &f, always);
    CHECK_LINES(label, &f, made_here);
    CHECK_LINES(label, &f, sgx_always);
    CHECK_LINES(label, &f, sgx_made_here);
    (void)snprintf(line, sizeof line, "header.version=%u", o->quote_version);
    cases_check(&cases, has_fact(&f, line), "%s: not %s", label, line);
    bool svns = o->quote_version == 3; /* reserved in the later headers */
    cases_check(&cases,
                has_fact(&f, svns ? "header.qe_svn=8" : "header.qe_svn=0") &&
                    has_fact(&f, svns ? "header.pce_svn=11" : "header.pce_svn=0"),
                "%s: SVNs in the header", label);
    (void)snprintf(line, sizeof line, "tcb.version=%u", o->tcb_info_version);
    cases_check(&cases, has_fact(&f, line), "%s: not %s", label, line);
    cases_check(&cases,
                has_fact(&f, platform ? "chain[0].signed_by=platform" : "chain[0].signed_by=processor"),
                "%s: signed by the wrong CA", label);
    cases_check(&cases, has_fact(&f, platform ? "pck_crl.signed_by=platform" : "pck_crl.signed_by=processor"),
                "%s: CRL of the wrong CA", label);
    cases_check(&cases, has_fact(&f, platform ? "chain[0].sgx0.members=7" : "chain[0].sgx0.members=5"),
                "%s: members of the extension", label);
    cases_check(&cases,
                has_fact(&f, o->tcb_info_version == 2 ? "tcb.tcbLevels[0].tcb.sgxtcbcomp05svn=255"
                                                      : "tcb.tcbLevels[0].tcb.sgxtcbcomponents[4].svn=255"),
                "%s: form of the TCB info", label);
    if (o->quote_version >= 4)
        cases_check(&cases, has_fact(&f, "outer.type=6") && has_fact(&f, "outer.length=+0"), "%s: outer data",
                    label);
    if (o->quote_version == 5)
        cases_check(&cases, has_fact(&f, "descriptor.type=1") && has_fact(&f, "descriptor.size=+0"),
                    "%s: descriptor", label);
    att_buf_free(&f.text);
    keys_forget(&keys);
    mk_evidence_free(&ev);
}

static void check_corners(const struct mk_hardware *hw)
{
    static const uint16_t auth[] = { 0, 1, 32, 1000 };
    struct mk_sgx_options o;

    mk_sgx_defaults(&o, AT);
    for (o.quote_version = 3; o.quote_version <= 5; o.quote_version++)
        for (o.ca = MK_CA_PROCESSOR; o.ca <= MK_CA_PLATFORM; o.ca++)
            for (o.tcb_info_version = 2; o.tcb_info_version <= 3; o.tcb_info_version++)
                for (size_t a = 0; a < 4; a++) {
                    o.qe_auth_bytes = auth[a];
                    o.trailing_zeros = a == 1 ? 70 : 0;
                    check_corner(hw, &o);
                }
}

/* -- fields of the body, by the offsets of the report structure ------------------------------------------------ */

static void check_bytes(const char *what, struct att_span quote, size_t at, const void *want, size_t len)
{
    cases_check(&cases, at + len <= quote.len && memcmp(quote.ptr + at, want, len) == 0, "%s is not at %zu",
                what, at);
}

static void check_body(const struct mk_hardware *hw)
{
    static const char init[] = "{\"config\":1}";
    struct mk_evidence ev = { 0 };
    struct mk_sgx_options o;
    struct att_err err = { 0 };
    uint8_t hash[32];

    mk_sgx_defaults(&o, AT);
    struct mk_enclave *e = &o.enclave;
    memset(e->mrenclave, 0x11, 32);
    memset(e->mrsigner, 0x22, 32);
    memset(e->config_id, 0x33, 64);
    memset(e->ext_product_id, 0x44, 16);
    memset(e->family_id, 0x55, 16);
    memset(e->report_data, 0x66, 64);
    memset(o.platform.cpu_svn, 0x77, 16);
    e->product_id = 0x0102;
    e->svn = 0x0304;
    e->config_svn = 0x0506;
    e->misc_select = 0x0708090a;
    e->xfrm = 0x1122334455667788;
    e->debug = true;
    o.has_init_time_data = true;
    o.init_time_data = att_str(init);
    if (!mk_sgx_make(hw, &o, &ev, &err)) {
        cases_check(&cases, false, "body: %s", err.text);
        return;
    }
    struct att_span q = mk_item(&ev, MK_QUOTE);
    check_bytes("CPUSVN", q, 48 + 0, o.platform.cpu_svn, 16);
    check_bytes("MISCSELECT", q, 48 + 16, "\x0a\x09\x08\x07", 4);
    check_bytes("ISVEXTPRODID", q, 48 + 32, e->ext_product_id, 16);
    check_bytes("ATTRIBUTES (INIT DEBUG MODE64 KSS)", q, 48 + 48, "\x87\0\0\0\0\0\0\0", 8);
    check_bytes("XFRM", q, 48 + 56, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
    check_bytes("MRENCLAVE", q, 48 + 64, e->mrenclave, 32);
    check_bytes("MRSIGNER", q, 48 + 128, e->mrsigner, 32);
    (void)EVP_Digest(init, sizeof init - 1, hash, NULL, EVP_sha256(), NULL);
    check_bytes("CONFIGID, low half", q, 48 + 192, hash, 32);
    check_bytes("CONFIGID, high half", q, 48 + 224, e->config_id + 32, 32);
    check_bytes("ISVPRODID", q, 48 + 256, "\x02\x01", 2);
    check_bytes("ISVSVN", q, 48 + 258, "\x04\x03", 2);
    check_bytes("CONFIGSVN", q, 48 + 260, "\x06\x05", 2);
    check_bytes("ISVFAMILYID", q, 48 + 304, e->family_id, 16);
    (void)EVP_Digest(o.runtime_data.ptr, o.runtime_data.len, hash, NULL, EVP_sha256(), NULL);
    check_bytes("REPORTDATA, hash", q, 48 + 320, hash, 32);
    check_bytes("REPORTDATA, tail", q, 48 + 352, e->report_data + 32, 32);
    mk_evidence_free(&ev);

    o.has_runtime_data = o.has_init_time_data = e->debug = false;
    if (mk_sgx_make(hw, &o, &ev, &err)) {
        q = mk_item(&ev, MK_QUOTE);
        check_bytes("REPORTDATA as given", q, 48 + 320, e->report_data, 64);
        check_bytes("CONFIGID as given", q, 48 + 192, e->config_id, 64);
        check_bytes("ATTRIBUTES (INIT MODE64)", q, 48 + 48, "\x05\0\0\0\0\0\0\0", 8);
        cases_check(&cases, !ev.present[MK_RUNTIME_DATA] && !ev.present[MK_INIT_TIME_DATA],
                    "no data, no item");
    }
    mk_evidence_free(&ev);

    o.has_runtime_data = true;
    o.runtime_data = (struct att_span){ 0 };
    if (mk_sgx_make(hw, &o, &ev, &err)) {
        (void)EVP_Digest("", 0, hash, NULL, EVP_sha256(), NULL);
        check_bytes("the hash of nothing", mk_item(&ev, MK_QUOTE), 48 + 320, hash, 32);
        cases_check(&cases, ev.present[MK_RUNTIME_DATA] && mk_item(&ev, MK_RUNTIME_DATA).len == 0,
                    "empty runtime data is there");
    }
    mk_evidence_free(&ev);
}

/* -- what a verifier must say ---------------------------------------------------------------------------------- */

static void check_expectations(const struct mk_hardware *hw)
{
    static const char *const statuses[] = { "UpToDate",
                                            "SWHardeningNeeded",
                                            "ConfigurationNeeded",
                                            "ConfigurationAndSWHardeningNeeded",
                                            "OutOfDate",
                                            "OutOfDateConfigurationNeeded",
                                            "Revoked" };
    /* the platform's status under a quoting enclave that is OutOfDate */
    static const char *const lowered[] = { "OutOfDate",
                                           "OutOfDate",
                                           "OutOfDateConfigurationNeeded",
                                           "OutOfDateConfigurationNeeded",
                                           "OutOfDate",
                                           "OutOfDateConfigurationNeeded",
                                           "Revoked" };
    static const uint16_t qe_svn[] = { 8, 6, 5, 3 }; /* UpToDate, OutOfDate, Revoked, below all */
    struct mk_sgx_options o;

    mk_sgx_defaults(&o, AT);
    for (size_t s = 0; s < 7; s++)
        for (size_t q = 0; q < 4; q++) {
            struct mk_evidence ev = { 0 };
            struct att_err err = { 0 };
            const char *want[] = { statuses[s], lowered[s], "Revoked", NULL };
            enum att_code code = q == 3 ? ATT_QE_SVN_NOT_SUPPORTED : ATT_OK;
            if (q == 2 || (q < 2 && strcmp(statuses[s], "Revoked") == 0))
                code = ATT_TCB_REVOKED;
            o.levels[0].status = statuses[s];
            o.qe_isv_svn = qe_svn[q];
            bool made = mk_sgx_make(hw, &o, &ev, &err);
            bool same =
                made && (want[q] ? ev.expected_tcb_status && strcmp(want[q], ev.expected_tcb_status) == 0
                                 : ev.expected_tcb_status == NULL);
            cases_check(&cases, same && ev.expected_code == code && ev.also_code == code,
                        "%s with QE %u: %s %s", statuses[s], qe_svn[q], att_code_name(ev.expected_code),
                        ev.expected_tcb_status ? ev.expected_tcb_status : "-");
            mk_evidence_free(&ev);
        }
}

/* -- refusals --------------------------------------------------------------------------------------------------- */

enum wrong {
    WRONG_BREAK,
    WRONG_VERSION_LOW,
    WRONG_VERSION_HIGH,
    WRONG_TCB_VERSION,
    WRONG_TDX_IN_V2,
    WRONG_NO_LEVELS,
    WRONG_MANY_LEVELS,
    WRONG_NO_QE_LEVELS,
    WRONG_STATUS,
    WRONG_STATUS_NULL,
    WRONG_QE_STATUS,
    WRONG_DATE,
    WRONG_ADVISORY,
    WRONG_QE_ADVISORY,
    WRONG_EARLY,
    WRONG_LATE,
    WRONG_TRAILING,
    WRONG_AUTH_FLIP,
    WRONG_NO_ROOM_ABOVE,
    WRONG_NO_ROOM_BELOW,
    WRONG_NO_SECOND_LEVEL,
    WRONG_COUNT
};

static void make_wrong(struct mk_sgx_options *o, enum wrong w)
{
    switch (w) {
    case WRONG_BREAK:
        o->broken = MK_BREAK_COUNT;
        break;
    case WRONG_VERSION_LOW:
        o->quote_version = 2;
        break;
    case WRONG_VERSION_HIGH:
        o->quote_version = 6;
        break;
    case WRONG_TCB_VERSION:
        o->tcb_info_version = 4;
        break;
    case WRONG_TDX_IN_V2:
        o->tcb_info_version = 2;
        o->broken = MK_BREAK_TCB_INFO_TDX;
        break;
    case WRONG_NO_LEVELS:
        o->level_count = 0;
        break;
    case WRONG_MANY_LEVELS:
        o->level_count = MK_LEVELS_MAX + 1;
        break;
    case WRONG_NO_QE_LEVELS:
        o->qe_level_count = 0;
        break;
    case WRONG_STATUS:
        o->levels[1].status = "Uptodate";
        break;
    case WRONG_STATUS_NULL:
        o->levels[0].status = NULL;
        break;
    case WRONG_QE_STATUS:
        o->qe_levels[0].status = "SWHardeningNeeded";
        break;
    case WRONG_DATE:
        o->levels[0].date = "2024-13-01T00:00:00Z";
        break;
    case WRONG_ADVISORY:
        o->levels[0].advisories = "A\",\"B";
        break;
    case WRONG_QE_ADVISORY:
        o->qe_levels[0].advisories = "A B";
        break;
    case WRONG_EARLY:
        o->at_unix_s = 1577836800;
        break; /* the second in which the hardware begins */
    case WRONG_LATE:
        o->at_unix_s = 2208988800;
        break;
    case WRONG_TRAILING:
        o->trailing_zeros = 65537;
        break;
    case WRONG_AUTH_FLIP:
        o->qe_auth_bytes = 0;
        o->broken = MK_BREAK_QE_AUTH_FLIP;
        break;
    case WRONG_NO_ROOM_ABOVE:
        o->platform.pce_svn = UINT16_MAX;
        o->broken = MK_BREAK_TCB_BELOW_ALL;
        break;
    case WRONG_NO_ROOM_BELOW:
        o->qe_levels[2].isv_svn = 0;
        o->broken = MK_BREAK_QE_BELOW_ALL;
        break;
    case WRONG_NO_SECOND_LEVEL:
        o->level_count = 1;
        o->broken = MK_BREAK_TCB_PCESVN_LOW;
        break;
    case WRONG_COUNT:
        break;
    }
}

static void check_refusals(const struct mk_hardware *hw)
{
    for (enum wrong w = 0; w < WRONG_COUNT; w++) {
        struct mk_evidence ev = { .at_unix_s = 7 };
        struct mk_sgx_options o;
        struct att_err err = { 0 };
        mk_sgx_defaults(&o, AT);
        make_wrong(&o, w);
        bool made = mk_sgx_make(hw, &o, &ev, &err);
        cases_check(&cases, !made && err.code == ATT_PARAMETER_INVALID && err.text[0] && err.expected[0],
                    "wrong option %d: %s", (int)w, att_code_name(err.code));
        cases_check(&cases, ev.at_unix_s == 7 && ev.items[MK_QUOTE].ptr == NULL,
                    "wrong option %d touches the result", (int)w);
    }
}

/* -- signatures ------------------------------------------------------------------------------------------------- */

static void check_shapes(const struct mk_hardware *hw)
{
    static const enum mk_signature_shape shapes[] = { MK_SIGNATURE_SHORT_R, MK_SIGNATURE_SHORT_S };

    for (size_t i = 0; i < 2; i++) {
        struct mk_evidence ev = { 0 };
        struct known_keys keys = { 0 };
        struct facts f;
        struct mk_sgx_options o;
        struct att_err err = { 0 };
        size_t half = 32 * i;
        mk_sgx_defaults(&o, AT);
        o.signatures = shapes[i];
        if (!mk_sgx_make(hw, &o, &ev, &err)) {
            cases_check(&cases, false, "shape %zu: %s", i, err.text);
            continue;
        }
        keys_learn(&keys, &ev, NULL);
        read_one(&f, &ev, &keys, 3, 32, 0);
        CHECK_LINES("short signatures", &f, always);
        const uint8_t *q = mk_item(&ev, MK_QUOTE).ptr;
        cases_check(&cases, q[436 + half] == 0, "the quote's signature is not short");
        cases_check(&cases, q[436 + 512 + half] == 0, "the QE report's signature is not short");
        for (enum mk_item item = MK_TCB_INFO; item <= MK_QE_IDENTITY; item += MK_QE_IDENTITY - MK_TCB_INFO) {
            struct att_span text = mk_item(&ev, item);
            cases_check(&cases, memcmp(text.ptr + text.len - 130 + 2 * half, "00", 2) == 0,
                        "a text's signature is not short");
        }
        att_buf_free(&f.text);
        keys_forget(&keys);
        mk_evidence_free(&ev);
    }
}

static void check_both_short(void)
{
    EVP_PKEY *key = NULL;
    uint8_t sig[64] = { 0xff };
    struct att_err err = { 0 };
    struct att_span message = att_str("message");

    bool ok = mk_key_new(&key, &err) && mk_sign_raw(key, message, MK_SIGNATURE_SHORT_BOTH, sig, &err);
    cases_check(&cases, ok && sig[0] == 0 && sig[32] == 0 && raw_verifies(key, message, sig),
                "both halves short: %s", err.text);
    cases_check(&cases, ok && !raw_verifies(key, att_str("massage"), sig),
                "the signature is for one message only");
    EVP_PKEY_free(key);
}

/* -- hardware that lies outside the usual years ----------------------------------------------------------------- */

static void check_years(void)
{
    static const int64_t times[] = { 1262304000 /* 2010 */, 1780000000, 2524608000 /* 2050 */,
                                     7258118400 /* 2200 */ };

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct mk_hardware *hw = NULL;
        struct mk_evidence ev = { 0 };
        struct known_keys keys = { 0 };
        struct facts f;
        struct mk_sgx_options o;
        struct att_err err = { 0 };
        mk_sgx_defaults(&o, times[i]);
        bool made = mk_hardware_new(times[i], &hw, &err) && mk_sgx_make(hw, &o, &ev, &err);
        cases_check(&cases, made, "evidence at %lld: %s", (long long)times[i], err.text);
        if (made) {
            BIO *bio = BIO_new_mem_buf(mk_item(&ev, MK_PCK_CHAIN).ptr, (int)mk_item(&ev, MK_PCK_CHAIN).len);
            for (X509 *c; (c = PEM_read_bio_X509(bio, NULL, NULL, NULL)); X509_free(c)) {
                time_t t = (time_t)times[i];
                cases_check(&cases,
                            X509_cmp_time(X509_get0_notBefore(c), &t) < 0 &&
                                X509_cmp_time(X509_get0_notAfter(c), &t) > 0,
                            "a certificate is not valid at %lld", (long long)times[i]);
            }
            BIO_free(bio);
            keys_learn(&keys, &ev, NULL);
            read_one(&f, &ev, &keys, 3, 32, 0);
            CHECK_LINES("another year", &f, always);
            att_buf_free(&f.text);
            keys_forget(&keys);
        }
        mk_evidence_free(&ev);
        mk_hardware_free(hw);
    }
    struct mk_hardware *none = NULL;
    struct att_err err = { 0 };
    cases_check(&cases, !mk_hardware_new(0, &none, &err) && !none && err.code == ATT_PARAMETER_INVALID,
                "year 1970");
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !mk_hardware_new(INT64_MAX, &none, &err) && !none && err.code == ATT_PARAMETER_INVALID,
                "the end of time");
}

/* -- the reader on recorded evidence ---------------------------------------------------------------------------- */

static void check_recorded(const char *name, bool platform)
{
    char *dir = path_of(vectors_dir(), "sgx/%s", name);
    struct mk_evidence ev = { 0 };
    struct known_keys keys = { 0 };
    struct facts f;

    if (!load(&ev, dir)) {
        cases_skip(&cases, "%s is not a whole folder", name);
    } else {
        att_buf_putc(&ev.items[MK_QUOTE], '\0'); /* for strstr; counted as trailing below */
        complete(&ev, 436 + 584 + 32);
        keys_learn(&keys, platform ? NULL : &ev, platform ? &ev : NULL);
        size_t used = 436 + le(ev.items[MK_QUOTE].ptr + 432, 4);
        read_one(&f, &ev, &keys, 3, 32, mk_item(&ev, MK_QUOTE).len - used);
        CHECK_LINES(name, &f, always);
        CHECK_LINES(name, &f, sgx_always);
        att_buf_free(&f.text);
        keys_forget(&keys);
    }
    mk_evidence_free(&ev);
    free(dir);
}

int main(void)
{
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };

    cases_check(&cases, mk_hardware_new(AT, &hw, &err), "hardware is not made: %s", err.text);
    if (!hw)
        return cases_report(&cases);
    check_corners(hw);
    check_body(hw);
    check_expectations(hw);
    check_refusals(hw);
    check_shapes(hw);
    check_both_short();
    check_years();
    if (vectors_dir()) {
        check_recorded("valid-processor-ca-tcbinfo3", false);
        check_recorded("platform-ca-2025", true);
        check_recorded("synth-status-UpToDate", false);
        check_recorded("synth-platform-ca", true);
    } else {
        cases_skip(&cases, "recorded evidence: no vectors beside this tree");
    }
    mk_hardware_free(hw);
    return cases_report(&cases);
}
