/* layers: config files base codec */
#include "config/config.h"

#include <attest/attest.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#define GUID_A "11111111-1111-4111-8111-111111111111"
#define GUID_B "22222222-2222-4222-8222-222222222222"
#define GUID_T "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

static bool read_text(struct att_arena *a, const char *text, struct config *c, struct att_err *err)
{
    return config_defaults(a, c, err) && config_read(a, "/etc/attestd.conf", att_str(text), c, err);
}

static void good_settings_are_taken(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct config c;

    if (!read_text(
            a,
            "# a comment\n[attestd]\nlisten = 0.0.0.0:443\nthreads=4\n"
            "collateral_dirs = /a/b  /c\naccepted_tcb = UpToDate, OutOfDate\nsigning_algorithm = ES256\n"
            "private_networks = 10.0.0.0/8 fd00::/8 192.0.2.1\ntrusted_proxies = ::1\n"
            "proxy_protocol = yes\nauthority = on\nidentity_socket_mode = 0600\n"
            "domain = Attest.Example.ORG\nstore = postgres:host=db dbname=attestd user=attestd\n",
            &c, &err))
        fail_msg("%s", err.text);
    assert_string_equal(c.listen, "0.0.0.0:443");
    assert_int_equal(c.threads, 4);
    assert_int_equal(c.collateral_dirs.count, 2);
    assert_string_equal(c.collateral_dirs.item[1], "/c");
    assert_null(c.collateral_dirs.item[2]);
    assert_int_equal(c.accepted_tcb,
                     ATT_TCB_BIT(ATT_STATUS_UP_TO_DATE) | ATT_TCB_BIT(ATT_STATUS_OUT_OF_DATE));
    assert_int_equal(c.idle_timeout_s, 120); /* untouched */
    assert_int_equal(c.private_networks.count, 3);
    assert_true(c.proxy_protocol);
    assert_true(c.authority);
    assert_int_equal(c.identity_socket_mode, 0600);
    assert_string_equal(c.domain, "attest.example.org");
    assert_string_equal(c.data_audiences.item[0], "https://attest.azure.net");
    assert_int_equal(c.control_audiences.count, 2);
    assert_int_equal(c.issuer_count, 0);
    att_arena_free(a);
}

