/* attestctl backup: all rows of the store and its audit trail, sealed, in one file. */
#include "cli/backup.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/backup_file.h"
#include "cli/files.h"
#include "cli/operator.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 256, PAGE_ARENA_BYTES = 512 << 20 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

struct backup {
    struct store *store;
    struct signer *signer;
    struct backup_out out;
    size_t documents, records;
};

static bool put_document(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct backup *b = ctx;
    struct att_json_writer w = { .out = &b->out.lines };

    att_jw_object(&w);
    att_jw_key(&w, "document");
    att_jw_array(&w);
    att_jw_str(&w, doc->tenant);
    att_jw_str(&w, doc->kind);
    att_jw_str(&w, doc->id);
    att_jw_int(&w, (int64_t)doc->version);
    att_jw_int(&w, doc->changed_unix_s);
    att_jw_string(&w, doc->body);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_putc(&b->out.lines, '\n');
    b->documents++;
    return backup_flush(&b->out, false, err);
}

static bool put_record(struct backup *b, const struct store_audit *r, struct att_err *err)
{
    struct att_json_writer w = { .out = &b->out.lines };

    att_jw_object(&w);
    att_jw_key(&w, "record");
    att_jw_array(&w);
    att_jw_int(&w, (int64_t)r->seq);
    att_jw_str(&w, r->tenant);
    att_jw_str(&w, r->scope);
    att_jw_int(&w, r->at_unix_s);
    att_jw_string(&w, r->body);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_putc(&b->out.lines, '\n');
    b->records++;
    return backup_flush(&b->out, false, err);
}

/* Records up to the last that was there with the documents: the trail only grows, so it needs no transaction. */
static bool put_records(struct backup *b, uint64_t last, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *page = att_arena_new(PAGE_ARENA_BYTES);

    if (!page)
        return att_fail_memory(err, "backup");
    for (uint64_t after = 0; after < last;) {
        struct store_audit *rows = NULL;
        size_t count = 0;
        att_arena_reset(page);
        if (!store_audit_list(b->store, page, NULL, "", after, PAGE, &rows, &count, err))
            return false;
        if (count == 0)
            return att_fail(err, ATT_STORE_FAILED, "store.audit", "records without a gap", "none behind %llu",
                            (unsigned long long)after);
        for (size_t i = 0; i < count && rows[i].seq <= last; i++)
            if (!put_record(b, &rows[i], err))
                return false;
        after = rows[count - 1].seq;
    }
    return true;
}

/* Inside of a transaction, which keeps everybody else from changing: documents that fit together. */
static bool put_documents(struct backup *b, uint64_t *ret_last, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new((size_t)8 << 20);
    struct store_audit last = { 0 };
    struct store_tx *tx = NULL;
    bool any = false;

    if (!work)
        return att_fail_memory(err, "backup");
    if (!store_begin(b->store, &tx, err))
        return false;
    bool ok =
        store_audit_last(tx, work, &last, &any, err) && store_scan(b->store, NULL, put_document, b, err);
    store_rollback(tx);
    *ret_last = any ? last.seq : 0;
    return ok;
}

static bool put_end(struct backup *b, struct att_err *err)
{
    struct att_json_writer w = { .out = &b->out.lines };

    att_jw_object(&w);
    att_jw_key(&w, "end");
    att_jw_array(&w);
    att_jw_int(&w, (int64_t)b->documents);
    att_jw_int(&w, (int64_t)b->records);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_putc(&b->out.lines, '\n');
    return backup_flush(&b->out, true, err);
}

static bool write_all(struct backup *b, int fd, struct att_err *err)
{
    uint64_t generation = 0, last = 0;
    struct att_time_text made;

    return store_generation(b->store, &generation, err) &&
           backup_begin(&b->out, b->signer, fd, att_time_text(&made, (int64_t)time(NULL)), generation, err) &&
           put_documents(b, &last, err) && put_records(b, last, err) && put_end(b, err) &&
           (fsync(fd) == 0 || att_fail(err, ATT_IO_FAILED, "out", "a file on the disk", "%m"));
}

static bool save(struct cli *c, struct backup *b, struct att_err *err)
{
    const char *path = cli_value(c, "out");
    struct config config;
    int fd = -1;

    if (!operator_config(c, &config, err) || !operator_store(&config, &b->store, err) ||
        !operator_signer(c, &config, &b->signer, err) || !cli_file_new("out", path, &fd, err))
        return false;
    bool ok = write_all(b, fd, err);
    if (close(fd) != 0 && ok)
        ok = att_fail(err, ATT_IO_FAILED, "out", "a file that is whole", "%m");
    if (!ok)
        (void)unlink(path); /* a part of a backup is none */
    return ok;
}

static enum cli_exit run_backup(struct cli *c)
{
    struct backup b = { 0 };
    struct att_err err = { 0 };

    bool ok = save(c, &b, &err);
    backup_out_end(&b.out);
    store_close(b.store);
    signer_close(b.signer);
    if (!ok)
        return cli_refuse(c, &err);
    if (c->json) {
        struct att_json_writer w = cli_writer(c);
        att_jw_object(&w);
        att_jw_key(&w, "documents");
        att_jw_int(&w, (int64_t)b.documents);
        att_jw_key(&w, "records");
        att_jw_int(&w, (int64_t)b.records);
        att_jw_end_object(&w);
    } else {
        att_buf_printf(&c->out, "%zu documents and %zu records of the audit trail are in %s\n", b.documents,
                       b.records, cli_value(c, "out"));
    }
    return CLI_YES;
}

static const struct cli_option options[] = {
    OPTION_CONFIG,
    OPTION_SET,
    { "out", "FILE", "The backup; a new file.", true, false },
    { 0 },
};

const struct cli_command cli_backup = {
    .name = "backup",
    .summary = "all rows of the store and its audit trail, in one sealed file",
    .about = "Reads attestd's store and writes it into a file that only the same key-encryption key opens. "
             "attestd may run "
             "meanwhile: changes wait until the rows have been read, attestations do not.\n\n"
             "Not in it: the key-encryption key (keep a copy of it elsewhere: the one is worth nothing "
             "without the other), the "
             "configuration, TLS files, journals of records, and challenges of TPMs that were used in the "
             "last minutes.",
    .examples = "attestctl backup --out attestd-$(date +%F).backup",
    .options = options,
    .run = run_backup,
};
