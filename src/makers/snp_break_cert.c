/* Breaks of certificates, of their chain, and of the revocation lists. */
#include "makers/snp_plan.h"

#include <stdio.h>

#define B(name) MK_SNP_BREAK_##name

static void name_other(char cn[MK_AMD_CN_SIZE], const struct mk_snp_plan *p, enum mk_amd_key key)
{
    mk_amd_cn(mk_snp_other_product(p), key, cn);
}

static void name_nobody(char cn[MK_AMD_CN_SIZE], const char *text)
{
    (void)snprintf(cn, MK_AMD_CN_SIZE, "%s", text);
}

static void order(struct mk_snp_plan *p, const struct mk_amd_cert_spec *first,
                  const struct mk_amd_cert_spec *second, const struct mk_amd_cert_spec *third)
{
    p->chain[0] = first;
    p->chain[1] = second;
    p->chain[2] = third;
    p->chain_count = third ? 3 : second ? 2 : 1;
}

bool mk_snp_break_chain(struct mk_snp_plan *p)
{
    static const struct {
        enum mk_snp_break id;
        enum mk_snp_chain_form form;
    } forms[] = {
        { B(CHAIN_ABSENT), MK_SNP_CHAIN_ABSENT },
        { B(CHAIN_GARBAGE), MK_SNP_CHAIN_GARBAGE },
        { B(CHAIN_BAD_BASE64), MK_SNP_CHAIN_BAD_BASE64 },
        { B(CHAIN_BAD_DER_LENGTH), MK_SNP_CHAIN_BAD_DER_LENGTH },
        { B(CHAIN_DER_TRAILING), MK_SNP_CHAIN_DER_TRAILING },
        { B(CHAIN_CRLF), MK_SNP_CHAIN_CRLF },
        { B(CHAIN_TRAILING_NUL), MK_SNP_CHAIN_TRAILING_NUL },
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].id != p->o.broken)
            continue;
        p->chain_form = forms[i].form;
        return true;
    }
    switch (p->o.broken) {
    case B(CHAIN_LEAF_ONLY):
        order(p, &p->leaf, NULL, NULL);
        return true;
    case B(CHAIN_NO_LEAF):
        order(p, &p->ca, &p->ark, NULL);
        return true;
    case B(CHAIN_NO_ASK):
        order(p, &p->leaf, &p->ark, NULL);
        return true;
    case B(CHAIN_NO_ARK):
        order(p, &p->leaf, &p->ca, NULL);
        return true;
    case B(CHAIN_REVERSED):
        order(p, &p->ark, &p->ca, &p->leaf);
        return true;
    case B(CHAIN_SWAPPED):
        order(p, &p->leaf, &p->ark, &p->ca);
        return true;
    case B(CHAIN_TWO_LEAFS):
        order(p, &p->leaf, &p->leaf, &p->ca);
        p->chain[p->chain_count++] = &p->ark;
        return true;
    case B(CHAIN_EXTRA):
        p->chain[p->chain_count++] = &p->extra;
        return true;
    default:
        return false;
    }
}

/* Issued, signed and named as if the CA of the other signer had always done that. */
static void issue_by_other(struct mk_snp_plan *p)
{
    p->ca = p->extra;
    p->leaf.signer = p->leaf.issuer_key = p->extra.subject_key;
    memcpy(p->leaf.issuer_cn, p->extra.subject_cn, sizeof p->leaf.issuer_cn);
}

static bool give_odd_key(struct mk_snp_plan *p)
{
    p->odd_key = EVP_EC_gen("P-256");
    p->leaf.subject_key = p->odd_key;
    return p->odd_key != NULL;
}

static bool break_names(struct mk_snp_plan *p)
{
    enum mk_amd_key ca = p->o.signer == MK_SNP_VLEK ? MK_AMD_KEY_ASVK : MK_AMD_KEY_ASK;

    switch (p->o.broken) {
    case B(LEAF_NAME):
        name_nobody(p->leaf.subject_cn, "SEV-TEST");
        return true;
    case B(LEAF_ISSUER_NAME):
        name_nobody(p->leaf.issuer_cn, "SEV-TEST");
        return true;
    case B(ASK_ISSUER_NAME):
        name_nobody(mk_amd_reissue(&p->ca)->issuer_cn, "ARK-TEST");
        return true;
    case B(ASK_PRODUCT):
        name_other(mk_amd_reissue(&p->ca)->subject_cn, p, ca);
        name_other(p->leaf.issuer_cn, p, ca);
        return true;
    case B(ARK_PRODUCT):
        name_other(mk_amd_reissue(&p->ark)->subject_cn, p, MK_AMD_KEY_ARK);
        name_other(p->ark.issuer_cn, p, MK_AMD_KEY_ARK);
        name_other(mk_amd_reissue(&p->ca)->issuer_cn, p, MK_AMD_KEY_ARK);
        return true;
    default:
        return false;
    }
}