static void sections_are_taken(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct config c;

    if (!read_text(a,
                   "[issuer corp]\nurl = https://login.example/t/v2.0\ntenant = "
                   "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE\n"
                   "algorithms = RS256  ES384\nleeway_s = 300\n"
                   "[subscription 11111111-1111-4111-8111-11111111111F]\ntenant = " GUID_T
                   "\nname = Ours, not theirs\nowner = Someone@Example\n"
                   "[attestd]\nthreads = 2\n[issuer other_1]\nurl = https://b.example\nkeys = /etc/b.json\n"
                   "control_audiences = api://one api://two\n"
                   "[source intel]\nkind = pcs\nurl = https://pcs.example\n"
                   "[source amd]\nkind = kds\nurl = https://kds.example\nper_minute = 3\n"
                   "[compliance one]\nstatus = a\n[compliance two]\nstatus = b\ntype = tdx\n"
                   "[sink siem]\nkind = otlp\nurl = https://siem.example:4318/v1/logs\n"
                   "[sink disk-2]\nkind = file\npath = /var/log/r.jsonl\nrotate_bytes = 5000\n",
                   &c, &err))
        fail_msg("%s", err.text);
    assert_int_equal(c.threads, 2);
    assert_int_equal(c.issuer_count, 2);
    assert_string_equal(c.issuers[0].section, "corp");
    assert_string_equal(c.issuers[0].tenant, GUID_T); /* lower case */
    assert_string_equal(c.issuers[0].algorithms, "RS256 ES384");
    assert_int_equal(c.issuers[0].leeway_s, 300);
    assert_string_equal(c.issuers[0].groups_claim, "groups");
    assert_string_equal(c.issuers[1].section, "other_1");
    assert_string_equal(c.issuers[1].algorithms, "RS256 PS256 ES256");
    assert_int_equal(c.issuers[1].leeway_s, 60);
    assert_int_equal(c.issuers[1].control_audiences.count, 2);
    assert_int_equal(c.source_count, 2);
    assert_string_equal(c.sources[0].url, "https://pcs.example");
    assert_string_equal(c.sources[1].kind, "kds");
    assert_int_equal(c.sources[0].per_minute, 0);
    assert_int_equal(c.sources[1].per_minute, 3);
    assert_int_equal(c.sink_count, 2);
    assert_string_equal(c.sinks[0].section, "siem");
    assert_string_equal(c.sinks[0].url, "https://siem.example:4318/v1/logs");
    assert_int_equal(c.sinks[0].rotate_bytes, 64 << 20);
    assert_int_equal(c.sinks[1].rotate_bytes, 5000);
    assert_int_equal(c.sinks[1].keep_files, 10);
    assert_int_equal(c.compliance_count, 2);
    assert_string_equal(c.compliance[0].type, "sev-snp");
    assert_string_equal(c.compliance[1].status, "b");
    assert_int_equal(c.subscription_count, 1);
    assert_string_equal(c.subscriptions[0].section, "11111111-1111-4111-8111-11111111111f");
    assert_string_equal(c.subscriptions[0].name, "Ours, not theirs");
    assert_string_equal(c.subscriptions[0].owner, "someone@example");

    /* The command line stands over the file, in the section that is there or in a new one. */
    assert_true(config_set(a, &c, "issuer.corp.leeway_s", "5", &err));
    assert_true(config_set(a, &c, "issuer.third.url", "https://c.example/", &err));
    assert_true(config_set(a, &c, "subscription.11111111-1111-4111-8111-11111111111F.name", "x", &err));
    assert_int_equal(c.issuers[0].leeway_s, 5);
    assert_int_equal(c.issuer_count, 3);
    assert_string_equal(c.issuers[2].url, "https://c.example/");
    assert_int_equal(c.subscription_count, 1);
    assert_string_equal(c.subscriptions[0].name, "x");
    att_arena_free(a);
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *where;
    } rows[] = {
        { "unknown name", "[attestd]\nlistn = x\n", "attestd.conf:2" },
        { "twice", "[attestd]\nthreads = 1\nthreads = 2\n", "attestd.conf:3.threads" },
        { "another section", "[other]\nthreads = 1\n", "attestd.conf:1" },
        { "no section", "threads = 1\n", "attestd.conf:1" },
        { "indented", "[attestd]\n threads = 1\n", "attestd.conf:2" },
        { "indented by a tab", "[attestd]\nlisten = a:1\n\tb\n", "attestd.conf:3" },
        { "negative", "[attestd]\nthreads = -1\n", "attestd.conf:2" },
        { "not a number", "[attestd]\nthreads = two\n", "attestd.conf:2" },
        { "hexadecimal", "[attestd]\nthreads = 0x10\n", "attestd.conf:2" },
        { "empty number", "[attestd]\nthreads =\n", "attestd.conf:2" },
        { "too large", "[attestd]\nthreads = 257\n", "attestd.conf:2" },
        { "far too large", "[attestd]\nthreads = 99999999999999999999\n", "attestd.conf:2" },
        { "too small", "[attestd]\nconnections_max = 0\n", "attestd.conf:2" },
        { "Revoked", "[attestd]\naccepted_tcb = UpToDate Revoked\n", "attestd.conf:2" },
        { "unknown status", "[attestd]\naccepted_tcb = uptodate\n", "attestd.conf:2" },
        { "unknown algorithm", "[attestd]\nsigning_algorithm = none\n", "attestd.conf:2" },
        { "no algorithm", "[attestd]\nsigning_algorithm =\n", "attestd.conf:2" },
        { "neither section nor setting", "[attestd]\nhello\n", "attestd.conf:2" },
        { "a trust root", "[attestd]\ntrust_root = /x\n", "attestd.conf:2" },
        { "dev by file", "[attestd]\ndev = true\n", "attestd.conf:2" },
        { "evidence time by file", "[attestd]\nevidence_time = 2020-01-01T00:00:00Z\n", "attestd.conf:2" },
        { "base_url of plain HTTP", "[attestd]\nbase_url = http://a.example\n", "attestd.conf:2.base_url" },
        { "base_url without host", "[attestd]\nbase_url = https://\n", "attestd.conf:2.base_url" },
        { "base_url ends with a slash", "[attestd]\nbase_url = https://a.example/\n",
          "attestd.conf:2.base_url" },
        { "base_url with a query", "[attestd]\nbase_url = https://a.example?x\n", "attestd.conf:2.base_url" },
        { "base_url with a user", "[attestd]\nbase_url = https://u@a.example\n", "attestd.conf:2.base_url" },
        { "base_url with a space", "[attestd]\nbase_url = https://a. example\n", "attestd.conf:2.base_url" },
        { "base_url with a quote", "[attestd]\nbase_url = https://a\".example\n", "attestd.conf:2.base_url" },
        { "a network with bits behind its prefix", "[attestd]\nprivate_networks = 10.0.0.1/8\n",
          "attestd.conf:2.private_networks" },
        { "a network of 33 bits", "[attestd]\nprivate_networks = 10.0.0.0/33\n",
          "attestd.conf:2.private_networks" },
        { "a network of no bits", "[attestd]\ntrusted_proxies = 10.0.0.0/\n",
          "attestd.conf:2.trusted_proxies" },
        { "networks by commas", "[attestd]\ntrusted_proxies = 10.0.0.1, 10.0.0.2\n",
          "attestd.conf:2.trusted_proxies" },
        { "a proxy by name", "[attestd]\ntrusted_proxies = localhost\n", "attestd.conf:2.trusted_proxies" },
        { "one of several networks", "[attestd]\ntrusted_proxies = ::1 010.0.0.1\n",
          "attestd.conf:2.trusted_proxies" },
        { "neither yes nor no", "[attestd]\nproxy_protocol = 1\n", "attestd.conf:2.proxy_protocol" },
        { "no choice", "[attestd]\nauthority =\n", "attestd.conf:2.authority" },
        { "ON", "[attestd]\nauthority = ON\n", "attestd.conf:2.authority" },
        { "keys at another place", "[attestd]\nsigning_keys = hsm\n", "attestd.conf:2.signing_keys" },
        { "a mode that is no octal number", "[attestd]\nidentity_socket_mode = 0680\n",
          "attestd.conf:2.identity_socket_mode" },
        { "a mode with a set-uid bit", "[attestd]\nidentity_socket_mode = 4660\n",
          "attestd.conf:2.identity_socket_mode" },
        { "a mode of two digits", "[attestd]\nidentity_socket_mode = 60\n",
          "attestd.conf:2.identity_socket_mode" },
        { "a domain with a scheme", "[attestd]\ndomain = https://a.example\n", "attestd.conf:2.domain" },
        { "a domain that ends with a dot", "[attestd]\ndomain = a.example.\n", "attestd.conf:2.domain" },
        { "a domain with an empty label", "[attestd]\ndomain = a..example\n", "attestd.conf:2.domain" },
        { "a label that begins with a hyphen", "[attestd]\ndomain = a.-b.example\n",
          "attestd.conf:2.domain" },
        { "a domain with an underscore", "[attestd]\ndomain = a_b.example\n", "attestd.conf:2.domain" },
        { "a store without a scheme", "[attestd]\nstore = /var/lib/attestd\n", "attestd.conf:2.store" },
        { "a token lifetime of a minute", "[attestd]\nauthority_token_lifetime_s = 60\n",
          "attestd.conf:2.authority_token_lifetime_s" },
        { "a comment behind a value", "[attestd]\nthreads = 1 ; or two\n", "attestd.conf:2" },
        { "a comment behind a value, by a tab", "[attestd]\nlisten = a:1\t;x\n", "attestd.conf:2" },
        { "the section twice", "[attestd]\nthreads = 1\n[attestd]\nlisten = a:1\n", "attestd.conf:3" },
        { "the section twice, once empty", "[attestd]\n[attestd]\nlisten = a:1\n", "attestd.conf:2" },
        { "text behind a section", "[attestd] x\nthreads = 1\n", "attestd.conf:1" },
        { "a section that does not end", "[attestd\nthreads = 1\n", "attestd.conf:1" },
        { "an empty section name", "[]\n", "attestd.conf:1" },
        { "attestd with a name", "[attestd two]\n", "attestd.conf:1" },
        { "case of a section", "[Attestd]\n", "attestd.conf:1" },
        { "a space before a section's name", "[ attestd]\n", "attestd.conf:1" },
        { "an issuer without a name", "[issuer]\nurl = https://a.example\n", "attestd.conf:1" },
        { "an issuer with an empty name", "[issuer ]\n", "attestd.conf:1" },
        { "an issuer with two names", "[issuer a b]\n", "attestd.conf:1" },
        { "an issuer with two spaces", "[issuer  a]\n", "attestd.conf:1" },
        { "an issuer with a dot", "[issuer a.b]\n", "attestd.conf:1" },
        { "an issuer called as the authority is", "[issuer authority:" GUID_T "]\n", "attestd.conf:1" },
        { "an issuer of 33 letters", "[issuer abcdefghijklmnopqrstuvwxyzabcdefg]\n", "attestd.conf:1" },
        { "an issuer twice", "[issuer a]\n[issuer b]\n[issuer a]\n", "attestd.conf:3" },
        { "an issuer's setting in attestd", "[attestd]\nurl = https://a.example\n", "attestd.conf:2" },
        { "a setting of attestd in an issuer", "[issuer a]\nlisten = a:1\n", "attestd.conf:2" },
        { "an issuer's setting twice", "[issuer a]\nurl = https://a.example\nurl = https://b.example\n",
          "attestd.conf:3.url" },
        { "an issuer of plain HTTP", "[issuer a]\nurl = http://a.example\n", "attestd.conf:2.url" },
        { "an issuer with a fragment", "[issuer a]\nurl = https://a.example/#x\n", "attestd.conf:2.url" },
        { "metadata of a file", "[issuer a]\nmetadata = file:///etc/passwd\n", "attestd.conf:2.metadata" },
        { "a tenant that is no GUID", "[issuer a]\ntenant = common\n", "attestd.conf:2.tenant" },
        { "a tenant in braces", "[issuer a]\ntenant = {" GUID_T "}\n", "attestd.conf:2.tenant" },
        { "a tenant without hyphens", "[issuer a]\ntenant = aaaaaaaabbbb4ccc8dddeeeeeeeeeeee0000\n",
          "attestd.conf:2.tenant" },
        { "algorithm none", "[issuer a]\nalgorithms = none\n", "attestd.conf:2.algorithms" },
        { "a MAC", "[issuer a]\nalgorithms = RS256 HS256\n", "attestd.conf:2.algorithms" },
        { "an algorithm twice", "[issuer a]\nalgorithms = RS256 RS256\n", "attestd.conf:2.algorithms" },
        { "no algorithms", "[issuer a]\nalgorithms =\n", "attestd.conf:2.algorithms" },
        { "leeway of over five minutes", "[issuer a]\nleeway_s = 301\n", "attestd.conf:2.leeway_s" },
        { "a subscription without a GUID", "[subscription]\n", "attestd.conf:1" },
        { "a subscription of another form", "[subscription one]\n", "attestd.conf:1" },
        { "a subscription of 35 digits", "[subscription 1111111-1111-4111-8111-111111111111]\n",
          "attestd.conf:1" },
        /* The INI library keeps 49 bytes of a name: this one would become a good one. */
        { "a subscription of 37 digits", "[subscription " GUID_A "1]\n", "attestd.conf:1" },
        { "a subscription twice", "[subscription " GUID_A "]\n[subscription " GUID_A "]\n",
          "attestd.conf:2" },
        { "a subscription twice, in another case",
          "[subscription " GUID_T "]\n[subscription AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee]\n",
          "attestd.conf:2" },
        { "an owner with a space", "[subscription " GUID_A "]\nowner = a b\n", "attestd.conf:2.owner" },
        { "an owner with a slash", "[subscription " GUID_A "]\nowner = a/b\n", "attestd.conf:2.owner" },
        { "a plain secret for a hash", "[subscription " GUID_A "]\nowner_secret_hash = hunter2\n",
          "attestd.conf:2.owner_secret_hash" },
        { "a hash without parameters", "[subscription " GUID_A "]\nowner_secret_hash = scrypt$$8$1$a$b\n",
          "attestd.conf:2.owner_secret_hash" },
        { "a hash of four parts", "[subscription " GUID_A "]\nowner_secret_hash = scrypt$32768$8$1$a\n",
          "attestd.conf:2.owner_secret_hash" },
        { "a hash of six parts", "[subscription " GUID_A "]\nowner_secret_hash = scrypt$32768$8$1$a$b$c\n",
          "attestd.conf:2.owner_secret_hash" },
        { "a source without a name", "[source]\n", "attestd.conf:1" },
        { "a source twice", "[source a]\nkind = pcs\n[source b]\nkind = kds\n[source a]\nper_minute = 5\n",
          "attestd.conf:5" },
        { "a source of an issuer's name is its own",
          "[issuer a]\nurl = https://a.example\n[source a]\nkind = pcs\nkind = kds\n",
          "attestd.conf:5.kind" },
        { "an issuer's setting in a source", "[source a]\nalgorithms = RS256\n", "attestd.conf:2" },
        { "a source of another kind", "[source a]\nkind = PCS\n", "attestd.conf:2.kind" },
        { "a source of plain HTTP", "[source a]\nurl = http://pcs.example\n", "attestd.conf:2.url" },
        { "a source with a password", "[source a]\nurl = https://u:p@pcs.example\n", "attestd.conf:2.url" },
        { "a source with too many requests", "[source a]\nper_minute = 6001\n", "attestd.conf:2.per_minute" },
        { "a digest of 47 bytes", "[compliance a]\nid_key_digest = 00\n", "attestd.conf:2.id_key_digest" },
        { "another type of machine", "[compliance a]\ntype = sgx\n", "attestd.conf:2.type" },
        { "a compliance section twice",
          "[compliance a]\ntype = tdx\n[compliance b]\ntype = tdx\n[compliance a]\n", "attestd.conf:5" },
        { "a sink without a name", "[sink]\n", "attestd.conf:1" },
        { "a sink in upper case", "[sink A]\n", "attestd.conf:1" },
        { "a sink with an underline", "[sink a_b]\n", "attestd.conf:1" },
        { "a sink of 33 letters", "[sink aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n", "attestd.conf:1" },
        { "a sink twice", "[sink a]\nkind = file\n[sink b]\nkind = file\n[sink a]\n", "attestd.conf:5" },
        { "a sink of another kind", "[sink a]\nkind = kafka\n", "attestd.conf:2.kind" },
        { "a sink of plain HTTP", "[sink a]\nurl = http://siem.example/\n", "attestd.conf:2.url" },
        { "a file that turns over too soon", "[sink a]\nrotate_bytes = 4095\n",
          "attestd.conf:2.rotate_bytes" },
        { "no old file", "[sink a]\nkeep_files = 0\n", "attestd.conf:2.keep_files" },
        { "a queue of 15", "[attestd]\nrecords_queue_max = 15\n", "attestd.conf:2.records_queue_max" },
        { "another hash", "[subscription " GUID_A "]\nowner_secret_hash = $2b$12$abc\n",
          "attestd.conf:2.owner_secret_hash" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        struct config c;
        if (read_text(a, rows[i].text, &c, &err))
            fail_msg("%s was taken", rows[i].name);
        if (err.code != ATT_CONFIG_INVALID || strncmp(err.where, rows[i].where, strlen(rows[i].where)) != 0)
            fail_msg("%s: %s at %s", rows[i].name, att_code_name(err.code), err.where);
        att_arena_free(a);
    }
}

