/* layers: attest makers codec base */
/* The form of attestation information: each member missing, of a wrong type or value, and what clients do differently. */
#include "support/cases.h"
#include "unit/evidence/guest/fixture.h"

static struct cases cases = { .name = "evidence/guest/request" };
static struct world world;

/* One place of a good text: what stands there, and what is put instead. */
struct row {
    const char *name;
    const char *old, *new; /* the first `old` is replaced */
    enum att_code want;
    const char *where; /* NULL: not compared */
};

static void swap(const struct att_buf *from, const char *old, const char *new, struct att_buf *ret)
{
    const char *text = (const char *)from->ptr, *at = strstr(text, old);

    need(at != NULL, old, NULL);
    att_buf_put(ret, att_span_of(text, (size_t)(at - text)));
    att_buf_puts(ret, new);
    att_buf_puts(ret, at + strlen(old));
    need(!ret->failed, "swap", NULL);
}

static bool judge(struct att_span text, struct att_verdict *ret, struct att_arena *arena)
{
    struct att_attest_in in = guest_in(&world, text);

    return att_attest(world.lib, arena, &in, ret);
}

#define BAD     ATT_GUEST_REQUEST_MALFORMED
#define TPM(x)  "guest.TpmInfo." x
#define INFO(x) "guest.IsolationInfo." x

