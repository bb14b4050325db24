/* What is taken from the process that holds the keys. Written as a filter of the kernel itself: the list is short, and this is the
 * one process where each library more is read by whoever attacks it. */
#include "signer/child.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { ARCH = (int)AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { ARCH = (int)AUDIT_ARCH_AARCH64 };
#else
#error "confine.c: name the AUDIT_ARCH of this machine"
#endif

enum answer {
    ALLOW,
    NO_EXEC, /* allowed unless its third argument asks for memory that can be executed */
    SAY_NO,  /* EPERM: what libraries try and can do without */
};

struct row {
    int nr;
    enum answer answer;
};

/* Working on what is there: memory, locks, random numbers, time, the channels. */
static const struct row plain[] = {
    { __NR_recvfrom, ALLOW },
    { __NR_sendto, ALLOW },
    { __NR_read, ALLOW },
    { __NR_write, ALLOW },
    { __NR_close, ALLOW },
    { __NR_futex, ALLOW },
    { __NR_mmap, NO_EXEC },
    { __NR_mprotect, NO_EXEC },
    { __NR_munmap, ALLOW },
    { __NR_mremap, ALLOW },
    { __NR_madvise, ALLOW },
    { __NR_brk, ALLOW },
    { __NR_getrandom, ALLOW },
    { __NR_getpid, ALLOW },
    { __NR_gettid, ALLOW },
    { __NR_clock_gettime, ALLOW },
    { __NR_gettimeofday, ALLOW },
    { __NR_sched_yield, ALLOW },
    { __NR_sched_getaffinity, ALLOW }, /* malloc counts processors */
    { __NR_restart_syscall, ALLOW },
    { __NR_rt_sigreturn, ALLOW },
    { __NR_rt_sigprocmask, ALLOW },
    { __NR_exit, ALLOW },
    { __NR_exit_group, ALLOW },
    { __NR_openat, SAY_NO },
    { __NR_newfstatat, SAY_NO },
    { __NR_readlinkat, SAY_NO },
#ifdef __NR_open
    { __NR_open, SAY_NO },
#endif
#ifdef __NR_time
    { __NR_time, ALLOW },
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    /* Reports of sanitizers, which no build for use has. */
    { __NR_sigaltstack, ALLOW },
    { __NR_rt_sigaction, ALLOW },
    { __NR_prctl, ALLOW },
    { __NR_tgkill, ALLOW },
    { __NR_fstat, ALLOW },
    { __NR_clone, ALLOW },
    { __NR_nanosleep, ALLOW },
    { __NR_clock_nanosleep, ALLOW },
    { __NR_mlock, ALLOW },
#endif
};

/* A library of PKCS#11 may look into files, keep them, and speak to a daemon or over the network to a machine that holds the
 * keys: which calls it makes is not known here. What no such library has to do stays forbidden, to its own code and to ours. */
static const struct row token_forbidden[] = {
    { __NR_execve, SAY_NO },
    { __NR_execveat, SAY_NO },
    { __NR_ptrace, SAY_NO },
    { __NR_process_vm_readv, SAY_NO },
    { __NR_process_vm_writev, SAY_NO },
    { __NR_bind, SAY_NO },
    { __NR_listen, SAY_NO },
    { __NR_mount, SAY_NO },
    { __NR_unshare, SAY_NO },
    { __NR_setns, SAY_NO },
    { __NR_bpf, SAY_NO },
    { __NR_io_uring_setup, SAY_NO },
    { __NR_keyctl, SAY_NO },
    { __NR_add_key, SAY_NO },
    { __NR_request_key, SAY_NO },
    { __NR_userfaultfd, SAY_NO },
    { __NR_perf_event_open, SAY_NO },
    { __NR_pidfd_getfd, SAY_NO },
    { __NR_kexec_load, SAY_NO },
};

/* -- the filter ------------------------------------------------------------------------------------------- */

enum { PROGRAM_MAX = 256, EPERM_VALUE = 1 };

struct program {
    struct sock_filter of[PROGRAM_MAX];
    unsigned short count;
};

static void emit(struct program *p, struct sock_filter f)
{
    if (p->count < PROGRAM_MAX)
        p->of[p->count] = f;
    p->count++;
}

static void emit_return(struct program *p, unsigned action)
{
    emit(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void emit_load(struct program *p, size_t offset)
{
    emit(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

/* Little-endian, as both machines are: the low half of an argument comes first. */
static void emit_row(struct program *p, const struct row *row)
{
    unsigned char skip = row->answer == NO_EXEC ? 4 : 1;

    emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)row->nr, 0, skip));
    if (row->answer == NO_EXEC) {
        emit_load(p, offsetof(struct seccomp_data, args[2]));
        emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
        emit_return(p, SECCOMP_RET_KILL_PROCESS);
    }
    emit_return(p, row->answer == SAY_NO ? SECCOMP_RET_ERRNO | EPERM_VALUE : SECCOMP_RET_ALLOW);
}

static void build(struct program *p, bool token)
{
    const struct row *rows = token ? token_forbidden : plain;
    size_t count =
        token ? sizeof token_forbidden / sizeof token_forbidden[0] : sizeof plain / sizeof plain[0];

    emit_load(p, offsetof(struct seccomp_data, arch));
    emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)ARCH, 1, 0));
    emit_return(p, SECCOMP_RET_KILL_PROCESS);
    emit_load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* The numbers of x32 are the same calls by another door. */
    emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 0, 1));
    emit_return(p, SECCOMP_RET_KILL_PROCESS);
#endif
    for (size_t i = 0; i < count; i++)
        emit_row(p, &rows[i]);
    emit_return(p, token ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
}

bool confine_calls(bool token)
{
    struct program p = { 0 };

    build(&p, token);
    if (p.count > PROGRAM_MAX)
        return false;
    struct sock_fprog whole = { .len = p.count, .filter = p.of };
    return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &whole) == 0;
}

/* -- the rest --------------------------------------------------------------------------------------------- */

bool confine_early(void)
{
    static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2 };
    const struct rlimit none = { 0, 0 };

    /* Signals go to whole groups, and the server still signs while it drains: this process ends when its channels do. */
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        (void)signal(ignored[i], SIG_IGN); /* cannot fail for a known signal */
    (void)setrlimit(RLIMIT_CORE,
                    &none); /* a unit's filter may refuse it; what is not dumpable is not dumped anyway */
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* With a limit that is not endless, locking what comes later would make memory run out while there is some. */
void confine_memory(void)
{
    struct rlimit limit = { 0, 0 };

    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return;
    int flags = limit.rlim_cur == RLIM_INFINITY ? MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT : MCL_CURRENT;
    (void)mlockall(flags); /* best effort: docs/threat-model.md */
}
