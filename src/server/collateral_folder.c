#include "server/collateral_folder.h"

#include "base/err.h"
#include "files/files.h"

#include <sys/stat.h>

struct folder_file {
    const char *name;
    struct att_span *to;
};

static bool load_files(struct att_arena *arena, const char *dir, const struct folder_file *files,
                       size_t count, struct att_err *err)
{
    struct stat st;

    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return att_fail(err, ATT_IO_FAILED, file_last_name(dir), "a folder of collateral", "no such folder");
    for (size_t i = 0; i < count; i++) {
        char *path = file_path(arena, dir, files[i].name);
        if (!path)
            return att_fail_memory(err, "collateral");
        if (!file_load_optional(arena, path, files[i].to, err))
            return false;
    }
    return true;
}

bool collateral_folder_load(struct att_arena *arena, const char *dir, struct att_dcap_bundle *ret,
                            struct att_err *err)
{
    struct att_dcap_bundle b = { .name = att_arena_dup(arena, att_str(file_last_name(dir))) };
    const struct folder_file files[] = {
        { "tcb_info.json", &b.tcb_info },
        { "tcb_info_issuer_chain.pem", &b.tcb_info_issuer_chain },
        { "qe_identity.json", &b.qe_identity },
        { "qe_identity_issuer_chain.pem", &b.qe_identity_issuer_chain },
        { "pck_crl.der", &b.pck_crl },
        { "pck_crl_issuer_chain.pem", &b.pck_crl_issuer_chain },
        { "root_ca_crl.der", &b.root_ca_crl },
    };

    if (!b.name)
        return att_fail_memory(err, "collateral");
    if (!load_files(arena, dir, files, sizeof files / sizeof files[0], err))
        return false;
    *ret = b;
    return true;
}

bool collateral_folder_load_amd(struct att_arena *arena, const char *dir, struct att_amd_bundle *ret,
                                bool *ret_any, struct att_err *err)
{
    struct att_amd_bundle b = { .name = att_arena_dup(arena, att_str(file_last_name(dir))) };
    const struct folder_file files[] = {
        { "vcek_crl.der", &b.vcek_crl },
        { "vcek_chain.pem", &b.vcek_chain },
        { "vlek_crl.der", &b.vlek_crl },
        { "vlek_chain.pem", &b.vlek_chain },
    };

    if (!b.name)
        return att_fail_memory(err, "collateral");
    if (!load_files(arena, dir, files, sizeof files / sizeof files[0], err))
        return false;
    *ret_any = b.vcek_crl.len > 0 || b.vlek_crl.len > 0;
    *ret = b;
    return true;
}
