/* SEV-SNP evidence on disk. */
#include "base/auto.h"
#include "makers/disk.h"
#include "makers/snp.h"

bool mk_snp_evidence_write(const struct mk_snp_evidence *ev, const char *dir, const char *name,
                           struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };

    if (!mk_snp_expected_json(ev, name, &json, err) || !mk_folder_make(dir, 0755, err))
        return false;
    for (enum mk_snp_item i = 0; i < MK_SNP_ITEM_COUNT; i++) {
        const char *file = mk_snp_item_file(i);
        if (!(ev->present[i] ? mk_file_write(dir, file, "", mk_snp_item(ev, i), 0644, err)
                             : mk_file_remove(dir, file, err)))
            return false;
    }
    return mk_file_write(dir, "expected.json", "", att_buf_span(&json), 0644, err);
}