/* Nobody reads it in a list of processes, in a log, in a copy of the file. */
static void a_password_in_the_store_is_refused_and_not_shown(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "postgres:host=db password=hunter2",
        "postgres:host=db PASSWORD = hunter2",
        "postgres:host=db sslpassword=hunter2",
        "postgres://attestd:hunter2@db/attestd",
        "postgres:postgres://attestd:hunter2@db/attestd",
        "postgres://db/attestd?user=x&password=hunter2",
    };
    struct att_arena *a = att_arena_new(1 << 20);
    struct config c;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        assert_true(config_defaults(a, &c, &err));
        if (config_set(a, &c, "store", rows[i], &err))
            fail_msg("%s was taken", rows[i]);
        if (err.code != ATT_CONFIG_INVALID || strstr(err.text, "hunter2") || strstr(err.found, "hunter2"))
            fail_msg("%s: %s", rows[i], err.text);
        assert_string_equal(c.store, "");
    }
    static const char *const good[] = { "postgres:host=db dbname=a", "postgres://attestd@db:5432/attestd",
                                        "sqlite:/var/lib/a:b", "memory:" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct att_err err = { 0 };
        if (!config_set(a, &c, "store", good[i], &err))
            fail_msg("%s: %s", good[i], err.text);
    }
    att_arena_free(a);
}

