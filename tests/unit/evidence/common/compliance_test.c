/* layers: evidence/common collateral crypto base codec */
/* Which row fits: all conditions of the first that fits must hold, none of them on what the evidence has not. */
#include "evidence/common/compliance.h"
#include "support/cases.h"

static struct cases run = { .name = "unit.evidence.compliance" };

static const uint8_t a[48] = { 1 }, b[48] = { 2 };
#define A48                                                                                                  \
    {                                                                                                        \
        a, 48                                                                                                \
    }
#define B48                                                                                                  \
    {                                                                                                        \
        b, 48                                                                                                \
    }
#define A16                                                                                                  \
    {                                                                                                        \
        a, 16                                                                                                \
    }
#define B16                                                                                                  \
    {                                                                                                        \
        b, 16                                                                                                \
    }
#define DID "did:x509:0:sha256:x::eku:1.2"

static const struct att_compliance_uvm endorsement = {
    { (const uint8_t *)DID, sizeof DID - 1 }, { (const uint8_t *)"feed", 4 }, 7, A48
};
static const struct att_compliance_uvm of_other = {
    { (const uint8_t *)DID, sizeof DID - 1 }, { (const uint8_t *)"feed", 4 }, 9, B48
};
static const struct att_compliance_uvm both[] = {
    { { (const uint8_t *)"did", 3 }, { (const uint8_t *)"feed", 4 }, 9, A48 },
    { { (const uint8_t *)DID, sizeof DID - 1 }, { (const uint8_t *)"feed", 4 }, 7, A48 }
};

static const struct att_compliance_facts snp = { .evidence_type = "sev-snp",
                                                 .id_key_digest = A48,
                                                 .family_id = A16,
                                                 .image_id = B16,
                                                 .measurement = A48,
                                                 .guest_svn = 5 };
static const struct att_compliance_facts tdx = { .evidence_type = "tdx", .measurement = A48, .mrseam = B48 };

static bool fits(struct att_compliance_row row, struct att_compliance_facts facts)
{
    struct att_attest_in in = { .size = sizeof in, .compliance = &row, .compliance_count = 1 };
    struct att_ctx ctx = { .in = &in };

    row.status = "status";
    if (!row.evidence_type)
        row.evidence_type = "sev-snp";
    const char *got = att_compliance_status(&ctx, &facts);
    return got && strcmp(got, "status") == 0;
}

static struct att_compliance_facts with(const struct att_compliance_uvm *uvm, size_t count)
{
    struct att_compliance_facts f = snp;
    f.uvm = uvm;
    f.uvm_count = count;
    return f;
}

#define ROW(...)                ((struct att_compliance_row){ __VA_ARGS__ })
#define IS(expected, name, ...) cases_check(&run, fits(__VA_ARGS__) == (expected), name)

static void check_hardware(void)
{
    struct att_compliance_facts debug = snp, bare = { .evidence_type = "sev-snp" };

    debug.debug = true;
    IS(true, "ID key", ROW(.id_key_digest = A48), snp);
    IS(false, "another ID key", ROW(.id_key_digest = B48), snp);
    IS(false, "a part of the ID key", ROW(.id_key_digest = A16), snp);
    IS(true, "family", ROW(.family_id = A16), snp);
    IS(false, "another family", ROW(.family_id = B16), snp);
    IS(true, "image", ROW(.image_id = B16), snp);
    IS(false, "another image", ROW(.image_id = A16), snp);
    IS(true, "measurement", ROW(.measurement = A48), snp);
    IS(false, "another measurement", ROW(.measurement = B48), snp);
    IS(true, "SVN, equal", ROW(.guest_svn_min = 5), snp);
    IS(false, "SVN, below", ROW(.guest_svn_min = 6), snp);
    IS(true, "all of them", ROW(.id_key_digest = A48, .family_id = A16, .image_id = B16, .guest_svn_min = 1),
       snp);
    IS(false, "all but one", ROW(.id_key_digest = A48, .family_id = A16, .image_id = A16, .guest_svn_min = 1),
       snp);
    IS(false, "no condition", ROW(.status = NULL), snp);
    IS(false, "E-q: debug", ROW(.id_key_digest = A48), debug);
    IS(false, "E-a: absent is not equal", ROW(.id_key_digest = A48), bare);
    IS(false, "E-x: of another type", ROW(.evidence_type = "tdx", .measurement = A48), snp);
    IS(true, "TDX: module", ROW(.evidence_type = "tdx", .mrseam = B48), tdx);
    IS(false, "TDX: another module", ROW(.evidence_type = "tdx", .mrseam = A48), tdx);
    IS(true, "TDX: both", ROW(.evidence_type = "tdx", .mrseam = B48, .measurement = A48), tdx);
    IS(false, "TDX has no ID key", ROW(.evidence_type = "tdx", .mrseam = B48, .id_key_digest = A48), tdx);
    IS(false, "SNP has no module", ROW(.mrseam = A48), snp);
}

