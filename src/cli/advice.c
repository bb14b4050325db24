#include "cli/advice.h"

static const char fresh_collateral[] =
    "fetch the item again from the provisioning service, or judge at an earlier time with --at";
static const char not_yet[] = "check the clock of this machine, or judge at a later time with --at";
static const char damaged[] =
    "the evidence was changed or damaged after the enclave made it; send it again, unaltered";
static const char wrong_item[] = "give the collateral that belongs to this platform (FMSPC, issuing CA, TEE)";
static const char refetch[] =
    "fetch the collateral again and keep its bytes as they come: white space counts";
static const char send_raw[] =
    "give the raw bytes of the quote: not hexadecimal, not base64, nothing in front or behind";

/* Rows only where a person can do something that found and expected do not already say. */
static const char *const rows[ATT_CODE_COUNT] = {
    [ATT_ROOT_UNTRUSTED] =
        "for evidence made for tests, name its root with --trust-root; else it is not from Intel hardware",
    [ATT_QUOTE_LENGTH] = send_raw,
    [ATT_QUOTE_VERSION] = send_raw,
    [ATT_TEE_TYPE] = send_raw,
    [ATT_TEE_MISMATCH] = "use the operation that fits the evidence",
    [ATT_OE_HEADER_VERSION] = "if this is a bare quote, use sgx instead of open-enclave",
    [ATT_OE_REPORT_TYPE] = "make a remote report in the enclave, not a local one",
    [ATT_OE_REPORT_SIZE] = "give the report exactly as the Open Enclave SDK made it",
    [ATT_CERT_DATA_TYPE_UNSUPPORTED] =
        "configure the quote provider library so that quotes carry the PCK chain (certification data type 5)",
    [ATT_RUNTIME_DATA_MISMATCH] = "give exactly the bytes whose SHA-256 the enclave put into its report data",
    [ATT_INIT_TIME_DATA_MISMATCH] = "give exactly the bytes whose SHA-256 is in the enclave's CONFIGID",
    [ATT_QUOTE_SIGNATURE_INVALID] = damaged,
    [ATT_QE_REPORT_SIGNATURE_INVALID] = damaged,
    [ATT_QE_REPORT_DATA_MISMATCH] = damaged,
    [ATT_PCK_CHAIN_SIGNATURE_INVALID] = damaged,
    [ATT_PCK_CERT_EXPIRED] =
        "renew the platform's PCK certificate, or judge at the time of the evidence with --at",
    [ATT_PCK_CERT_NOT_YET_VALID] = not_yet,
    [ATT_PCK_REVOKED] =
        "the platform is revoked: it cannot be trusted until Intel gives it another certificate",
    [ATT_QE_SVN_NOT_SUPPORTED] = "update the SGX platform software (quoting enclave) of the attester",
    [ATT_TCB_NOT_SUPPORTED] = "update firmware and microcode of the platform",
    [ATT_TCB_REVOKED] =
        "update firmware and microcode of the platform: this level is revoked and cannot be accepted",
    [ATT_TCB_STATUS_NOT_ACCEPTED] = "update the platform, or accept this status with --accept-tcb",
    [ATT_COLLATERAL_MISSING] =
        "add what is missing to the folder given with --collateral: `collateral fetch` gets it, "
        "`collateral doctor` finds why it does not come",
    [ATT_CRL_EXPIRED] = fresh_collateral,
    [ATT_CRL_NOT_YET_VALID] = not_yet,
    [ATT_CRL_ISSUER_MISMATCH] = wrong_item,
    [ATT_CRL_SIGNATURE_INVALID] = refetch,
    [ATT_TCB_SIGNING_CHAIN_INVALID] = refetch,
    [ATT_TCB_SIGNING_CERT_EXPIRED] = fresh_collateral,
    [ATT_TCB_SIGNING_CERT_NOT_YET_VALID] = not_yet,
    [ATT_TCB_INFO_SIGNATURE_INVALID] = refetch,
    [ATT_TCB_INFO_EXPIRED] = fresh_collateral,
    [ATT_TCB_INFO_NOT_YET_VALID] = not_yet,
    [ATT_TCB_INFO_MISMATCH] = wrong_item,
    [ATT_QE_IDENTITY_SIGNATURE_INVALID] = refetch,
    [ATT_QE_IDENTITY_EXPIRED] = fresh_collateral,
    [ATT_QE_IDENTITY_NOT_YET_VALID] = not_yet,
    [ATT_POLICY_DENIED] = "see with --explain which rule denied and which claims it saw",
    [ATT_POLICY_NO_PERMIT] =
        "see with --explain why no rule permitted; a policy needs one => permit() that holds",
    [ATT_TOKEN_EXPIRED] = "ask for a new token, or judge at an earlier time with --at",
    [ATT_TOKEN_NOT_YET_VALID] = not_yet,
    [ATT_TOKEN_KEY_UNKNOWN] = "check that the key set or the issuer is the one that made this token",
    [ATT_TOKEN_ISSUER] = "name the issuer you trust; never take it from the token itself",
    [ATT_TOKEN_UNSECURED] = "answers to a draft policy are not signed and prove nothing; --allow-unsecured "
                            "reads one all the same",
};

const char *cli_advice(enum att_code code)
{
    return code < ATT_CODE_COUNT ? rows[code] : NULL;
}