static void bad_names_on_the_command_line(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        ".",
        "..",
        "issuer",
        "issuer.",
        "issuer.corp",
        "issuer.corp.",
        "issuer..url",
        "issuer.a b.url",
        "issuer.a.b.url",
        "issuer.corp.listen",
        "attestd.listen",
        "attestd..listen",
        "subscription.tenant",
        "subscription.one.tenant",
        "other.corp.url",
        "issuer.abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz.url",
    };
    struct att_arena *a = att_arena_new(1 << 20);
    struct config c;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        assert_true(config_defaults(a, &c, &err));
        if (config_set(a, &c, rows[i], "https://a.example", &err))
            fail_msg("\"%s\" was taken", rows[i]);
        if (err.code != ATT_CONFIG_INVALID)
            fail_msg("\"%s\": %s", rows[i], err.text);
    }
    att_arena_free(a);
}

static void long_lines_and_nul_are_refused(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct config c;
    char text[400] = "[attestd]\ndata_dir = ";
    size_t len = strlen(text);

    memset(text + len, 'x', 190 - (len - 10));
    assert_true(read_text(a, text, &c, &err)); /* exactly 190 */
    text[len + 190 - (len - 10)] = 'x';
    assert_false(read_text(a, text, &c, &err));
    assert_non_null(strstr(err.expected, "190"));
    err = (struct att_err){ 0 };
    assert_true(config_defaults(a, &c, &err));
    assert_false(config_read(a, "x.conf", att_span_of("[attestd]\n\0", 11), &c, &err));
    att_arena_free(a);
}

