/* tss/tss.h - the TPM of this machine, or a software one: keys, quotes, registers.
 *
 * libtss2 comes in a module (lib/attestd/tss.so) that tss_open loads, so that attestctl does not carry it for those who have
 * no TPM. What a TPM says is not judged here: that is tpm/ and evidence/tpm, which know nothing of devices.
 *
 *     struct tss *tpm = NULL;
 *     if (!tss_open("device:/dev/tpmrm0", &tpm, &err) || !tpm->ops->load(tpm, &aik, &loaded, &err) ||
 *         !tpm->ops->quote(tpm, loaded, selections, 1, challenge, arena, &quote, &err))
 *         ...
 *     tss_close(tpm);          also takes back every key that was loaded
 *
 * Keys that are made here are children of the storage root key (ECC P-256, the template of the TCG, made anew from the owner
 * seed each time): the two blobs of a key load again after a reboot, on this TPM alone, until its owner seed is cleared.
 *
 * Units: spans of structures are as the TPM marshals them (big-endian, TPM2B_ with its length in front). Results in the arena.
 * Errors: IO_FAILED with the step and the TPM's response in words; CONFIG_INVALID without the module; OUT_OF_MEMORY.
 * Threads: one at a time for each connection.
 * Spec: TCG TPM 2.0 Library Part 3; TCG EK Credential Profile 2.5 (templates L-1 and L-2, NV indices).
 */
#ifndef TSS_TSS_H
#define TSS_TSS_H

#include <attest/arena.h>
#include <attest/error.h>

#define TSS_TCTI_DEFAULT "device:/dev/tpmrm0"

enum {
    TSS_PCRS = 24,
    TSS_SELECTIONS_MAX = 4,
    TSS_VALUES_MAX = TSS_PCRS * TSS_SELECTIONS_MAX,
    TSS_DIGEST_BYTES_MAX = 64,
    TSS_QUALIFYING_BYTES_MAX = 64,
    TSS_EVENT_BYTES_MAX = 1024, /* of TPM2_PCR_Event */
};
/* TPM_ALG_ID of the hashes. */
enum { TSS_SHA1 = 0x0004, TSS_SHA256 = 0x000b, TSS_SHA384 = 0x000c, TSS_SHA512 = 0x000d };
/* Where manufacturers leave the certificates of the two endorsement keys. */
enum { TSS_NV_EK_RSA = 0x01c00002, TSS_NV_EK_ECC = 0x01c0000a };

enum tss_key_type { TSS_RSA_2048, TSS_ECC_P256 };
/* AIK: restricted, signs only what the TPM itself has made. REQUEST: signs what it is given. */
enum tss_key_use { TSS_USE_AIK, TSS_USE_REQUEST };

struct tss_key {
    struct att_span public_area;  /* TPM2B_PUBLIC */
    struct att_span private_area; /* TPM2B_PRIVATE: encrypted by the storage root key */
};
struct tss_public {
    bool ecc;
    struct att_span area; /* TPMT_PUBLIC */
    struct att_span n, e; /* RSA; big-endian, without zeros in front of e */
    struct att_span x, y; /* P-256; 32 bytes each */
};
typedef uint32_t tss_loaded; /* a key inside the TPM, until tss_close */

struct tss_selection {
    uint16_t alg;
    uint32_t pcrs; /* bit n: PCR n */
};
struct tss_value {
    uint16_t alg;
    uint8_t pcr;
    uint8_t len;
    uint8_t digest[TSS_DIGEST_BYTES_MAX];
};
struct tss_values {
    size_t count;
    struct tss_value item[TSS_VALUES_MAX]; /* in the order of the selections, each ascending */
};
struct tss_banks {
    size_t count;
    uint16_t alg[TSS_SELECTIONS_MAX];
};
struct tss_attested {
    struct att_span attest;     /* TPMS_ATTEST */
    struct att_span signature;  /* TPMT_SIGNATURE */
    struct att_span pcr_digest; /* of a quote */
    uint16_t hash;              /* of the signature */
};

