#include "cli/attest.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/attest_guest.h"
#include "cli/files.h"
#include "cli/remote.h"
#include "client/https.h"

#include <ctype.h>
#include <stdio.h>

struct route {
    const char *evidence_type;
    const char *path;
    const char *member; /* of the request that holds the evidence */
    const char *version;
    bool with_certificates; /* the member is JSON around evidence and chain */
};
static const struct route routes[] = {
    { "sgx", "/attest/SgxEnclave", "quote", "2022-08-01", false },
    { "open-enclave", "/attest/OpenEnclave", "report", "2022-08-01", false },
    { "tdx", "/attest/TdxVm", "quote", "2025-06-01", false },
    { "sev-snp", "/attest/SevSnpVm", "report", "2025-06-01", true },
    { "azure-guest", "/attest/AzureGuest", "AttestationInfo", "2025-06-01", false },
};

/* The operand is one of the command's choices. */
static const struct route *route_of(const struct cli *c)
{
    const struct route *r = routes;

    while (strcmp(c->operands[0], r->evidence_type) != 0)
        r++;
    return r;
}

static void put_base64url(struct att_json_writer *w, struct att_span bytes)
{
    struct att_buf text = { 0 };

    att_base64url_put(&text, bytes);
    if (text.failed)
        w->out->failed = true;
    else
        att_jw_string(w, att_buf_span(&text));
    att_buf_free(&text);
}

static bool put_data(struct cli *c, struct att_json_writer *w, const char *member, const char *file,
                     const char *type, struct att_err *err)
{
    struct att_span bytes;
    bool given = false;
    const char *kind = cli_value(c, type);
    struct att_shown shown;

    if (kind && strcmp(kind, "json") != 0 && strcmp(kind, "binary") != 0)
        return att_fail(err, ATT_USAGE, type, "json or binary", "%s", att_shown(&shown, att_str(kind)));
    if (!cli_read_option(c, file, &given, &bytes, err))
        return false;
    if (!given)
        return true;
    att_jw_key(w, member);
    att_jw_object(w);
    att_jw_key(w, "data");
    put_base64url(w, bytes);
    att_jw_key(w, "dataType");
    att_jw_str(w, kind && strcmp(kind, "json") == 0 ? "JSON" : "Binary");
    att_jw_end_object(w);
    return true;
}

/* {"Uvm":["..."]} in base64url; nothing without --endorsements. */
static bool put_endorsements(struct cli *c, struct att_json_writer *w, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf inner = { 0 };
    struct att_json_writer in = { .out = &inner };
    const char *path = NULL;
    size_t count = 0;

    att_jw_object(&in);
    att_jw_key(&in, "Uvm");
    att_jw_array(&in);
    while ((path = cli_value_at(c, "endorsements", count)) != NULL) {
        struct att_span cose;
        if (!cli_read(c, "endorsements", path, &cose, err))
            return false;
        put_base64url(&in, cose);
        count++;
    }
    att_jw_end_array(&in);
    att_jw_end_object(&in);
    if (inner.failed)
        return att_fail_memory(err, "endorsements");
    if (count > 0) {
        att_jw_key(w, "Endorsements");
        put_base64url(w, att_buf_span(&inner));
    }
    return true;
}

/* SEV-SNP: {"SnpReport","VcekCertChain","Endorsements"}, each in base64url, and the whole once more. */
static bool put_report(struct cli *c, struct att_json_writer *w, struct att_span report, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf inner = { 0 };
    struct att_json_writer in = { .out = &inner };
    struct att_span chain;
    bool given = false;

    if (!cli_read_option(c, "chain", &given, &chain, err))
        return false;
    att_jw_object(&in);
    att_jw_key(&in, "SnpReport");
    put_base64url(&in, report);
    if (given) {
        att_jw_key(&in, "VcekCertChain");
        put_base64url(&in, chain);
    }
    if (!put_endorsements(c, &in, err))
        return false;
    att_jw_end_object(&in);
    if (inner.failed)
        return att_fail_memory(err, "request");
    put_base64url(w, att_buf_span(&inner));
    return true;
}

static bool is_guest(const struct cli *c)
{
    return strcmp(c->operands[0], "azure-guest") == 0;
}

