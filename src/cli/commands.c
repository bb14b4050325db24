/* A new sub-command is a new row here. */
#include "cli/apply.h"
#include "cli/attest.h"
#include "cli/backup.h"
#include "cli/collateral.h"
#include "cli/doctor.h"
#include "cli/evidence.h"
#include "cli/help.h"
#include "cli/init.h"
#include "cli/jmespath.h"
#include "cli/key.h"
#include "cli/key_rewrap.h"
#include "cli/key_seal.h"
#include "cli/login.h"
#include "cli/policy.h"
#include "cli/policy_past.h"
#include "cli/policy_sign.h"
#include "cli/principal.h"
#include "cli/provider.h"
#include "cli/role.h"
#include "cli/signer.h"
#include "cli/token.h"
#include "cli/tpm.h"
#include "cli/verify.h"

const struct cli_command *const cli_commands[] = {
    &cli_verify,
    &cli_evidence_make,
    &cli_evidence_collect,
    &cli_evidence_show,
    &cli_collateral_show,
    &cli_collateral_fetch,
    &cli_collateral_export,
    &cli_collateral_import,
    &cli_collateral_doctor,
    &cli_policy_check,
    &cli_policy_eval,
    &cli_policy_fmt,
    &cli_policy_test,
    &cli_policy_hash,
    &cli_policy_get,
    &cli_policy_set,
    &cli_policy_reset,
    &cli_policy_history,
    &cli_policy_diff,
    &cli_policy_rollback,
    &cli_policy_sign,
    &cli_signer_list,
    &cli_signer_add,
    &cli_signer_remove,
    &cli_jmespath,
    &cli_token_decode,
    &cli_token_verify,
    &cli_attest,
    &cli_tpm_enroll,
    &cli_tpm_attest,
    &cli_tpm_quote,
    &cli_tpm_extend,
    &cli_login,
    &cli_logout,
    &cli_provider_create,
    &cli_provider_show,
    &cli_provider_list,
    &cli_provider_update,
    &cli_provider_delete,
    &cli_provider_default,
    &cli_provider_register,
    &cli_group_create,
    &cli_group_list,
    &cli_group_delete,
    &cli_role_assign,
    &cli_role_list,
    &cli_role_remove,
    &cli_role_definitions,
    &cli_principal_create,
    &cli_principal_list,
    &cli_principal_show,
    &cli_principal_delete,
    &cli_principal_add_secret,
    &cli_principal_add_certificate,
    &cli_principal_add_unix_user,
    &cli_principal_remove_credential,
    &cli_apply,
    &cli_audit_list,
    &cli_audit_verify,
    &cli_audit_export,
    &cli_key_seal_policies,
    &cli_key_list,
    &cli_key_rotate,
    &cli_key_retire,
    &cli_key_rewrap,
    &cli_init,
    &cli_backup,
    &cli_restore,
    &cli_doctor,
    &cli_help,
    &cli_man,
    &cli_completion,
    NULL,
};