static const struct row rows[] = {
    { "as it is", "{", "{", ATT_OK, NULL },
    { "blanks around it", "{\"Att", " \n{ \"Att", ATT_OK, NULL },
    { "names in another case", "AttestationProtocolVersion", "attestationprotocolversion", ATT_OK, NULL },
    { "TpmInfo in another case", "TpmInfo", "TPMINFO", ATT_OK, NULL },
    { "the type in another case", "\"SevSnp\"", "\"sevsnp\"", ATT_OK, NULL },
    { "versions as texts", "\"OSVersionMajor\":22", "\"OSVersionMajor\":\"22\"", ATT_OK, NULL },
    { "version 1.0", "\"2.0\"", "\"1.0\"", ATT_OK, NULL },
    { "no payload", "\"ClientPayload\":{\"nonce\":\"QURFMDEwMQ==\"},", "", ATT_OK, NULL },
    { "payload null", "{\"nonce\":\"QURFMDEwMQ==\"}", "null", ATT_OK, NULL },
    { "nonce null", "\"QURFMDEwMQ==\"", "null", ATT_OK, NULL },
    { "no PcrSet", ",\"PcrSet\":[0,1,2,3,4,5,6,7]", "", ATT_OK, NULL },
    { "something besides", "{\"Att", "{\"Besides\":[1,{}],\"Att", ATT_OK, NULL },
    { "no words", "\"OSVersionMajor\":22,\"OSVersionMinor\":4,", "", ATT_OK, NULL },

    { "no version of the protocol", "\"AttestationProtocolVersion\":\"2.0\",", "", BAD,
      "guest.AttestationProtocolVersion" },
    { "version a number", "\"2.0\"", "2.0", BAD, "guest.AttestationProtocolVersion" },
    { "version a word", "\"2.0\"", "\"two\"", BAD, "guest.AttestationProtocolVersion" },
    { "version too long", "\"2.0\"", "\"2.00000000000000000\"", BAD, "guest.AttestationProtocolVersion" },
    { "version empty", "\"2.0\"", "\"\"", BAD, "guest.AttestationProtocolVersion" },
    { "the same member twice", "{\"Att", "{\"OSTYPE\":\"\",\"Att", BAD, "guest" },
    { "OSType not base64", "\"OSType\":\"", "\"OSType\":\"!", BAD, "guest.OSType" },
    { "OSType a number", "\"OSType\":\"TGludXg=\"", "\"OSType\":7", BAD, "guest.OSType" },
    { "OSType not UTF-8", "\"OSType\":\"TGludXg=\"", "\"OSType\":\"/////w==\"", BAD, "guest.OSType" },
    { "OSType with a line end", "\"OSType\":\"TGludXg=\"", "\"OSType\":\"TGludXgK\"", BAD, "guest.OSType" },
    { "major negative", "\"OSVersionMajor\":22", "\"OSVersionMajor\":-1", BAD, "guest.OSVersionMajor" },
    { "major a fraction", "\"OSVersionMajor\":22", "\"OSVersionMajor\":22.5", BAD, "guest.OSVersionMajor" },
    { "major too large", "\"OSVersionMajor\":22", "\"OSVersionMajor\":1000000000", BAD,
      "guest.OSVersionMajor" },
    { "major a word", "\"OSVersionMajor\":22", "\"OSVersionMajor\":\"x\"", BAD, "guest.OSVersionMajor" },
    { "major an empty text", "\"OSVersionMajor\":22", "\"OSVersionMajor\":\"\"", BAD,
      "guest.OSVersionMajor" },
    { "major ten digits", "\"OSVersionMajor\":22", "\"OSVersionMajor\":\"1234567890\"", BAD,
      "guest.OSVersionMajor" },
    { "major a list", "\"OSVersionMajor\":22", "\"OSVersionMajor\":[22]", BAD, "guest.OSVersionMajor" },
    { "payload a text", "{\"nonce\":\"QURFMDEwMQ==\"}", "\"QURF\"", BAD, "guest.ClientPayload" },
    { "payload of numbers", "\"QURFMDEwMQ==\"", "7", BAD, "guest.ClientPayload" },
    { "payload not base64", "\"QURFMDEwMQ==\"", "\"a b\"", BAD, "guest.ClientPayload" },
    { "payload deep", "\"QURFMDEwMQ==\"", "{\"x\":\"AA==\"}", BAD, "guest.ClientPayload" },
    { "log not base64", "\"TcgLogs\":\"", "\"TcgLogs\":\"*", BAD, "guest.TcgLogs" },
    { "no TpmInfo", "\"TpmInfo\"", "\"Tpminfos\"", BAD, "guest.TpmInfo" },
    { "TpmInfo a list", "\"TpmInfo\":{", "\"TpmInfo\":[],\"x\":{", BAD, "guest.TpmInfo" },
    { "no AikPub", "\"AikPub\"", "\"AikPubs\"", BAD, TPM("AikPub") },
    { "no quote", "\"PcrQuote\"", "\"PcrQuotes\"", BAD, TPM("PcrQuote") },
    { "quote empty", "\"PcrQuote\":\"", "\"PcrQuote\":\"\",\"x\":\"", BAD, TPM("PcrQuote") },
    { "quote null", "\"PcrQuote\":\"", "\"PcrQuote\":null,\"x\":\"", BAD, TPM("PcrQuote") },
    { "no signature", "\"PcrSignature\"", "\"PcrSignatures\"", BAD, TPM("PcrSignature") },
    { "no answer key", "\"EncKeyPub\"", "\"EncKeyPubs\"", BAD, TPM("EncKeyPub") },
    { "no certification", "\"EncKeyCertifyInfo\"", "\"x\"", BAD, TPM("EncKeyCertifyInfo") },
    { "no signature of it", "\"EncKeyCertifyInfoSignature\"", "\"x\"", BAD,
      TPM("EncKeyCertifyInfoSignature") },
    { "AikPub is no structure", "\"AikPub\":\"", "\"AikPub\":\"AAAA", BAD, TPM("AikPub") },
    { "no registers", "\"PCRs\":[", "\"x\":[", BAD, TPM("PCRs") },
    { "registers an object", "\"PCRs\":[", "\"PCRs\":{},\"x\":[", BAD, TPM("PCRs") },
    { "registers empty", "\"PCRs\":[", "\"PCRs\":[],\"x\":[", BAD, TPM("PCRs") },
    { "a register that is a number", "\"PCRs\":[", "\"PCRs\":[7,", BAD, TPM("PCRs") },
    { "register 24", "\"Index\":7", "\"Index\":24", BAD, TPM("PCRs.Index") },
    { "register -1", "\"Index\":7", "\"Index\":-1", BAD, TPM("PCRs.Index") },
    { "register as text", "\"Index\":7", "\"Index\":\"7\"", BAD, TPM("PCRs.Index") },
    { "a register twice", "\"Index\":7", "\"Index\":6", BAD, TPM("PCRs.Index") },
    { "no index", "\"Index\":7,", "", BAD, TPM("PCRs.Index") },
    { "no digest", "\"Digest\"", "\"Digests\"", BAD, TPM("PCRs.Digest") },
    { "digest of another length", "\"Digest\":\"", "\"Digest\":\"AAAA", BAD, TPM("PCRs.Digest") },
    { "PcrSet without one", "\"PcrSet\":[0,", "\"PcrSet\":[", BAD, TPM("PcrSet") },
    { "PcrSet with another", "\"PcrSet\":[0,", "\"PcrSet\":[9,0,", BAD, TPM("PcrSet") },
    { "PcrSet with one twice", "\"PcrSet\":[0,", "\"PcrSet\":[0,0,", BAD, TPM("PcrSet") },
    { "PcrSet a number", "\"PcrSet\":[", "\"PcrSet\":255,\"x\":[", BAD, TPM("PcrSet") },
    { "PcrSet beyond", "\"PcrSet\":[0,", "\"PcrSet\":[40,0,", BAD, TPM("PcrSet") },
    { "isolation a text", "\"IsolationInfo\":{", "\"IsolationInfo\":\"SevSnp\",\"x\":{", BAD,
      "guest.IsolationInfo" },
    { "no type", "\"Type\":\"SevSnp\",", "", BAD, INFO("Type") },
    { "type empty", "\"SevSnp\"", "\"\"", BAD, INFO("Type") },
    { "type a number", "\"SevSnp\"", "2", BAD, INFO("Type") },
    { "another type", "\"SevSnp\"", "\"Sgx\"", BAD, INFO("Type") },
    { "type with a blank", "\"SevSnp\"", "\"SevSnp \"", BAD, INFO("Type") },
    { "no evidence", "\"Evidence\"", "\"x\"", BAD, INFO("Evidence") },
    { "no proof", "\"Proof\"", "\"Proofs\"", BAD, INFO("Evidence.Proof") },
    { "no runtime claims", "\"RunTimeData\"", "\"RunTime\"", BAD, INFO("Evidence.RunTimeData") },
    { "proof is no JSON", "\"Proof\":\"", "\"Proof\":\"AAAA\",\"x\":\"", BAD, INFO("Evidence.Proof") },
    { "proof is a list", "\"Proof\":\"", "\"Proof\":\"W10=\",\"x\":\"", BAD, INFO("Evidence.Proof") },
    { "proof without a report", "\"Proof\":\"", "\"Proof\":\"e30=\",\"x\":\"", BAD,
      INFO("Evidence.Proof.SnpReport") },
    { "proof is no text", "\"Proof\":\"", "\"Proof\":{},\"x\":\"", BAD, INFO("Evidence.Proof") },
    { "a report of the paravisor that is none", "{", "{\"HclReport\":\"AAAA\",", ATT_HCL_MALFORMED, "hcl" },
    { "a report that is empty", "{", "{\"HclReport\":\"\",", BAD, "guest.HclReport" },
    { "a list of it", "{", "[{", ATT_HCL_MALFORMED, NULL },
    { "an end too many", "{", "{}{", BAD, "guest" },
};

