/* attestctl collateral import: a file of `collateral export`, verified and put where attestd reads it. */
#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/collateral.h"
#include "cli/files.h"
#include "cli/members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

ATT_AUTO_PTR(lib_free, struct att_lib, att_lib_free)

/* An item that is refused, or past its time, is told; one that no root vouches for ends the import. */
static bool items_good(const struct coll_list *list, size_t *ret_expired, struct att_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct coll_item *item = &list->items[i];
        struct att_shown shown;
        if (strcmp(item->code, att_code_name(ATT_OK)) != 0)
            return att_fail(err, ATT_COLLATERAL_BUNDLE_INVALID, "bundle",
                            "items that their vendors' roots vouch for", "%s: %s: %s",
                            att_shown(&shown, att_str(item->id)), item->code, item->found);
        *ret_expired += item->next_unix_s < list->now_unix_s;
    }
    return true;
}

/* An administrator imports for a service that runs as a user of its own: what root makes goes to the owner of the data folder,
 * or the service could not read it. */
static bool own(const struct cli *c, int fd)
{
    struct stat st;

    return geteuid() != 0 || (stat(cli_value(c, "data"), &st) == 0 &&
                              (st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0));
}

/* Beside, then renamed: attestd reads the whole file or the one before. */
static bool store(struct cli *c, const char *dir, const char *name, struct att_span bytes,
                  struct att_err *err)
{
    const char *path = cli_text(c->arena, "%s/%s", dir, name);
    const char *beside = cli_text(c->arena, "%s/%s.%ld.new", dir, name, (long)getpid());

    if (!path || !beside)
        return att_fail_memory(err, "data");
    (void)unlink(beside); /* left by a crash */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, "data", "a folder that can be written", "%m");
    bool done = cli_write_all(fd, bytes) && own(c, fd) && fsync(fd) == 0;
    done = close(fd) == 0 && done;
    if (!done || rename(beside, path) != 0) {
        (void)unlink(beside);
        return att_fail(err, ATT_IO_FAILED, "data", "all bytes written", "%m");
    }
    return true;
}

/* The folder keeps whose files it takes: other keys beside them are another operator's decision, made by hand. */
static bool keys_agree(struct cli *c, const char *dir, struct att_span keys, struct att_err *err)
{
    struct att_span there = { 0 };

    if (!cli_read_optional(c, "data", dir, "trusted.json", &there, err))
        return false;
    if (there.len > 0 && !att_span_eq(there, keys) && !cli_has(c, "replace-trust"))
        return att_fail(err, ATT_USAGE, "trust", "the keys that this data folder trusts already",
                        "others; --replace-trust puts them in their place");
    return there.len > 0 && att_span_eq(there, keys) ? true : store(c, dir, "trusted.json", keys, err);
}

static bool folder(struct cli *c, const char **ret, struct att_err *err)
{
    const char *dir = cli_text(c->arena, "%s/collateral", cli_value(c, "data"));

    if (!dir)
        return att_fail_memory(err, "data");
    *ret = dir;
    if (!cli_is_folder("data", cli_value(c, "data"), err))
        return false;
    if (mkdir(dir, 0700) != 0)
        return errno == EEXIST || att_fail(err, ATT_IO_FAILED, "data", "a folder that can be written", "%m");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    bool owned = fd >= 0 && own(c, fd);
    if (fd >= 0)
        (void)close(fd); /* opened to name it: nothing can be lost */
    return owned || att_fail(err, ATT_IO_FAILED, "data", "a folder of the data folder's owner", "%m");
}

static bool import(struct cli *c, struct coll_list *ret, size_t *ret_expired, struct att_err *err)
{
    ATT_AUTO(lib_free) struct att_lib *lib = NULL;
    const char *dir = NULL;

    if (!coll_lib(c, &lib, err) || !coll_read_bundle(c, lib, c->operands[0], ret, err) ||
        !items_good(ret, ret_expired, err))
        return false;
    if (!cli_has(c, "data")) /* only looked at */
        return true;
    /* The very bytes that were checked: the files they came from may be others by now. */
    return folder(c, &dir, err) && keys_agree(c, dir, ret->keys, err) &&
           store(c, dir, "imported.bundle", ret->file, err);
}

static enum cli_exit run_import(struct cli *c)
{
    struct att_json_writer w = cli_writer(c);
    struct coll_list list = { 0 };
    struct att_err err = { 0 };
    size_t expired = 0;
    bool stored = cli_has(c, "data");

    if (!import(c, &list, &expired, &err))
        return cli_refuse(c, &err);
    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "items");
        att_jw_int(&w, (int64_t)list.count);
        att_jw_key(&w, "expired");
        att_jw_int(&w, (int64_t)expired);
        att_jw_key(&w, "stored");
        att_jw_bool(&w, stored);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    } else {
        att_buf_printf(&c->out,
                       "%zu items, each vouched for by its vendor's root; %zu past their next update\n",
                       list.count, expired);
        att_buf_puts(&c->out, stored ? "stored; tell attestd with SIGHUP (systemctl reload attestd)\n"
                                     : "not stored: give --data, the data folder of attestd\n");
    }
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "trust",
      .argument = "FILE",
      .required = true,
      .help = "The certificate (PEM) or the JWK set of who packs such files for this site." },
    { .name = "data",
      .argument = "DIR",
      .help = "Data folder of attestd. Without it the file is only verified." },
    { .name = "replace-trust",
      .help = "The keys of --trust take the place of those kept in the data folder." },
    { .name = "trust-root",
      .argument = "PEM",
      .repeats = true,
      .help = "Trust the key of this certificate as a vendor's root, too. For tests." },
    { .name = "at", .argument = "TIME", .help = "Judge ages at this time instead of now." },
    { 0 },
};

const struct cli_command cli_collateral_import = {
    .name = "collateral import",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "verify a file of collateral and give it to a server",
    .about =
        "Checks the signature of the file by the keys of --trust, then every item by its vendor's signature "
        "and root. With --data the file goes to DATA/collateral, in place of the one imported before, and "
        "the "
        "keys beside it; attestd reads both at its start and on SIGHUP, and checks them again. From then on "
        "a "
        "machine without a network attests SGX, TDX and SEV-SNP until the items expire.",
    .examples =
        "  attestctl collateral import site.bundle --trust packer.pem\n"
        "  attestctl collateral import site.bundle --trust packer.pem --data /var/lib/attestd && systemctl "
        "reload attestd\n",
    .options = options,
    .run = run_import,
};