static void replace_root(struct mk_snp_plan *p)
{
    struct mk_amd_cert_spec *ark = mk_amd_reissue(&p->ark);

    ark->subject_key = ark->issuer_key = ark->signer = mk_snp_stranger(p);
}

bool mk_snp_break_issuers(struct mk_snp_plan *p)
{
    switch (p->o.broken) {
    case B(ROOT_FABRICATED):
        replace_root(p);
        mk_amd_reissue(&p->ca)->signer = p->ca.issuer_key = p->ark.subject_key;
        return true;
    case B(ROOT_OTHER_KEY):
        replace_root(p);
        return true;
    case B(ROOT_OTHER_PRODUCT):
        replace_root(p);
        name_other(p->ark.subject_cn, p, MK_AMD_KEY_ARK);
        name_other(p->ark.issuer_cn, p, MK_AMD_KEY_ARK);
        return true;
    case B(LEAF_OTHER_SIGNER):
        p->leaf.signer = mk_snp_stranger(p);
        return true;
    case B(LEAF_BY_ARK):
        p->leaf.signer = p->ark.subject_key;
        return true;
    case B(LEAF_SIGNATURE):
        p->leaf.flip_signature = true;
        return true;
    case B(LEAF_PKCS1):
        p->leaf.scheme = MK_AMD_PKCS1_SHA384;
        return true;
    case B(LEAF_PSS_SHA256):
        p->leaf.scheme = MK_AMD_PSS_SHA256;
        return true;
    case B(LEAF_KEY_P256):
        return give_odd_key(p);
    case B(ASK_OTHER_SIGNER):
        mk_amd_reissue(&p->ca)->signer = mk_snp_stranger(p);
        return true;
    case B(ASK_SIGNATURE):
        mk_amd_reissue(&p->ca)->flip_signature = true;
        return true;
    case B(VCEK_BY_ASVK):
    case B(VLEK_BY_ASK):
        issue_by_other(p);
        return true;
    default:
        return break_names(p);
    }
}

bool mk_snp_break_dates(struct mk_snp_plan *p)
{
    int64_t at = p->o.at_unix_s;

    switch (p->o.broken) {
    case B(LEAF_EXPIRED):
        p->leaf.not_after = at - 1;
        return true;
    case B(LEAF_NOT_YET):
        p->leaf.not_before = at + 1;
        return true;
    case B(ASK_EXPIRED):
        mk_amd_reissue(&p->ca)->not_after = at - 1;
        return true;
    case B(ASK_NOT_YET):
        mk_amd_reissue(&p->ca)->not_before = at + 1;
        return true;
    case B(ARK_EXPIRED):
        mk_amd_reissue(&p->ark)->not_after = at - 1;
        return true;
    case B(ARK_NOT_YET):
        mk_amd_reissue(&p->ark)->not_before = at + 1;
        return true;
    case B(EDGE_AFTER):
        p->leaf.not_after = mk_amd_reissue(&p->ca)->not_after = mk_amd_reissue(&p->ark)->not_after = at;
        p->crl[0].next_update = p->crl[1].next_update = at;
        return true;
    case B(EDGE_BEFORE):
        p->leaf.not_before = mk_amd_reissue(&p->ca)->not_before = mk_amd_reissue(&p->ark)->not_before = at;
        p->crl[0].this_update = p->crl[1].this_update = at;
        return true;
    default:
        return false;
    }
}

bool mk_snp_break_crl(struct mk_snp_plan *p)
{
    struct mk_amd_crl_spec *crl = &p->crl[p->o.signer];

    switch (p->o.broken) {
    case B(ASK_REVOKED):
        crl->revoked = p->ca.serial;
        return true;
    case B(OTHER_REVOKED):
        crl->revoked = p->extra.serial;
        return true;
    case B(CRL_EXPIRED):
        crl->next_update = p->o.at_unix_s - 1;
        return true;
    case B(CRL_NOT_YET):
        crl->this_update = p->o.at_unix_s + 1;
        return true;
    case B(CRL_OTHER_SIGNER):
        crl->signer = mk_snp_stranger(p);
        return true;
    case B(CRL_BY_ASK):
        crl->signer = crl->issuer_key = p->ca.subject_key;
        memcpy(crl->issuer_cn, p->ca.subject_cn, sizeof crl->issuer_cn);
        return true;
    case B(CRL_ISSUER_NAME):
        name_nobody(crl->issuer_cn, "ARK-TEST");
        return true;
    case B(CRL_SIGNATURE):
        crl->flip_signature = true;
        return true;
    case B(CRL_GARBAGE):
        crl->garbage = true;
        return true;
    case B(CRL_CUT):
        crl->drop_tail = 1;
        return true;
    case B(CRL_TRAILING):
        crl->extra_tail = 1;
        return true;
    default:
        return false;
    }
}