static bool options_fit(const struct cli *c, const struct route *route, struct att_err *err)
{
    const struct {
        const char *name, *for_whom;
        bool fits;
    } rows[] = {
        { "chain", "sev-snp", route->with_certificates },
        { "endorsements", "sev-snp", route->with_certificates },
        { "answer-key", "azure-guest", is_guest(c) },
        { "runtime-data", "sgx, open-enclave, tdx or sev-snp", !is_guest(c) },
        { "init-time-data", "sgx, open-enclave, tdx or sev-snp", !is_guest(c) },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (cli_has(c, rows[i].name) && !rows[i].fits)
            return att_fail(err, ATT_USAGE, rows[i].name, rows[i].for_whom, "%s", c->operands[0]);
    }
    return true;
}

static bool put_request(struct cli *c, const struct route *route, struct att_buf *body, struct att_err *err)
{
    struct att_json_writer w = { .out = body };
    struct att_span evidence;
    struct att_span policy;
    bool has_policy = false;

    if (!options_fit(c, route, err) || !cli_read(c, "evidence", cli_value(c, "evidence"), &evidence, err) ||
        !cli_read_option(c, "draft-policy", &has_policy, &policy, err))
        return false;
    att_jw_object(&w);
    att_jw_key(&w, route->member);
    if (!route->with_certificates)
        put_base64url(&w, evidence);
    else if (!put_report(c, &w, evidence, err))
        return false;
    if (!put_data(c, &w, "runtimeData", "runtime-data", "runtime-data-type", err) ||
        !put_data(c, &w, "initTimeData", "init-time-data", "init-time-data-type", err))
        return false;
    if (has_policy) {
        att_jw_key(&w, "draftPolicyForAttestation");
        att_jw_string(&w, policy);
    }
    if (cli_has(c, "nonce")) {
        att_jw_key(&w, "nonce");
        att_jw_str(&w, cli_value(c, "nonce"));
    }
    att_jw_end_object(&w);
    return !body->failed || att_fail(err, ATT_LIMIT_EXCEEDED, "request", "at most 64 MiB", "more");
}

static bool put_url(struct cli *c, const struct route *route, char *ret, size_t size, struct att_err *err)
{
    const char *base = cli_value(c, "url");
    const char *version = cli_value(c, "api-version");
    size_t base_len = strlen(base);

    if (!version)
        version = route->version;
    for (const char *p = version; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '-')
            return att_fail(err, ATT_USAGE, "api-version", "letters, digits and hyphens",
                            "another character");
    if (base_len == 0 || strpbrk(base, "?#"))
        return att_fail(err, ATT_USAGE, "url", "https://HOST[:PORT][/PATH]",
                        "a query or a fragment, or nothing");
    while (base_len > 0 && base[base_len - 1] == '/')
        base_len--;
    int n = snprintf(ret, size, "%.*s%s?api-version=%s", (int)base_len, base, route->path, version);
    return (n > 0 && (size_t)n < size) ||
           att_fail(err, ATT_USAGE, "url", "a URL of at most 2000 bytes", "a longer one");
}

/* Anything else must not reach a terminal or a shell. A sealed answer is one piece of base64url. */
static bool looks_like_token(struct att_span token, bool sealed)
{
    size_t dots = 0;

    for (size_t i = 0; i < token.len; i++) {
        uint8_t ch = token.ptr[i];
        if (!isalnum(ch) && ch != '-' && ch != '_' && ch != '.')
            return false;
        dots += ch == '.';
    }
    return token.len > 0 && dots == (sealed ? 0u : 2u);
}

/* The service's reasons, for who asked and may know; false when there are none. */
static bool put_explanation(struct cli *c, struct att_json_writer *w, const struct att_json *doc)
{
    att_json_id id = att_json_get(doc, ATT_JSON_ROOT, "x-attestd-explanation");

    return id != ATT_JSON_NONE && cli_put_json(w, c->arena, doc, id);
}

/* Behind it: how good the platform is, today and under the next evaluation set. */
static void put_level(struct cli *c, struct att_json_writer *w, const struct att_json *doc)
{
    att_json_id id = att_json_get(doc, ATT_JSON_ROOT, "x-attestd-tcb");

    if (id == ATT_JSON_NONE)
        return;
    att_jw_key(w, "tcb");
    if (!cli_put_json(w, c->arena, doc, id))
        att_jw_null(w);
}