static void check_endorsed(void)
{
    struct att_compliance_facts no_measurement = with(&endorsement, 1);
    struct att_compliance_uvm empty = endorsement;

    no_measurement.measurement = (struct att_span){ 0 };
    empty.measurement = (struct att_span){ 0 };
    IS(true, "issuer", ROW(.uvm_issuer = DID), with(&endorsement, 1));
    IS(true, "issuer, feed, SVN", ROW(.uvm_issuer = DID, .uvm_feed = "feed", .uvm_svn_min = 7),
       with(&endorsement, 1));
    IS(false, "SVN below", ROW(.uvm_issuer = DID, .uvm_svn_min = 8), with(&endorsement, 1));
    IS(false, "another feed", ROW(.uvm_issuer = DID, .uvm_feed = "fee"), with(&endorsement, 1));
    IS(false, "a longer issuer", ROW(.uvm_issuer = DID ".1"), with(&endorsement, 1));
    IS(false, "an empty issuer", ROW(.uvm_issuer = ""), with(&endorsement, 1));
    IS(false, "a feed of whomever", ROW(.uvm_feed = "feed"), with(&endorsement, 1));
    IS(false, "an SVN of whomever", ROW(.uvm_svn_min = 1), with(&endorsement, 1));
    IS(false, "for another measurement", ROW(.uvm_issuer = DID), with(&of_other, 1));
    IS(false, "no endorsement", ROW(.uvm_issuer = DID), snp);
    IS(true, "the second of two", ROW(.uvm_issuer = DID), with(both, 2));
    IS(false, "SVN of one, issuer of the other", ROW(.uvm_issuer = DID, .uvm_svn_min = 8), with(both, 2));
    IS(false, "E-a: no measurement", ROW(.uvm_issuer = DID), no_measurement);
    IS(false, "an endorsement of nothing", ROW(.uvm_issuer = DID), with(&empty, 1));
    IS(false, "endorsed, but another ID key", ROW(.uvm_issuer = DID, .id_key_digest = B48),
       with(&endorsement, 1));
}

static void check_order(void)
{
    const struct att_compliance_row rows[] = {
        { .status = "no", .evidence_type = "sev-snp", .id_key_digest = B48 },
        { .evidence_type = "sev-snp", .id_key_digest = A48 }, /* without status */
        { .status = "no type", .id_key_digest = A48 },
        { .status = "first", .evidence_type = "sev-snp", .id_key_digest = A48 },
        { .status = "second", .evidence_type = "sev-snp", .id_key_digest = A48 },
    };
    struct att_attest_in in = { .size = sizeof in, .compliance = rows, .compliance_count = 5 };
    struct att_ctx ctx = { .in = &in };

    const char *got = att_compliance_status(&ctx, &snp);
    cases_check(&run, got && strcmp(got, "first") == 0, "the first that fits");
    in.compliance_count = 3;
    cases_check(&run, !att_compliance_status(&ctx, &snp), "none fits");
    in.compliance = NULL, in.compliance_count = 0;
    cases_check(&run, !att_compliance_status(&ctx, &snp), "no table");
}

int main(void)
{
    check_hardware();
    check_endorsed();
    check_order();
    return cases_report(&run);
}
