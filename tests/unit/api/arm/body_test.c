/* layers: api/arm keys api service signer store store/memory site access http attest base codec */
/* Bodies that are wrong, by the hundred: each is refused with a reason, and nothing of it is kept. */
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.body" };

#define P RIG_PROVIDERS "/bodies"
#define C P "/privateEndpointConnections/c1"

enum { PUT_PROVIDER = 1, PATCH_PROVIDER = 2, PUT_GROUP = 4, PATCH_GROUP = 8, PUT_CONNECTION = 16, EACH = 31 };

static const struct {
    int bit;
    const char *method, *path;
} targets[] = {
    { PUT_PROVIDER, "PUT", P },          { PATCH_PROVIDER, "PATCH", P }, { PUT_GROUP, "PUT", RIG_GROUP },
    { PATCH_GROUP, "PATCH", RIG_GROUP }, { PUT_CONNECTION, "PUT", C },
};
enum { TARGETS = sizeof targets / sizeof targets[0] };

struct row {
    const char *name, *body;
    int where;
    enum att_code code;
};

static struct reply before[TARGETS];

static void look(struct rig *r, struct reply ret[TARGETS])
{
    for (size_t i = 0; i < TARGETS; i++)
        ret[i] = ask(r, "GET", targets[i].path, NULL);
}

static void refuse(struct rig *r, const struct row *row)
{
    struct reply after[TARGETS];

    for (size_t i = 0; i < TARGETS; i++) {
        if (!(row->where & targets[i].bit))
            continue;
        struct reply got = ask(r, targets[i].method, targets[i].path, row->body);
        cases_check(&cases, got.status == 400 && got.why == row->code, "%s %s: %s: %d %s, wanted %s: %s",
                    targets[i].method, targets[i].path, row->name, got.status, att_code_name(got.why),
                    att_code_name(row->code), got.message);
    }
    look(r, after);
    for (size_t i = 0; i < TARGETS; i++)
        cases_check(&cases, strcmp(before[i].body, after[i].body) == 0, "%s: %s changed", row->name,
                    targets[i].path);
}

static const char *repeat(const char *text, size_t times)
{
    char *out = kept(calloc(times, strlen(text) + 1));

    for (size_t i = 0; i < times; i++)
        memcpy(out + i * strlen(text), text, strlen(text));
    return out;
}

