/* cli/policy_case.h - one case for a policy, read: the claims that it is to be tried on. `policy eval` and `policy test`
 * take the same form.
 *
 *     {"incoming": CLAIMS, "events": JSON, "pcrs": JSON, "custom": CLAIMS, ...}
 *
 * CLAIMS is what att_claims_read_json takes: [{"type","value","issuer"}] or {"name": value}. In `incoming` a claim
 * without an issuer is the client's; in `custom` every claim is, and one that names another issuer is refused.
 * `events` and `pcrs` are what a TPM's log and registers become: their compact text is the value of the claim of that
 * name, issuer AttestationService; a string is that text itself. `pcrs` is read-only, as in the service, also where it
 * stands among the incoming claims. Registers written as {"pcrs": {"sha256": {"0": "HEX"}}} are brought into the form
 * that policies look into, {"PCRs": [{"Index": 0, "Digests": {"SHA256": "HEX"}}]}. Other members are the caller's
 * affair: `doc` has them.
 *
 * CLAIMS alone are a case too. Codes JSON_ and LIMIT_EXCEEDED; everything lives in the arena.
 */
#ifndef CLI_POLICY_CASE_H
#define CLI_POLICY_CASE_H

#include <attest/claims.h>

#include "codec/json.h"

struct cli_policy_case {
    struct att_json doc;        /* the file as JSON; ATT_JSON_ROOT is an object or an array */
    struct att_claims incoming; /* with events, pcrs and custom */
};

/* `text` is borrowed as long as the case is used. */
ATT_CHECK bool cli_policy_case_read(struct att_arena *arena, struct att_span text,
                                    struct cli_policy_case *ret, struct att_err *err);
/* Adds the claim `events` or `pcrs` (`name`) from a JSON text of its own. */
ATT_CHECK bool cli_policy_case_add(struct cli_policy_case *c, const char *name, struct att_span json,
                                   struct att_err *err);

#endif
