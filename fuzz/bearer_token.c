/* layers: access base codec */
/* What the caller of a server may put behind "Bearer ", checked with a fixed key set whose private keys were thrown away
 * when this file was made: nothing is accepted but the three tokens that were signed then, byte for byte, and every
 * refusal says where, why and what instead. An input that begins with `{` is taken for what stands behind a good
 * signature, and for the documents of an issuer: the identity that comes out keeps its promises. */
#include "access/access.h"
#include "access/internal.h"

#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char keys_json[] =
    "{\"keys\":[{\"kid\":\"r\",\"kty\":\"RSA\",\"n\":\"5T_DQ3XhuYzdc10jN1E1Q6_"
    "5rXiD7mL7iunnerHtjgAu4w3d0DqZ9k-by2vRpHW"
    "tDGvnm6J1Sk4HLIRtyGY6fyBpzpUh_CqKCKRnRvoUSTJmwyjhTTLsDxHdj-3A79xelHOb5gM1IT-iGK6x-UrjUATUAGg4kGBxTPC"
    "SuypXNCFGB16TBs2XsiyDc9zvRFgkOQK6sIcPP_WIlA853VUW_mxwRP15KclFeqZ4ekyF_2o3KaUo_oWNAsaiqsFQbuZHMUf4bXN"
    "GBHY_-xhbM6aVcTZzBS7qYJS2uK1z_-RuDpOTwx9fyfILEEFkgsAEOiVjCuZfWyiaQYmmUomtoIbJdw\",\"e\":\"AQAB\"},{"
    "\"kid\":"
    "\"e\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"fXVRVgI08ql1CpJTXpBd7kVdZ7_e7RLeGnvXAtGzchg\",\"y\":"
    "\"CBgX9JigcPmcdAR2"
    "61I1poztv1ZvH73bDui5mWwGyws\"}]}";

static const char *const good_tokens[] = {
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUiLCJ0eXAiOiJKV1QifQ.eyJhdWQiOiJodHRwczovL2F0dGVzdC5leGFtcGxlIiwiZXhwI"
    "joxODAwMDAzNjAwLCJpc3MiOiJodHRwczovL2kuZXhhbXBsZSIsIm9pZCI6ImFhYWFhYWFhLWJiYmItNGNjYy04ZGRkLWVlZWVlZ"
    "WVlZWVlZSIsImdyb3VwcyI6WyJnIl0sInRpZCI6IjExMTExMTExLTExMTEtNDExMS04MTExLTExMTExMTExMTExMSJ9.YWHCPBFR"
    "HlylYz3zNbDwzYD5R1r0GDOCVcGvdi3nj1mM1i0FevDgUS8vjjt-6dgNQVZHYqymJg3j_Bl0_OoCtg",

    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJ0eXAiOiJhdCtqd3QifQ.eyJhdWQiOlsieCIsImh0dHBzOi8vYXR0ZXN0LmV4YW1wb"
    "GUvIl0sImV4cCI6MTgwMDAwMDAwMSwiaXNzIjoiaHR0cHM6Ly9pLmV4YW1wbGUiLCJzdWIiOiJzIiwiYXpwIjoiYyIsInVwbiI6I"
    "nVAZXhhbXBsZSJ9.T1VfYcn9zUdWHEg-2IGt7HdpbgEFkP50UfH_hlWMCZ1Jf1dIx8uO9ZuQSsbkDXRjq1HdPAW5ggkSeqYXWMCH"
    "Wwvgst4eXq3pEtYrKYHULbLyXc1Ck-Xkc4SbVnL1vKpHcjWhdukRw2jiIlpn8asExrm6NBhazKbA0K8uuFKGSEjiF9uhireYKr50"
    "OVJ8CwHiIvH6DFjAd6jC7sF4PtI0QMXesC8AAYnWYiRTt9XwRCQykdlS0lzINlFCZblG_CnMPXLt5xMCKe-3B5JLsHyNFs6molN_"
    "Ftbfpu80i_JxTKPmAIDoh1p4KKbCCy9IgA4J6CuJqeyBbo0ZMrtwdDsnUg",

    "eyJhbGciOiJQUzI1NiIsImtpZCI6InIifQ.eyJhdWQiOiJodHRwczovL2F0dGVzdC5leGFtcGxlIiwiZXhwIjoxODAwMDAzNjAwL"
    "CJpc3MiOiJodHRwczovL2kuZXhhbXBsZSIsIm9pZCI6ImFhYWFhYWFhLWJiYmItNGNjYy04ZGRkLWVlZWVlZWVlZWVlZSIsImdyb"
    "3VwcyI6WyJnIl0sInRpZCI6IjExMTExMTExLTExMTEtNDExMS04MTExLTExMTExMTExMTExMSJ9.L_QrKCJpUiW_d3Bwh28fd4_t"
    "D2_BXa5dP6przn8CUGvqI9AyQSgOfyPaz6l6EE0Gen209cAhS2H8WGEcRiE6ox1DK3UN0QYkpNjgoji8Uv_0mAF8IwhnzhQRHptL"
    "BrzgOniBQlQnKjxNJRsuj52OvcIeMvVdmYgx8Dfpc_J-g1zAQdU8m0qTfZ-PMdwah-nos_A-gBjGv0lz_zNpY_vIYODOvJWL5WwJ"
    "QwX9Sl87Kyw9LNXZAHtIoV_ZMRhybF4--k9yxCzTABjW0xqDN4AT8KjYK9mQPN34SvqNRWk13LZUP-oZLfcq_0vCDU51GBDl7AaS"
    "izi1yw5ba8O8ceTfhw",
};

