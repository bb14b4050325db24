/* attestctl collateral export: everything that a site without a network needs, in one signed file. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/collateral.h"
#include "cli/files.h"
#include "cli/sign.h"

#include <attest/token.h>
#include <unistd.h>

ATT_AUTO_PTR(lib_free, struct att_lib, att_lib_free)

/* {"alg","typ","x5c"}, members sorted. */
static bool header_of(struct cli *c, const struct sign_ready *key, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    att_buf_printf(&b, "{\"alg\":\"%s\",\"typ\":\"attestd-collateral\",\"x5c\":[", key->alg);
    for (size_t i = 0; i < key->chain.count; i++) {
        att_buf_puts(&b, i ? ",\"" : "\"");
        att_base64_put(&b, key->chain.der[i]);
        att_buf_putc(&b, '"');
    }
    att_buf_puts(&b, "]}");
    const char *copy = b.failed ? NULL : att_arena_dup(c->arena, att_buf_span(&b));
    *ret = att_span_of(copy, b.len);
    return copy || att_fail_memory(err, "export");
}

/* Only what the vendors' roots vouch for is packed: a fault would show at the site, where nothing can be fetched. */
static bool items_of(struct cli *c, const struct att_lib *lib, const struct coll_list *list,
                     struct att_bundle *ret, struct att_err *err)
{
    struct att_collateral_item *items = att_arena_alloc(c->arena, list->count + 1, sizeof *items);
    struct att_shown shown;

    if (!items)
        return att_fail_memory(err, "export");
    for (size_t i = 0; i < list->count; i++) {
        struct att_item_facts facts = { 0 };
        struct att_err why = { 0 };
        items[i] = (struct att_collateral_item){ .body = list->items[i].body, .chain = list->items[i].chain };
        if (!att_item_of_id(list->items[i].id, &items[i].what, err))
            return false;
        if (!att_item_check(lib, &items[i], &facts, &why))
            return att_fail(err, why.code, why.where, why.expected, "%s in %s", why.found,
                            att_shown(&shown, att_str(list->items[i].id)));
    }
    ret->items = items;
    ret->item_count = list->count;
    ret->floors = list->floors;
    ret->floor_count = list->floor_count;
    return true;
}

static bool pack(struct cli *c, const struct sign_ready *key, const struct att_bundle *bundle,
                 struct att_span *ret, struct att_err *err)
{
    struct att_span header = { 0 }, input = { 0 }, signature = { 0 };

    return header_of(c, key, &header, err) && att_bundle_input(c->arena, bundle, header, &input, err) &&
           sign_input(c, key, input, &signature, err) && att_token_join(c->arena, input, signature, ret, err);
}

static bool write_out(struct cli *c, struct att_span file, struct att_err *err)
{
    const char *path = cli_value(c, "out");
    int fd = -1;

    if (!cli_file_new("out", path, &fd, err))
        return false;
    bool done = cli_write_all(fd, file) && fsync(fd) == 0;
    if (close(fd) != 0 || !done) {
        (void)unlink(path); /* made above, by us */
        return att_fail(err, ATT_IO_FAILED, "out", "all bytes written", "not all");
    }
    return true;
}

/* What `--trust CERTIFICATE` of the import takes a certificate for. */
static bool alg_usable(const struct sign_ready *key, struct att_err *err)
{
    return strcmp(key->alg, "RS256") == 0 || strcmp(key->alg, "ES256") == 0 ||
           strcmp(key->alg, "ES384") == 0 ||
           att_fail(err, ATT_USAGE, "alg", "RS256, ES256 or ES384", "%s", key->alg);
}

static bool export(struct cli *c, struct sign_ready *key, size_t *ret_count, struct att_err *err)
{
    ATT_AUTO(lib_free) struct att_lib *lib = NULL;
    struct coll_list list = { 0 };
    struct att_bundle bundle = { 0 };
    struct att_span file = { 0 };

    if (!sign_ready(c, key, err) || !alg_usable(key, err) || !coll_lib(c, &lib, err) ||
        !coll_read_admin(c, cli_value(c, "admin"), true, &list, err) ||
        !items_of(c, lib, &list, &bundle, err))
        return false;
    if (bundle.item_count == 0)
        return att_fail(err, ATT_COLLATERAL_MISSING, "export", "items of collateral",
                        "a server that has none");
    bundle.created_unix_s = list.now_unix_s;
    *ret_count = bundle.item_count;
    return pack(c, key, &bundle, &file, err) && write_out(c, file, err);
}

static enum cli_exit run_export(struct cli *c)
{
    struct att_json_writer w = cli_writer(c);
    struct sign_ready key = { 0 };
    struct att_err err = { 0 };
    size_t count = 0;
    bool done = export(c, &key, &count, &err);

    sign_done(&key);
    if (!done)
        return cli_refuse(c, &err);
    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "items");
        att_jw_int(&w, (int64_t)count);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    } else {
        att_buf_printf(&c->out, "%zu items in %s, signed with %s\n", count, cli_value(c, "out"), key.alg);
    }
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "out", .argument = "FILE", .required = true, .help = "The file to make." },
    { .name = "key",
      .argument = "PEM",
      .required = true,
      .help = "Sign with this private key, RSA or EC, in a file that you alone can read." },
    { .name = "cert", .argument = "PEM", .required = true, .help = "The certificate of the key." },
    { .name = "alg", .argument = "ALG", .help = "RS256, ES256 or ES384: what the key is for, if not given." },
    { .name = "admin",
      .argument = "URL",
      .help = "Admin listener of the attestd that has the items; " COLL_ADMIN_DEFAULT " if not given." },
    { .name = "trust-root",
      .argument = "PEM",
      .repeats = true,
      .help = "Trust the key of this certificate as a vendor's root, too. For tests." },
    { 0 },
};

const struct cli_command cli_collateral_export = {
    .name = "collateral export",
    .summary = "pack all collateral of a server into one signed file",
    .about =
        "Takes every item that a running attestd holds, of all vendors, with the floors of their evaluation "
        "numbers, and packs them into one file: a compact JWS. Each item keeps its vendor's signature; the "
        "signature of the file says who packed it.\n\n"
        "Carry the file to a machine without a network and give it to `attestctl collateral import`.",
    .examples = "  attestctl collateral export --out site.bundle --key packer.key --cert packer.pem\n",
    .options = options,
    .run = run_export,
};