/* Beside the token, which alone goes to standard output. */
static void show_explanation(struct cli *c, const struct att_json *doc)
{
    struct att_json_writer w = { .out = &c->diagnostics, .pretty = true };

    if (cli_has(c, "explain") && !put_explanation(c, &w, doc))
        att_buf_puts(&c->diagnostics, "the service gave no explanation: may this principal read the policy?");
    if (cli_has(c, "explain"))
        att_buf_putc(&c->diagnostics, '\n');
}

static enum cli_exit answer_token(struct cli *c, struct att_span body)
{
    struct att_err err = { 0 };
    struct att_json doc;
    struct att_span token;

    if (!att_json_parse(c->arena, body, NULL, &doc, &err) ||
        !att_json_want_string(&doc, c->arena, ATT_JSON_ROOT, "answer", "token", &token, &err) ||
        !looks_like_token(token, is_guest(c))) {
        err = (struct att_err){ 0 }; /* only that it was no answer matters */
        att_fail(&err, ATT_SERVICE_UNAVAILABLE, "answer", "{\"token\":\"...\"}", "something else");
        return cli_refuse(c, &err);
    }
    if (is_guest(c) && !cli_guest_answer(c, &token, &err))
        return cli_refuse(c, &err);
    if (is_guest(c) && cli_has(c, "answer-key") && !looks_like_token(token, false)) {
        att_fail(&err, ATT_SERVICE_UNAVAILABLE, "answer", "a token", "something else");
        return cli_refuse(c, &err);
    }
    if (!c->json) {
        att_buf_put(&c->out, token);
        att_buf_putc(&c->out, '\n');
        show_explanation(c, &doc);
        return CLI_YES;
    }
    struct att_json_writer w = cli_writer(c);
    att_jw_object(&w);
    att_jw_key(&w, "token");
    att_jw_string(&w, token);
    att_jw_key(&w, "error");
    att_jw_null(&w);
    if (cli_has(c, "explain")) {
        att_jw_key(&w, "explanation");
        if (!put_explanation(c, &w, &doc))
            att_jw_null(&w);
        put_level(c, &w, &doc);
    }
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

/* 4xx is the service's clear no; what it says goes to standard output, whole, since it is the answer. */
static enum cli_exit answer_refusal(struct cli *c, const struct client_response *answer)
{
    struct att_json_writer w = { .out = &c->out, .pretty = !c->json };

    if (!c->json)
        att_buf_printf(&c->out, "refused: status %ld\n", answer->status);
    att_jw_object(&w);
    att_jw_key(&w, "token");
    att_jw_null(&w);
    att_jw_key(&w, "status");
    att_jw_int(&w, answer->status);
    att_jw_key(&w, "error");
    struct att_json doc;
    att_json_id id = ATT_JSON_NONE;
    if (att_json_parse(c->arena, att_buf_span(&answer->body), NULL, &doc, NULL))
        id = att_json_get(&doc, ATT_JSON_ROOT, "error");
    if (id == ATT_JSON_NONE || !cli_put_json(&w, c->arena, &doc, id))
        cli_put_text(&w, c->arena, att_buf_span(&answer->body));
    if (cli_has(c, "explain")) {
        att_jw_key(&w, "explanation");
        if (id == ATT_JSON_NONE || !put_explanation(c, &w, &doc))
            att_jw_null(&w);
        if (id != ATT_JSON_NONE)
            put_level(c, &w, &doc);
    }
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return answer->status >= 400 && answer->status < 500 ? CLI_NO : CLI_UNKNOWN;
}

/* Attesting asks nobody who they are; an explanation does. The token of who is logged in goes to the URL that was given,
 * as with the other commands that take one. */
static bool bearer_of(struct cli *c, const char **ret, enum cli_exit *ret_exit)
{
    struct remote r;
    struct remote_answer refused = { 0 };
    struct att_err err = { 0 };

    *ret = NULL;
    if (!cli_has(c, "explain"))
        return true;
    if (!remote_open(c, &r)) {
        *ret_exit = r.exit;
        return false;
    }
    if (remote_token(c, &r.profile, AUDIENCE_DATA, ret, &refused, &err))
        return true;
    *ret_exit = refused.status ? remote_refuse(c, &refused) : cli_refuse(c, &err);
    return false;
}

static enum cli_exit run_attest(struct cli *c)
{
    ATT_AUTO(client_response_free) struct client_response answer = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    const struct route *route = route_of(c);
    enum cli_exit exit = CLI_UNKNOWN;
    const char *bearer = NULL;
    struct att_err err = { 0 };
    char url[2001];

