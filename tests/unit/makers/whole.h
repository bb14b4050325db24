/* What is true of all DCAP evidence that verifies, as facts; and recorded evidence read from a folder. */
#ifndef TESTS_UNIT_MAKERS_WHOLE_H
#define TESTS_UNIT_MAKERS_WHOLE_H

#include "facts.h"
#include "support/cases.h"

/* True of all evidence that verifies, whatever the options. */
static const char *const always[] = {
    "header.key_type=2",
    "section.length=+0",
    "attestation_key=on the curve",
    "quote_signature=good",
    "qe.data.hash=good",
    "qe.data.tail=zero",
    "qe.signature=good",
    "qe.auth.length=+0",
    "cert.type=5",
    "cert.length=+0",
    "cert.is_chain=yes",
    "chain.count=3",
    "chain[0].key=pck",
    "chain[0].version=3",
    "chain[0].algorithm=ecdsa-with-SHA256",
    "chain[0].der=whole",
    "chain[0].sgx.count=1",
    "chain[0].sgx0.2.members=18",
    "chain[0].sgx0=plain",
    "chain[1].signed_by=root",
    "chain[1].authority=root",
    "chain[1].ext.2.5.29.19.critical=30060101ff020100",
    "chain[1].ext.2.5.29.15.critical=03020106",
    "chain[2].signed_by=itself",
    "chain[2].key=root",
    "chain[2].subject=/CN=Intel SGX Root CA/O=Intel Corporation/L=Santa Clara/ST=CA/C=US",
    "tcb_chain.count=2",
    "tcb_chain[0].signed_by=root",
    "tcb_chain[1].key=root",
    "qe_chain[0].signed_by=root",
    "pck_crl.der=whole",
    "pck_crl.version=2",
    "pck_crl.number=there",
    "root_crl.signed_by=root",
    "root_crl.authority=root",
    "root_crl.number=there",
    "tcb.json=success",
    "tcb.signed_by=tcb",
    "tcb.signature.digits=128",
    "qeid.json=success",
    "qeid.signed_by=tcb",
    "qeid.version=2",
    "qeid.attributesMask=\"FBFFFFFFFFFFFFFF0000000000000000\"",
};
/* Besides that, true of what is made here. */
static const char *const made_here[] = {
    "chain[0].id_is_sha1=yes",
    "chain[2].id_is_sha1=yes",
    "chain[0].subject_id=pck",
    "chain[2].subject_id=root",
    "runtime_data=bound",
    "cert.behind_chain=1",
    "root.count=1",
    "root[0].key=root",
    "root[0].signed_by=itself",
    "chain[0].serial=TEST...",
    "chain[0].not_before=2025-01-01T00:00:00Z",
    "chain[0].not_after=2032-01-01T00:00:00Z",
    "chain[0].ext.2.5.29.19.critical=3000",
    "chain[0].ext.2.5.29.15.critical=030206c0",
    "chain[1].not_before=2020-01-01T00:00:00Z",
    "chain[1].not_after=2040-01-01T00:00:00Z",
    "chain[2].ext.2.5.29.19.critical=30060101ff020101",
    "tcb.compact=yes",
    "qeid.compact=yes",
    "pck_crl.entries=-1",
    "root_crl.entries=-1",
    "tcb.issueDate=\"2026-05-27T20:26:40Z\"",
    "tcb.nextUpdate=\"2026-06-26T20:26:40Z\"",
    "qeid.issueDate=\"2026-05-27T20:26:40Z\"",
    "qeid.nextUpdate=\"2026-06-26T20:26:40Z\"",
    "pck_crl.this_update=2026-05-27T20:26:40Z",
    "pck_crl.next_update=2026-06-26T20:26:40Z",
    "chain[0].sgx0.2.5=020200ff",
    "chain[0].sgx0.2.6=02020080",
    "chain[0].sgx0.5=0a0100",
};

static void check_lines(struct cases *c, const char *label, const struct facts *f, const char *const *lines,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        cases_check(c, has_fact(f, lines[i]), "%s: not %s", label, lines[i]);
}
#define CHECK_LINES(label, f, lines) check_lines(&cases, label, f, lines, sizeof lines / sizeof lines[0])

static bool load(struct mk_evidence *ev, const char *dir)
{
    bool ok = true;

    for (enum mk_item i = 0; i < MK_ITEM_COUNT; i++) {
        char *path = path_of(dir, "%s", mk_item_file(i));
        size_t len = 0;
        uint8_t *bytes = file_read(path, &len);
        ev->present[i] = bytes != NULL;
        if (bytes)
            att_buf_put(&ev->items[i], att_span_of(bytes, len));
        free(bytes);
        free(path);
    }
    for (enum mk_item i = MK_TCB_INFO; i < MK_ITEM_COUNT; i++)
        ok = ok && (ev->present[i] || i == MK_ROOT_CA);
    return ok && ev->present[MK_QUOTE];
}

/* A recorded folder may lack the chain as a file and the root: both stand in the quote. */
static void complete(struct mk_evidence *ev, size_t cert_at)
{
    struct att_span q = mk_item(ev, MK_QUOTE);
    const char *pem = (const char *)q.ptr + cert_at;
    const char *root = NULL;

    for (const char *at = pem; (at = strstr(at, "-----BEGIN")) != NULL; at++)
        root = at;
    if (!root)
        return;
    att_buf_clear(&ev->items[MK_PCK_CHAIN]);
    att_buf_puts(&ev->items[MK_PCK_CHAIN], pem);
    if (!ev->present[MK_ROOT_CA])
        att_buf_puts(&ev->items[MK_ROOT_CA], root);
}

#endif
