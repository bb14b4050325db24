#include "tss/tss.h"

#include "module/module.h"

bool tss_open(const char *tcti, struct tss **ret, struct att_err *err)
{
    const struct tss_ops *ops =
        module_load("tss", "lib/attestd/tss.so, which comes with attestd, and libtss2-esys", err);

    return ops && ops->open(tcti ? tcti : TSS_TCTI_DEFAULT, ret, err);
}

void tss_close(struct tss *t)
{
    if (t)
        t->ops->close(t);
}
