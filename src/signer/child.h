/* signer/child.h - the process that holds the keys: how it is started, how it is shut in, what it answers. Private to signer. */
#ifndef SIGNER_CHILD_H
#define SIGNER_CHILD_H

#include "signer/signer.h"

#include <sys/types.h>

enum {
    CHILD_FIRST_FD = 3,     /* its channels are 3, 4, ... */
    CHILD_MALFORMED = 70,   /* it ended: a message that was not of its form, or out of order */
    CHILD_NOT_SHUT_IN = 71, /* the kernel refused what confine.c asks for */
    CHILD_NO_MEMORY = 72,
};

/* spawn.c: this program again, in the role of the signer, with `count` channels; the ends of them here. SIGNER_FAILED. */
ATT_CHECK bool child_spawn(const struct signer_options *options, size_t count, int *ret_fds, pid_t *ret_pid,
                           struct att_err *err);
/* Is this program running in that role? */
bool child_role(int argc, char **argv, size_t *ret_channels);

/* child.c: the role; ends the process. */
_Noreturn void child_run(size_t channels);

/* confine.c. First, before anything is read: nobody of the same user looks in, nothing is dumped, nothing is gained by exec. */
ATT_CHECK bool confine_early(void);
/* Then, of all threads there are: from here on only these system calls. `token`: the wider list, for a library of PKCS#11. */
ATT_CHECK bool confine_calls(bool token);
/* Keys stay out of swap, as far as the limits of this process allow. */
void confine_memory(void);

#endif
