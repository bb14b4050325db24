/* layers: cli base makers */
/* Certificate tables of hosts: whole ones become the chain that the maker wrote, broken ones are refused, and every
 * truncation and every flipped bit of the entries is survived. */
#include "cli/snp_certs.h"

#include "makers/snp.h"
#include "support/cases.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define AT ((int64_t)1780000000)

static struct cases cases = { .name = "cli.snp_certs" };

static struct att_span table_of(const struct mk_snp_evidence *ev)
{
    struct att_span ext = mk_snp_item(ev, MK_SNP_EXT_REPORT);
    return att_span_of(ext.ptr + 1184, ext.len - 1184);
}

/* Subjects and keys of both chains are the same; leafs are signed anew each time. */
static bool same_chain(struct att_span a, struct att_span b)
{
    BIO *x = BIO_new_mem_buf(a.ptr, (int)a.len), *y = BIO_new_mem_buf(b.ptr, (int)b.len);
    bool same = true;
    int count = 0;

    for (;; count++) {
        X509 *p = PEM_read_bio_X509(x, NULL, NULL, NULL), *q = PEM_read_bio_X509(y, NULL, NULL, NULL);
        bool end = !p || !q;
        same = same && (end ? !p && !q
                            : X509_NAME_cmp(X509_get_subject_name(p), X509_get_subject_name(q)) == 0 &&
                                  EVP_PKEY_eq(X509_get0_pubkey(p), X509_get0_pubkey(q)) == 1);
        X509_free(p);
        X509_free(q);
        if (end)
            break;
    }
    BIO_free(x);
    BIO_free(y);
    return same && count == 3;
}

static void check_made(const struct mk_amd *amd, enum mk_snp_break broken, enum mk_snp_signer signer)
{
    struct mk_snp_evidence ev = { 0 };
    struct mk_snp_options o;
    struct att_buf pem = { 0 };
    struct att_err err = { 0 };
    bool whole = false;

    mk_snp_defaults(&o, MK_AMD_MILAN, AT);
    o.broken = broken;
    o.signer = signer;
    if (!mk_snp_make(amd, &o, &ev, &err))
        abort();
    bool ok = snp_certs_pem(table_of(&ev), &pem, &whole, &err);
    const char *name = ev.broken->name;
    switch (broken) {
    case MK_SNP_BREAK_NONE:
    case MK_SNP_BREAK_TABLE_GUID_UNKNOWN:
    case MK_SNP_BREAK_TABLE_PADDED:
        cases_check(&cases, ok && whole && same_chain(att_buf_span(&pem), mk_snp_item(&ev, MK_SNP_CHAIN)),
                    "%s: %s", name, err.text);
        break;
    case MK_SNP_BREAK_TABLE_EMPTY:
        cases_check(&cases, ok && !whole && pem.len == 0, "%s: %s", name, err.text);
        break;
    case MK_SNP_BREAK_TABLE_OFFSET_ENTRIES: /* whose bytes these are shows when they are read as a certificate */
    case MK_SNP_BREAK_TABLE_OVERLAP:
        cases_check(&cases, ok, "%s: %s", name, err.text);
        break;
    default:
        cases_check(&cases, !ok && err.code == ATT_SNP_CERT_TABLE && pem.len == 0, "%s: %s", name,
                    att_code_name(err.code));
        break;
    }
    att_buf_free(&pem);
    mk_snp_evidence_free(&ev);
}

static void check_damage(const struct mk_amd *amd)
{
    struct mk_snp_evidence ev = { 0 };
    struct mk_snp_options o;
    struct att_err err = { 0 };

    mk_snp_defaults(&o, MK_AMD_MILAN, AT);
    if (!mk_snp_make(amd, &o, &ev, &err))
        abort();
    struct att_span table = table_of(&ev);
    for (size_t len = 0; len < table.len; len++) {
        struct att_buf pem = { 0 };
        bool whole = false;
        uint8_t *exact = malloc(len > 0 ? len : 1); /* so that a sanitizer sees what is read behind it */
        memcpy(exact, table.ptr, len);
        err = (struct att_err){ 0 };
        bool ok = snp_certs_pem(att_span_of(exact, len), &pem, &whole, &err);
        cases_check(&cases, !ok && err.code == ATT_SNP_CERT_TABLE, "cut to %zu bytes", len);
        att_buf_free(&pem);
        free(exact);
    }
    for (size_t bit = 0; bit < (size_t)8 * 24 * 4; bit++) {
        struct att_buf pem = { 0 };
        bool whole = false;
        uint8_t *copy = malloc(table.len);
        memcpy(copy, table.ptr, table.len);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        bool ok = snp_certs_pem(att_span_of(copy, table.len), &pem, &whole, NULL);
        cases_check(&cases, (ok && whole) == (pem.len > 0), "bit %zu flipped", bit);
        att_buf_free(&pem);
        free(copy);
    }
    mk_snp_evidence_free(&ev);
}

int main(void)
{
    struct mk_amd *amd = NULL;
    struct att_err err = { 0 };

    if (!mk_amd_new(MK_AMD_MILAN, MK_AMD_BITS_QUICK, AT, &amd, &err))
        abort();
    check_made(amd, MK_SNP_BREAK_NONE, MK_SNP_VCEK);
    check_made(amd, MK_SNP_BREAK_NONE, MK_SNP_VLEK);
    for (enum mk_snp_break b = MK_SNP_BREAK_NONE; b < MK_SNP_BREAK_COUNT; b++)
        if (mk_snp_breaks[b].scope == MK_SNP_IN_TABLE)
            check_made(amd, b, MK_SNP_VCEK);
    check_damage(amd);
    mk_amd_free(amd);
    return cases_report(&cases);
}