static void too_many_are_refused(void **state)
{
    (void)state;
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_err err = { 0 };
    struct config c;
    char name[96];

    assert_true(config_defaults(a, &c, &err));
    for (int i = 0; i <= CONFIG_ISSUERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "issuer.i%d.leeway_s", i);
        assert_int_equal(config_set(a, &c, name, "1", &err), i < CONFIG_ISSUERS_MAX);
    }
    assert_int_equal(c.issuer_count, CONFIG_ISSUERS_MAX);
    err = (struct att_err){ 0 };
    for (int i = 0; i <= CONFIG_SUBSCRIPTIONS_MAX; i++) {
        (void)snprintf(name, sizeof name, "subscription.11111111-1111-4111-8111-1111111111%02x.name",
                       (unsigned)i);
        assert_int_equal(config_set(a, &c, name, "x", &err), i < CONFIG_SUBSCRIPTIONS_MAX);
    }
    att_arena_free(a);
}

/* Every prefix of a file is taken or refused with a place; nothing is read beyond its end. */
static void every_prefix_of_a_file(void **state)
{
    (void)state;
    static const char whole[] =
        "[attestd]\nbase_url = https://a.example\nauthority = on\n[issuer corp]\nurl = "
        "https://login.example/v2.0\ntenant = " GUID_T "\n[subscription " GUID_A "]\ntenant = " GUID_T
        "\nowner = me\n";

    for (size_t len = 0; len < sizeof whole; len++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct att_err err = { 0 };
        struct config c;
        char *copy = att_arena_dup(a, att_span_of(whole, len));
        assert_non_null(copy);
        assert_true(config_defaults(a, &c, &err));
        if (!config_read(a, "attestd.conf", att_span_of(copy, len), &c, &err) &&
            (err.code != ATT_CONFIG_INVALID || strncmp(err.where, "attestd.conf:", 13) != 0))
            fail_msg("%zu bytes: %s at %s", len, att_code_name(err.code), err.where);
        att_arena_free(a);
    }
}