    if (!cli_is_readable(c, "ca", &err) || !put_url(c, route, url, sizeof url, &err) ||
        !put_request(c, route, &body, &err))
        return cli_refuse(c, &err);
    struct att_span sent = att_buf_span(&body);
    if (!bearer_of(c, &bearer, &exit))
        return exit;
    struct client_request request = { .url = url,
                                      .ca_file = cli_value(c, "ca"),
                                      .bearer = bearer,
                                      .explain = bearer ? "1" : NULL,
                                      .content_type = "application/json",
                                      .body = &sent };
    if (!client_send(&request, &answer, &err))
        return cli_refuse(c, &err);
    if (answer.status == 200)
        return answer_token(c, att_buf_span(&answer.body));
    return answer_refusal(c, &answer);
}

static const struct cli_option options[] = {
    { .name = "url",
      .argument = "URL",
      .required = true,
      .help = "The provider, https://HOST[:PORT][/PATH]." },
    { .name = "evidence",
      .argument = "FILE",
      .required = true,
      .help = "The quote or report, raw bytes; azure-guest: the attestation information, JSON." },
    { .name = "chain", .argument = "PEM", .help = "sev-snp: VCEK or VLEK, ASK or ASVK, ARK, in this order." },
    { .name = "endorsements",
      .argument = "FILE",
      .repeats = true,
      .help = "sev-snp: an endorsement of the utility VM, COSE_Sign1." },
    { .name = "answer-key",
      .argument = "PEM",
      .help = "azure-guest: open the answer with this RSA key, that of made-up evidence, and write the token "
              "in it. "
              "Without it the answer is written as the service sealed it: only the guest's TPM opens it." },
    { .name = "ca", .argument = "PEM", .help = "Trust this CA alone for the connection." },
    { .name = "runtime-data",
      .argument = "FILE",
      .help = "Data that the attester bound into its report data." },
    { .name = "runtime-data-type", .argument = "json|binary", .help = "Binary if not given." },
    { .name = "init-time-data",
      .argument = "FILE",
      .help = "Data that is bound into CONFIGID, MRCONFIGID or HOST_DATA." },
    { .name = "init-time-data-type", .argument = "json|binary", .help = "Binary if not given." },
    { .name = "draft-policy",
      .argument = "FILE",
      .help = "Judge by this policy instead of the stored one; the token is then unsigned." },
    { .name = "nonce", .argument = "TEXT", .help = "Comes back in the token, to show that it is fresh." },
    { .name = "explain",
      .help = "Ask why, in the name of who is logged in: shown to those who may read the policy, on standard "
              "error beside the token." },
    { .name = "api-version",
      .argument = "VERSION",
      .help = "If not given, 2022-08-01, and 2025-06-01 for tdx, sev-snp and azure-guest." },
    { 0 },
};

const struct cli_command cli_attest = {
    .name = "attest",
    .operands = "sgx|open-enclave|tdx|sev-snp|azure-guest",
    .choices = "sgx open-enclave tdx sev-snp azure-guest",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "send evidence to a service and get a token",
    .about = "Posts evidence to the REST interface of an attestation service and writes the token. The token "
             "is not "
             "verified here: give it to attestctl token verify. When the service refuses (status 4xx), its "
             "error is "
             "written whole and the exit status is 1; when it cannot answer, 3.",
    .examples =
        "  attestctl attest sgx --url https://localhost:8443 --ca data/dev/ca.pem --evidence quote.bin "
        "--runtime-data runtime_data.bin\n"
        "  attestctl attest sev-snp --url https://localhost:8443 --ca data/dev/ca.pem --evidence report.bin "
        "--chain "
        "chain.pem\n",
    .options = options,
    .run = run_attest,
};