static void check(const struct att_buf *good, const struct row *r)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_buf text = { 0 };
    struct att_verdict v;

    swap(good, r->old, r->new, &text);
    bool ok = judge(att_buf_span(&text), &v, arena);
    cases_check(&cases, ok == (r->want == ATT_OK) && v.err.code == r->want, "%s: %s at %s (%s), wanted %s",
                r->name, att_code_name(v.err.code), v.err.where, v.err.text, att_code_name(r->want));
    cases_check(&cases, !r->where || strcmp(v.err.where, r->where) == 0, "%s: at %s, wanted %s", r->name,
                v.err.where, r->where);
    att_buf_free(&text);
    att_arena_free(arena);
}

/* No prefix of it is an answer, and each says why. */
static void prefixes(const struct att_buf *good)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    unsigned wrong = 0;

    for (size_t n = 0; n < good->len; n += 1 + n / 200) {
        struct att_verdict v;
        att_arena_reset(arena);
        if (judge(att_span_of(good->ptr, n), &v, arena) ||
            (v.err.code != BAD && v.err.code != ATT_HCL_MALFORMED) || !v.err.found[0])
            wrong++;
    }
    cases_check(&cases, wrong == 0, "%u prefixes were not refused for what they are", wrong);
    att_arena_free(arena);
}

static void limit(const struct att_buf *good)
{
    struct att_limits limits = att_limits_default;
    struct att_lib_options options = { .size = sizeof options, .limits = &limits };
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_lib *lib = NULL;
    struct att_attest_in in = guest_in(&world, att_buf_span(good));
    struct att_err err = { 0 };
    struct att_verdict v;

    limits.tpm_request_bytes_max = good->len - 1;
    need(att_lib_new(&options, &lib, &err), "att_lib_new", &err);
    cases_check(&cases, !att_attest(lib, arena, &in, &v) && v.err.code == ATT_LIMIT_EXCEEDED,
                "one byte too long: %s", v.err.text);
    att_lib_free(lib);
    att_arena_free(arena);
}

int main(void)
{
    struct guest_spec spec = { .isolation = "SevSnp" };
    struct att_buf good = { 0 };
    struct guest g;

    world_new(&world);
    guest_new(&world, &spec, &g);
    guest_json(&g, &good);
    att_buf_putc(&good, '\0');
    good.len--;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&good, &rows[i]);
    prefixes(&good);
    limit(&good);
    att_buf_free(&good);
    guest_free(&g);
    world_free(&world);
    return cases_report(&cases);
}