static void set_all(struct att_arena *a, struct config *c, const char *const (*pairs)[2], size_t count)
{
    struct att_err err = { 0 };

    for (size_t i = 0; i < count; i++) {
        if (!config_set(a, c, pairs[i][0], pairs[i][1], &err))
            fail_msg("%s: %s", pairs[i][0], err.text);
    }
}

static void production_names_what_is_missing(void **state)
{
    (void)state;
    static const char *const order[][2] = {
        { "base_url", "https://attest.example" },
        { "data_dir", "/d" },
        { "tls_certificate", "/c" },
        { "tls_key", "/k" },
        { "key_encryption_key", "/e" },
        { "issuer", NULL },
        { "issuer.corp.url", "https://login.example/" },
        { "subscription", NULL },
        { "subscription." GUID_A ".tenant", GUID_T },
        { "issuer.corp.tenant", GUID_T },
    };
    struct att_arena *a = att_arena_new(1 << 20);
    struct config c;
    struct att_err err = { 0 };

    assert_true(config_defaults(a, &c, &err));
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        err = (struct att_err){ 0 };
        if (order[i][1] == NULL || strncmp(order[i][0], "issuer.corp.url", 15) != 0)
            assert_false(config_complete(&c, &err));
        if (order[i][1] == NULL || !strchr(order[i][0], '.'))
            assert_string_equal(err.where, order[i][0]);
        if (order[i][1])
            set_all(a, &c, &order[i], 1);
    }
    err = (struct att_err){ 0 };
    if (!config_complete(&c, &err))
        fail_msg("%s", err.text);
    att_arena_free(a);
}

