#include "signer/key.h"

bool key_sign(struct key *k, struct att_span input, struct att_arena *arena, struct att_span *ret,
              struct att_err *err)
{
    return k->ops->sign(k, input, arena, ret, err);
}

void key_free(struct key *k)
{
    if (k)
        k->ops->free(k);
}

void key_home_close(struct key_home *h)
{
    if (h)
        h->ops->close(h);
}