static const char *const data_audiences[] = { "https://attest.example", NULL };

static const struct access_issuer issuer = { .name = "fuzz",
                                             .issuer = "https://i.example",
                                             .tenant = "11111111-1111-4111-8111-111111111111",
                                             .groups_claim = "groups",
                                             .audiences = { [ACCESS_DATA] = data_audiences } };

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* Made once: a fuzzer runs this a thousand times a second. */
static struct access *fixed(void)
{
    static struct access *made;
    struct access_issuer local = issuer;
    const struct access_options options = { .issuers = &local, .issuer_count = 1 };
    struct att_err err = { 0 };

    local.keys_json = att_str(keys_json);
    require(made || access_new(&options, &made, &err));
    return made;
}

static bool visible(const char *text)
{
    return text && access_text_plain(att_str(text), ACCESS_ID_BYTES_MAX);
}

static void keeps_promises(const struct access_identity *who)
{
    require(visible(who->principal) && (!who->application || visible(who->application)));
    require(who->name && who->name[0] && strlen(who->name) <= ACCESS_ID_BYTES_MAX);
    for (const char *c = who->name; *c; c++)
        require(*c >= 0x20 && *c < 0x7f);
    require(strcmp(who->tenant, issuer.tenant) == 0 && strcmp(who->issuer_name, issuer.name) == 0);
    require(who->group_count <= ACCESS_GROUPS_MAX);
    for (size_t i = 0; i < who->group_count; i++)
        require(visible(who->groups[i]));
}

static void refused(const struct att_err *err)
{
    require(err->code != ATT_OK && err->where[0] && err->expected[0] && err->text[0]);
}

static void as_token(struct att_arena *arena, struct att_span text)
{
    const struct access_check in = { .token = text, .audience = ACCESS_DATA, .now_unix_s = 1800000000 };
    struct access_identity who = { 0 };
    size_t refresh = 0;
    struct att_err err = { 0 };
    bool known = false;

    for (size_t i = 0; i < sizeof good_tokens / sizeof good_tokens[0]; i++)
        known = known || att_span_is(text, good_tokens[i]);
    bool good = access_token_check(fixed(), arena, &in, &who, &refresh, &err);
    require(good == known && refresh == ACCESS_NO_REFRESH);
    if (good) {
        require(err.code == ATT_OK);
        keeps_promises(&who);
    } else {
        refused(&err);
        require(!who.principal);
    }
}

static void as_signed(struct att_arena *arena, struct att_span json)
{
    struct access_identity who = { 0 };
    struct att_err err = { 0 }, why = { 0 };

    if (access_claims_read(arena, &issuer, ACCESS_DATA, json, &who, &err))
        keeps_promises(&who);
    else
        refused(&err);
    if (!access_header_read(arena, json, &why))
        refused(&why);
}

static void as_documents(struct att_arena *arena, struct att_span json)
{
    struct access_issuer remote = issuer;
    struct access_keys *keys = NULL;
    const char *uri = NULL;
    struct att_err err = { 0 }, why = { 0 };

    remote.metadata_url = "https://i.example/.well-known/openid-configuration";
    if (access_metadata_read(arena, &remote, json, &uri, &err))
        require(strncasecmp(uri, "https://i.example", 17) == 0 &&
                (uri[17] == '/' || uri[17] == '?' || uri[17] == '\0'));
    else
        refused(&err);
    if (!access_keys_new(json, &keys, &why)) {
        refused(&why);
        return;
    }
    /* A kid finds the keys of its name and no others; a set cut in two is still a set. */
    for (size_t i = 0; i < keys->count; i++) {
        struct access_keys *part = NULL;
        struct att_span text = { 0 };
        bool found = false;
        struct att_err no = { 0 };
        if (!keys->keys[i].has_kid || keys->keys[i].kid.len == 0 || i > 8)
            continue;
        require(access_keys_for(keys, arena, keys->keys[i].kid, &found, &text, &no) && found);
        require(access_keys_new(text, &part, &no) && part->count >= 1 && part->count <= keys->count);
        for (size_t j = 0; j < part->count; j++)
            require(part->keys[j].has_kid && att_span_eq(part->keys[j].kid, keys->keys[i].kid));
        access_keys_unref(part);
    }
    access_keys_unref(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span input = att_span_of(data, size);
    struct att_arena *arena = att_arena_new((size_t)16 << 20);

    require(arena != NULL);
    as_token(arena, input);
    if (size > 0 && data[0] == '{') {
        as_signed(arena, input);
        as_documents(arena, input);
    }
    att_arena_free(arena);
    return 0;
}