static void a_store_elsewhere_needs_no_data_folder(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "base_url", "https://a.example" },
        { "tls_certificate", "/c" },
        { "tls_key", "/k" },
        { "key_encryption_key", "/e" },
        { "authority", "on" },
        { "subscription." GUID_A ".tenant", GUID_T },
    };
    struct att_arena *a = att_arena_new(1 << 20);
    struct config c;
    struct att_err err = { 0 };

    assert_true(config_defaults(a, &c, &err));
    set_all(a, &c, pairs, sizeof pairs / sizeof pairs[0]);
    assert_false(config_complete(&c, &err));
    assert_string_equal(err.where, "data_dir");
    err = (struct att_err){ 0 };
    assert_true(config_set(a, &c, "store", "postgres:dbname=a", &err));
    assert_true(config_complete(&c, &err));
    att_arena_free(a);
}

static void settings_that_do_not_go_together(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *pairs[4][2];
        const char *where;
    } rows[] = {
        { "a PROXY header of nobody", { { "proxy_protocol", "yes" } }, "proxy_protocol" },
        { "an identity socket without authority", { { "identity_socket", "/run/s" } }, "identity_socket" },
        { "a password for SQLite", { { "store_password_file", "/p" } }, "store_password_file" },
        { "a lead shorter than caches", { { "key_lead_s", "7259" } }, "key_lead_s" },
        { "caches longer than the lead", { { "keys_max_age_s", "43171" } }, "key_lead_s" },
        { "a lead longer than a key's life",
          { { "key_rotation_days", "1" }, { "key_lead_s", "86401" } },
          "key_lead_s" },
        { "keys that go before tokens",
          { { "key_keep_s", "86699" }, { "authority_token_lifetime_s", "86400" } },
          "key_keep_s" },
        { "a key in no module", { { "key_encryption_key", "pkcs11:kek" } }, "pkcs11_module" },
        { "an earlier key in no module",
          { { "key_encryption_key_previous", "/kek pkcs11:kek" } },
          "pkcs11_module" },
        { "keys in no module", { { "signing_keys", "token" } }, "pkcs11_module" },
        { "a token in no module", { { "pkcs11_token", "a" } }, "pkcs11_module" },
        { "a PIN for no module", { { "pkcs11_pin_file", "/pin" } }, "pkcs11_module" },
        { "a module without a token", { { "pkcs11_module", "/m.so" } }, "pkcs11_token" },
        { "no audience", { { "data_audiences", "" } }, "data_audiences" },
        { "no control audience", { { "control_audiences", " " } }, "control_audiences" },
        { "an issuer without url", { { "issuer.a.tenant", GUID_T } }, "issuer.a.url" },
        { "an issuer without tenant", { { "issuer.a.url", "https://a.example" } }, "issuer.a.tenant" },
        { "an issuer with keys twice",
          { { "issuer.a.url", "https://a.example" },
            { "issuer.a.tenant", GUID_T },
            { "issuer.a.keys", "/k" },
            { "issuer.a.metadata", "https://a.example/m" } },
          "issuer.a.keys" },
        { "a CA for a file",
          { { "issuer.a.url", "https://a.example" },
            { "issuer.a.tenant", GUID_T },
            { "issuer.a.keys", "/k" },
            { "issuer.a.ca", "/c" } },
          "issuer.a.ca" },
        { "a subscription without tenant",
          { { "subscription." GUID_A ".owner", "me" } },
          "subscription." GUID_A ".tenant" },
        { "a secret without authority",
          { { "subscription." GUID_A ".tenant", GUID_T },
            { "subscription." GUID_A ".owner", GUID_B },
            { "subscription." GUID_A ".owner_secret_hash", "scrypt$32768$8$1$a$b" } },
          "subscription." GUID_A ".owner_secret" /* a place has 63 bytes */ },
        { "a secret for a name",
          { { "authority", "on" },
            { "subscription." GUID_A ".tenant", GUID_T },
            { "subscription." GUID_A ".owner", "me" },
            { "subscription." GUID_A ".owner_secret_hash", "scrypt$32768$8$1$a$b" } },
          "subscription." GUID_A ".owner_secret" },
        { "fail closed without a journal", { { "records_fail_closed", "yes" } }, "records_fail_closed" },
        { "a sink of no kind", { { "sink.a.path", "/x" } }, "sink.a.kind" },
        { "a file without a path", { { "sink.a.kind", "file" } }, "sink.a" },
        { "a relative path", { { "sink.a.kind", "file" }, { "sink.a.path", "x" } }, "sink.a" },
        { "a url for a file",
          { { "sink.a.kind", "file" }, { "sink.a.path", "/x" }, { "sink.a.url", "https://a.example/" } },
          "sink.a" },
        { "a collector without a url", { { "sink.a.kind", "otlp" } }, "sink.a" },
        { "a path for a webhook",
          { { "sink.a.kind", "webhook" }, { "sink.a.path", "/x" }, { "sink.a.url", "https://a.example/" } },
          "sink.a" },
        { "a CA for syslog", { { "sink.a.kind", "syslog" }, { "sink.a.ca", "/x" } }, "sink.a" },
        { "a header for the journal",
          { { "sink.a.kind", "journal" }, { "sink.a.header_file", "/x" } },
          "sink.a" },
        { "a source of no kind", { { "source.a.url", "https://a.example" } }, "source.a.kind" },
        { "a source without a place", { { "source.a.kind", "pcs" } }, "source.a.url" },
        { "a source with a slash at its end",
          { { "source.a.kind", "pcs" }, { "source.a.url", "https://a.example/" } },
          "source.a.url" },
        { "a source with a query",
          { { "source.a.kind", "pccs" }, { "source.a.url", "https://a.example?x" } },
          "source.a.url" },
        { "a proxy over TLS", { { "fetch_proxy", "https://proxy.example:3128" } }, "fetch_proxy" },
        { "a proxy with a password", { { "fetch_proxy", "http://u:p@proxy.example" } }, "fetch_proxy" },
        { "a proxy without a host", { { "fetch_proxy", "http://" } }, "fetch_proxy" },
        { "a proxy with a line of its own",
          { { "fetch_proxy", "http://proxy.example\nX: y" } },
          "fetch_proxy" },
        { "a machine called compliant for nothing", { { "compliance.a.status", "x" } }, "compliance.a" },
        { "compliance for the smallest of numbers",
          { { "compliance.a.status", "x" }, { "compliance.a.guest_svn_min", "3" } },
          "compliance.a" },
        { "compliance with a feed of anybody",
          { { "compliance.a.status", "x" }, { "compliance.a.uvm_feed", "ContainerPlat" } },
          "compliance.a" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct config c;
        struct att_err err = { 0 };
        size_t count = 0;

        assert_true(config_defaults(a, &c, &err));
        assert_true(config_consistent(&c, &err));
        while (count < 4 && rows[i].pairs[count][0])
            count++;
        set_all(a, &c, rows[i].pairs, count);
        if (config_consistent(&c, &err))
            fail_msg("%s was taken", rows[i].name);
        if (strncmp(err.where, rows[i].where, strlen(rows[i].where)) != 0)
            fail_msg("%s: %s", rows[i].name, err.where);
        att_arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_settings_are_taken),
        cmocka_unit_test(sections_are_taken),
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(a_password_in_the_store_is_refused_and_not_shown),
        cmocka_unit_test(bad_names_on_the_command_line),
        cmocka_unit_test(long_lines_and_nul_are_refused),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(every_prefix_of_a_file),
        cmocka_unit_test(production_names_what_is_missing),
        cmocka_unit_test(a_store_elsewhere_needs_no_data_folder),
        cmocka_unit_test(settings_that_do_not_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