struct tss;
struct tss_ops {
    ATT_CHECK bool (*open)(const char *tcti, struct tss **ret, struct att_err *err);
    void (*close)(struct tss *t);

    /* What an NV index holds; empty when it is not defined. */
    ATT_CHECK bool (*nv_read)(struct tss *t, uint32_t index, struct att_arena *arena, struct att_span *ret,
                              struct att_err *err);
    /* Indices 0x01c00100 to 0x01c001ff in one piece: certificates that lead from the EK's to its manufacturer. */
    ATT_CHECK bool (*ek_chain)(struct tss *t, struct att_arena *arena, struct att_span *ret,
                               struct att_err *err);
    /* TPM2B_PUBLIC of the EK of the standard template. */
    ATT_CHECK bool (*ek_public)(struct tss *t, enum tss_key_type type, struct att_arena *arena,
                                struct att_span *ret, struct att_err *err);
    ATT_CHECK bool (*create)(struct tss *t, enum tss_key_use use, enum tss_key_type type,
                             struct att_arena *arena, struct tss_key *ret, struct att_err *err);
    ATT_CHECK bool (*load)(struct tss *t, const struct tss_key *key, tss_loaded *ret, struct att_err *err);
    /* What a TPM2B_PUBLIC says; KEY_INVALID for other keys than those made here. */
    ATT_CHECK bool (*public_read)(struct att_span public_area, struct att_arena *arena,
                                  struct tss_public *ret, struct att_err *err);
    /* The secret in a credential for this key, under the EK of the standard template. The caller wipes. */
    ATT_CHECK bool (*activate)(struct tss *t, tss_loaded aik, enum tss_key_type ek, struct att_span id_object,
                               struct att_span encrypted_secret, struct att_arena *arena,
                               struct att_span *ret, struct att_err *err);

    ATT_CHECK bool (*banks)(struct tss *t, struct tss_banks *ret, struct att_err *err);
    ATT_CHECK bool (*pcr_read)(struct tss *t, const struct tss_selection *selections, size_t count,
                               struct tss_values *ret, struct att_err *err);
    /* Extends every bank with the hash of `event`; the digests come back, one a bank, for a log. */
    ATT_CHECK bool (*pcr_event)(struct tss *t, unsigned pcr, struct att_span event, struct tss_values *ret,
                                struct att_err *err);
    ATT_CHECK bool (*quote)(struct tss *t, tss_loaded aik, const struct tss_selection *selections,
                            size_t count, struct att_span qualifying, struct att_arena *arena,
                            struct tss_attested *ret, struct att_err *err);
    ATT_CHECK bool (*certify)(struct tss *t, tss_loaded aik, tss_loaded key, struct att_span qualifying,
                              struct att_arena *arena, struct tss_attested *ret, struct att_err *err);
    /* A signature over a SHA-256 as JOSE wants it: RSASSA-PSS (PS256), or r and s side by side (ES256). TPMs choose the
     * length of the salt themselves. */
    ATT_CHECK bool (*sign)(struct tss *t, tss_loaded key, enum tss_key_type type, const uint8_t sha256[32],
                           struct att_arena *arena, struct att_span *ret, struct att_err *err);
    /* Keys and sessions that the TPM holds now, whoever put them there; for tests. */
    ATT_CHECK bool (*transients)(struct tss *t, size_t *ret, struct att_err *err);
};
struct tss {
    const struct tss_ops *ops;
};

/* `tcti` as libtss2 names connections ("device:/dev/tpmrm0", "swtpm:path=/run/tpm.sock"); NULL: TSS_TCTI_DEFAULT. */
ATT_CHECK bool tss_open(const char *tcti, struct tss **ret, struct att_err *err);
void tss_close(struct tss *t); /* NULL is fine */

#endif
