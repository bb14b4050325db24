#include "signer/signer.h"

bool signer_sign(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                 struct att_span *ret, struct att_err *err)
{
    return s->ops->sign(s, kid, input, arena, ret, err);
}

void signer_close(struct signer *s)
{
    if (s)
        s->ops->close(s);
}
