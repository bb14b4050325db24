/* cli/tpm_request.h - a request of the TPM protocol, version 2: what answers a challenge. */
#ifndef CLI_TPM_REQUEST_H
#define CLI_TPM_REQUEST_H

#include "cli/tpm_shot.h"
#include "cli/tpm_state.h"

struct tpm_challenge {
    struct att_span text;            /* base64url, as it came */
    struct att_span bytes;           /* decoded */
    struct att_span service_context; /* as it came */
};

#define OPTIONS_REQUEST                                                                                      \
    { .name = "key",                                                                                         \
      .argument = "software|tpm|tpm-ecc",                                                                    \
      .help =                                                                                                \
          "Where the key that signs the request is made: in software, bound by the quote, if not given; "    \
          "or in the TPM, certified by the attestation key." },                                              \
        { .name = "rp-id", .argument = "URL", .help = "Who the report is for." },                            \
        { .name = "rp-data",                                                                                 \
          .argument = "B64URL",                                                                              \
          .help = "Comes back in the report, to show that it is fresh." },                                   \
    {                                                                                                        \
        .name = "custom", .argument = "NAME=VALUE", .repeats = true,                                         \
        .help = "A claim of your own, a string."                                                             \
    }

/* The compact JWS, in the arena. */
ATT_CHECK bool tpm_request_make(struct cli *c, struct tss *tpm, const struct tpm_state *state,
                                const struct tpm_challenge *challenge, struct att_span *ret,
                                struct att_err *err);
/* The options alone, before a TPM or a service is asked. USAGE. */
ATT_CHECK bool tpm_request_options(struct cli *c, struct att_err *err);

#endif