static void rows(struct rig *r)
{
    static const struct row all[] = {
        { "no bytes", "", EACH, ATT_JSON_SYNTAX },
        { "null", "null", EACH, ATT_JSON_TYPE },
        { "an array", "[]", EACH, ATT_JSON_TYPE },
        { "a string", "\"location\"", EACH, ATT_JSON_TYPE },
        { "not closed", "{\"location\":\"eastus\"", EACH, ATT_JSON_SYNTAX },
        { "two values", "{}{}", EACH, ATT_JSON_SYNTAX },
        { "a comma too many", "{\"location\":\"eastus\",}", EACH, ATT_JSON_SYNTAX },
        { "a comment", "{/*x*/}", EACH, ATT_JSON_SYNTAX },
        { "J10: BOM", "\xef\xbb\xbf{}", EACH, ATT_JSON_SYNTAX },
        { "J10: NaN", "{\"x\":NaN}", EACH, ATT_JSON_SYNTAX },
        { "J10: not UTF-8", "{\"x\":\"\xff\"}", EACH, ATT_UTF8_INVALID },
        { "J10: half a surrogate", "{\"x\":\"\\ud800\"}", EACH, ATT_JSON_SYNTAX },
        { "J10: location twice", "{\"location\":\"eastus\",\"location\":\"westus\"}", EACH,
          ATT_JSON_DUPLICATE },
        { "J10: location twice, in two cases", "{\"location\":\"eastus\",\"Location\":\"westus\"}", EACH,
          ATT_JSON_DUPLICATE },
        { "J10: location twice, once escaped", "{\"location\":\"eastus\",\"\\u006cocation\":\"westus\"}",
          EACH, ATT_JSON_DUPLICATE },
        { "J10: a duplicate far below", "{\"x\":[{\"y\":{\"a\":1,\"A\":2}}]}", EACH, ATT_JSON_DUPLICATE },
        { "tags twice in two cases", "{\"tags\":{},\"TAGS\":{}}", EACH, ATT_JSON_DUPLICATE },
        { "a tag twice in two cases", "{\"location\":\"eastus\",\"tags\":{\"a\":\"1\",\"A\":\"2\"}}", EACH,
          ATT_JSON_DUPLICATE },
        { "location is missing", "{\"properties\":{}}", PUT_PROVIDER | PUT_GROUP, ATT_PARAMETER_MISSING },
        { "location is null", "{\"location\":null,\"properties\":{}}", PUT_PROVIDER | PUT_GROUP,
          ATT_PARAMETER_MISSING },
        { "location is a number", "{\"location\":1,\"properties\":{}}", PUT_PROVIDER | PUT_GROUP,
          ATT_JSON_TYPE },
        { "location is an array", "{\"location\":[\"eastus\"],\"properties\":{}}", PUT_PROVIDER | PUT_GROUP,
          ATT_JSON_TYPE },
        { "location is empty", "{\"location\":\"\",\"properties\":{}}", PUT_PROVIDER | PUT_GROUP,
          ATT_PARAMETER_INVALID },
        { "location holds a NUL", "{\"location\":\"east\\u0000us\",\"properties\":{}}",
          PUT_PROVIDER | PUT_GROUP, ATT_PARAMETER_INVALID },
        { "location holds a line end", "{\"location\":\"east\\nus\",\"properties\":{}}",
          PUT_PROVIDER | PUT_GROUP, ATT_PARAMETER_INVALID },
        { "properties is missing", "{\"location\":\"eastus\"}", PUT_PROVIDER, ATT_PARAMETER_MISSING },
        { "properties is null", "{\"location\":\"eastus\",\"properties\":null}", PUT_PROVIDER,
          ATT_PARAMETER_MISSING },
        { "properties is a string", "{\"location\":\"eastus\",\"properties\":\"x\"}",
          PUT_PROVIDER | PATCH_PROVIDER | PUT_CONNECTION, ATT_JSON_TYPE },
        { "properties is an array", "{\"location\":\"eastus\",\"properties\":[]}",
          PUT_PROVIDER | PATCH_PROVIDER | PUT_CONNECTION, ATT_JSON_TYPE },
        { "publicNetworkAccess in another case",
          "{\"location\":\"eastus\",\"properties\":{\"publicNetworkAccess\":\"enabled\"}}",
          PUT_PROVIDER | PATCH_PROVIDER, ATT_PARAMETER_INVALID },
        { "publicNetworkAccess unknown",
          "{\"location\":\"eastus\",\"properties\":{\"publicNetworkAccess\":\"SecuredByPerimeter\"}}",
          PUT_PROVIDER | PATCH_PROVIDER, ATT_PARAMETER_INVALID },
        { "publicNetworkAccess with a NUL",
          "{\"location\":\"eastus\",\"properties\":{\"publicNetworkAccess\":\"Enabled\\u0000\"}}",
          PUT_PROVIDER | PATCH_PROVIDER, ATT_PARAMETER_INVALID },
        { "publicNetworkAccess empty",
          "{\"location\":\"eastus\",\"properties\":{\"publicNetworkAccess\":\"\"}}",
          PUT_PROVIDER | PATCH_PROVIDER, ATT_PARAMETER_INVALID },
        { "publicNetworkAccess a boolean",
          "{\"location\":\"eastus\",\"properties\":{\"publicNetworkAccess\":true}}",
          PUT_PROVIDER | PATCH_PROVIDER, ATT_JSON_TYPE },
        { "tpmAttestationAuthentication in another case",
          "{\"location\":\"eastus\",\"properties\":{\"tpmAttestationAuthentication\":\"DISABLED\"}}",
          PUT_PROVIDER | PATCH_PROVIDER, ATT_PARAMETER_INVALID },
        { "tpmAttestationAuthentication a number",
          "{\"location\":\"eastus\",\"properties\":{\"tpmAttestationAuthentication\":0}}",
          PUT_PROVIDER | PATCH_PROVIDER, ATT_JSON_TYPE },
        { "tpmAttestationAuthentication an object",
          "{\"location\":\"eastus\",\"properties\":{\"tpmAttestationAuthentication\":{}}}",
          PUT_PROVIDER | PATCH_PROVIDER, ATT_JSON_TYPE },
        { "tags is a string", "{\"location\":\"eastus\",\"properties\":{},\"tags\":\"a=b\"}",
          EACH & ~PUT_CONNECTION, ATT_JSON_TYPE },
        { "tags is an array", "{\"location\":\"eastus\",\"properties\":{},\"tags\":[\"a\"]}",
          EACH & ~PUT_CONNECTION, ATT_JSON_TYPE },
        { "a tag is a number", "{\"location\":\"eastus\",\"properties\":{},\"tags\":{\"a\":1}}",
          EACH & ~PUT_CONNECTION, ATT_JSON_TYPE },
        { "a tag is null", "{\"location\":\"eastus\",\"properties\":{},\"tags\":{\"a\":null}}",
          EACH & ~PUT_CONNECTION, ATT_JSON_TYPE },
        { "a tag is an object", "{\"location\":\"eastus\",\"properties\":{},\"tags\":{\"a\":{\"b\":\"c\"}}}",
          EACH & ~PUT_CONNECTION, ATT_JSON_TYPE },
        { "a tag without a name", "{\"location\":\"eastus\",\"properties\":{},\"tags\":{\"\":\"x\"}}",
          EACH & ~PUT_CONNECTION, ATT_PARAMETER_INVALID },
        { "a tag's name with a slash", "{\"location\":\"eastus\",\"properties\":{},\"tags\":{\"a/b\":\"x\"}}",
          EACH & ~PUT_CONNECTION, ATT_PARAMETER_INVALID },
        { "a tag's name with a NUL",
          "{\"location\":\"eastus\",\"properties\":{},\"tags\":{\"a\\u0000\":\"x\"}}", EACH & ~PUT_CONNECTION,
          ATT_PARAMETER_INVALID },
        { "a tag's value with a line end",
          "{\"location\":\"eastus\",\"properties\":{},\"tags\":{\"a\":\"x\\r\\n\"}}", EACH & ~PUT_CONNECTION,
          ATT_PARAMETER_INVALID },
        { "no state", "{\"properties\":{}}", PUT_CONNECTION, ATT_PARAMETER_MISSING },
        { "no properties", "{}", PUT_CONNECTION, ATT_PARAMETER_MISSING },
        { "the state is null", "{\"properties\":{\"privateLinkServiceConnectionState\":null}}",
          PUT_CONNECTION, ATT_PARAMETER_MISSING },
        { "the state is a string", "{\"properties\":{\"privateLinkServiceConnectionState\":\"Approved\"}}",
          PUT_CONNECTION, ATT_JSON_TYPE },
        { "status unknown",
          "{\"properties\":{\"privateLinkServiceConnectionState\":{\"status\":\"Disconnected\"}}}",
          PUT_CONNECTION, ATT_PARAMETER_INVALID },
        { "status in another case",
          "{\"properties\":{\"privateLinkServiceConnectionState\":{\"status\":\"approved\"}}}",
          PUT_CONNECTION, ATT_PARAMETER_INVALID },
        { "status a number", "{\"properties\":{\"privateLinkServiceConnectionState\":{\"status\":1}}}",
          PUT_CONNECTION, ATT_JSON_TYPE },
        { "description a boolean",
          "{\"properties\":{\"privateLinkServiceConnectionState\":{\"status\":\"Approved\",\"description\":"
          "true}}}",
          PUT_CONNECTION, ATT_JSON_TYPE },
        { "the endpoint a string",
          "{\"properties\":{\"privateEndpoint\":\"/x\",\"privateLinkServiceConnectionState\":{}}}",
          PUT_CONNECTION, ATT_JSON_TYPE },
        { "the endpoint's id a number",
          "{\"properties\":{\"privateEndpoint\":{\"id\":7},\"privateLinkServiceConnectionState\":{}}}",
          PUT_CONNECTION, ATT_JSON_TYPE },
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        refuse(r, &all[i]);
}

static char *tags_of(const char *inside)
{
    return textf("{\"location\":\"eastus\",\"properties\":{},\"tags\":{%s}}", inside);
}

static void sizes(struct rig *r)
{
    char *many = textf("\"t0\":\"x\"");

    for (int i = 1; i < 50; i++)
        many = textf("%s,\"t%d\":\"x\"", many, i);
    const struct row all[] = {
        { "51 tags", tags_of(textf("%s,\"more\":\"x\"", many)), EACH & ~PUT_CONNECTION, ATT_LIMIT_EXCEEDED },
        { "a tag's name of 513 bytes", tags_of(textf("\"%s\":\"x\"", repeat("n", 513))),
          EACH & ~PUT_CONNECTION, ATT_PARAMETER_INVALID },
        { "a tag's value of 257 bytes", tags_of(textf("\"n\":\"%s\"", repeat("v", 257))),
          EACH & ~PUT_CONNECTION, ATT_PARAMETER_INVALID },
        { "a tag's value of 100,000 bytes", tags_of(textf("\"n\":\"%s\"", repeat("v", 100000))),
          EACH & ~PUT_CONNECTION, ATT_PARAMETER_INVALID },
        { "a location of 65 bytes", textf("{\"location\":\"%s\",\"properties\":{}}", repeat("e", 65)),
          PUT_PROVIDER | PUT_GROUP, ATT_PARAMETER_INVALID },
        { "J10: nested too deep", textf("{\"x\":%s%s}", repeat("[", 1000), repeat("]", 1000)), EACH,
          ATT_JSON_DEPTH },
        { "J10: objects nested too deep", textf("%s1%s", repeat("{\"a\":", 1000), repeat("}", 1000)), EACH,
          ATT_JSON_DEPTH },
        { "a description of 1,025 bytes",
          textf("{\"properties\":{\"privateLinkServiceConnectionState\":{\"description\":\"%s\"}}}",
                repeat("d", 1025)),
          PUT_CONNECTION, ATT_PARAMETER_INVALID },
        { "an endpoint's id of 1,025 bytes",
          textf("{\"properties\":{\"privateEndpoint\":{\"id\":\"%s\"},\"privateLinkServiceConnectionState\":{"
                "}}}",
                repeat("i", 1025)),
          PUT_CONNECTION, ATT_PARAMETER_INVALID },
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        refuse(r, &all[i]);
}

/* Good bodies that look odd. */
static void taken(struct rig *r)
{
    char *many = textf("\"t0\":\"x\"");
    struct reply got;

    for (int i = 1; i < 50; i++)
        many = textf("%s,\"t%d\":\"x\"", many, i);
    expect(&cases, "50 tags", ask(r, "PUT", P, tags_of(many)), 200, "");
    expect(&cases, "the longest name and value",
           ask(r, "PUT", P, tags_of(textf("\"%s\":\"%s\"", repeat("n", 512), repeat("v", 256)))), 200, "");
    got = ask(r, "PUT", P,
              "{\"LOCATION\":\"E A S T U S\",\"Properties\":{\"PublicNetworkAccess\":\"Disabled\"},"
              "\"TAGS\":{\"\\u00e4\":\"\xe2\x82\xac\",\"e\":\"\"}}");
    expect(&cases, "names in any case, spaces in a location, tags in any script", got, 200, "");
    expect_text(&cases, "names in any case", &got, "properties.publicNetworkAccess", "Disabled");
    expect_text(&cases, "tags in any script", &got, "tags.\xc3\xa4", "\xe2\x82\xac");
    got = ask(r, "PUT", P,
              "{\"id\":\"/x\",\"type\":7,\"location\":\"East US\",\"sku\":null,\"identity\":[],"
              "\"properties\":{\"status\":{},\"other\":[[]]}}");
    expect(&cases, "members that nobody knows", got, 200, "");
    got = ask(r, "PUT", C, "{\"properties\":{\"privateLinkServiceConnectionState\":{}}}");
    expect_text(&cases, "a connection that does not say so is not approved", &got,
                "properties.privateLinkServiceConnectionState.status", "Pending");
}

/* A good body cut at every byte, and with every byte another: refused, or taken whole; never half. */
static void broken(struct rig *r)
{
    static const char good[] =
        "{\"location\":\"eastus\",\"tags\":{\"a\":\"b\"},\"properties\":{"
        "\"publicNetworkAccess\":\"Disabled\",\"tpmAttestationAuthentication\":\"Disabled\"}}";
    struct reply got = ask(r, "PUT", P, good);
    const char *whole = got.etag;
    size_t taken_cuts = 0, odd = 0;

    expect(&cases, "the good body", got, 200, "");
    for (size_t cut = 0; cut < sizeof good - 1; cut++)
        taken_cuts += ask_bytes(r, "PUT", P, att_span_of(good, cut)).status != 400;
    cases_check(&cases, taken_cuts == 0, "%zu cut bodies were taken", taken_cuts);
    got = ask(r, "GET", P, NULL);
    cases_check(&cases, strcmp(got.etag, whole) == 0, "a cut body left a trace: %s, %s", got.etag, whole);
    for (size_t at = 0; at < sizeof good - 1; at++) {
        char other[sizeof good];
        memcpy(other, good, sizeof good);
        other[at] = (char)(other[at] ^ 0x10);
        int status = ask_bytes(r, "PUT", P, att_span_of(other, sizeof good - 1)).status;
        odd += status != 200 && status != 400 && status != 409;
    }
    cases_check(&cases, odd == 0, "%zu broken bodies had another answer than 200, 400 or 409", odd);
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    rig_group(&r, RIG_GROUP);
    rig_provider(&r, P);
    expect(&cases, "a connection",
           ask(&r, "PUT", C,
               "{\"properties\":{\"privateLinkServiceConnectionState\":"
               "{\"status\":\"Approved\"}}}"),
           200, "");
    look(&r, before);
    rows(&r);
    sizes(&r);
    taken(&r);
    broken(&r);
    rig_free(&r);
    return cases_report(&cases);
}
