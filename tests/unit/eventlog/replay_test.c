/* layers: eventlog crypto base */
/* Replay and matching. What registers must hold is computed here with OpenSSL directly, from the digests as the test wrote them. */
#include "build.h"

#include <openssl/evp.h>

static struct cases run = { .name = "eventlog.replay" };

enum { ALL_REGISTERS = 0xffffff };

static const char *const evp_names[ATT_HASH_COUNT] = { "SHA1", "SHA256", "SHA384", "SHA512" };

/* value = H(value || digest), the digest given as text of build(), filled with zeros up to its size. */
static void extend(enum att_hash bank, uint8_t value[LOG_DIGEST_BYTES_MAX], const char *digest)
{
    uint8_t both[2 * LOG_DIGEST_BYTES_MAX] = { 0 };
    size_t size = att_hash_size(bank);
    struct att_buf b = { 0 };
    struct att_span d = build(&b, digest);

    memcpy(both, value, size);
    memcpy(both + size, d.ptr, d.len < size ? d.len : size);
    if (!EVP_Q_digest(NULL, evp_names[bank], NULL, both, 2 * size, value, NULL))
        exit(1);
    att_buf_free(&b);
}

struct machine {
    struct log_events set;
    uint8_t value[LOG_PCRS][LOG_DIGEST_BYTES_MAX];
    struct log_quoted quoted;
};

/* Registers as they are after a start, and no log. */
static void machine_start(struct machine *m, enum att_hash bank)
{
    *m = (struct machine){ .quoted = { .bank = bank, .pcrs = ALL_REGISTERS } };
    m->quoted.value = m->value;
    for (unsigned i = 17; i <= 22; i++)
        memset(m->value[i], 0xff, att_hash_size(bank));
    att_arena_reset(arena);
}

/* The log's bytes stay: in the arena. */
static bool read_log(struct machine *m, enum log_form form, const char *log)
{
    struct att_buf b = { 0 };
    struct att_err err = { 0 };
    struct att_span bytes = build(&b, log);
    const uint8_t *kept = (const uint8_t *)att_arena_dup(arena, bytes);
    bool ok = kept && append(form, att_span_of(kept, bytes.len), &m->set, &err);

    cases_check(&run, ok, "a log is read: %s", err.text);
    att_buf_free(&b);
    return ok;
}

static enum att_code matches(const struct machine *m, uint32_t mask, bool sha1_allowed, struct att_err *err)
{
    *err = (struct att_err){ 0 };
    bool ok = log_matches(&env, &m->set, &m->quoted, mask, sha1_allowed, "tpm", err);
    return ok == (err->code == ATT_OK) ? err->code : ATT_INTERNAL;
}

static void want(const struct machine *m, uint32_t mask, enum att_code code, const char *where,
                 const char *name)
{
    struct att_err err;
    enum att_code got = matches(m, mask, false, &err);

    cases_check(&run, got == code && strcmp(err.where, where) == 0, "%s: %s at %s", name, err.text,
                err.where);
}

/* -- registers -------------------------------------------------------------------------------------------- */

static void check_reset(void)
{
    for (enum att_hash bank = ATT_SHA1; bank < ATT_HASH_COUNT; bank++) {
        struct machine m;
        machine_start(&m, bank);
        want(&m, ALL_REGISTERS, ATT_OK, "", "nothing is measured");
        for (unsigned i = 0; i < LOG_PCRS; i++) {
            char where[32];
            size_t last = att_hash_size(bank) - 1;
            (void)snprintf(where, sizeof where, "tpm.pcrs[%u]", i);
            m.value[i][last] ^= 0x80;
            want(&m, ALL_REGISTERS, ATT_EVENT_LOG_REPLAY_MISMATCH, where,
                 "a register that no event explains");
            want(&m, ALL_REGISTERS & ~(1u << i), ATT_OK, "", "and is not asked for");
            m.value[i][last] ^= 0x80;
        }
    }
}

static void check_chain(void)
{
    static const char log[] = HEADER EVENT("0", "8", "a1", "b1", "=4 'abcd'")
        EVENT("7", "4", "a2", "b2", "=0") EVENT("0", "1", "a3", "b3", "=0") EVENT("7", "3", "a4", "b4", "=0");
    struct machine m;

    machine_start(&m, ATT_SHA256);
    (void)read_log(&m, LOG_TCG, log);
    extend(ATT_SHA256, m.value[0], "b1x32");
    extend(ATT_SHA256, m.value[7], "b2x32");
    extend(ATT_SHA256, m.value[0], "b3x32");
    want(&m, ALL_REGISTERS, ATT_OK, "", "SHA-256");
    struct log_registers r;
    struct att_err err = { 0 };
    bool ok = log_replay(&env, &m.set, ATT_SHA256, 1, false, &r, &err);
    cases_check(&run,
                ok && r.touched == 0x81 && memcmp(r.value[0], m.value[0], 32) == 0 &&
                    memcmp(r.value[7], m.value[1], 32) == 0,
                "only registers of the mask are computed");
    m.quoted.pcrs = 0x7f;
    want(&m, 0x7f, ATT_OK, "", "fewer are quoted");
    want(&m, 0xff, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm", "E-p: a register that is asked for and not quoted");
    want(&m, 0x100007f, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm", "a register that no TPM has");

    machine_start(&m, ATT_SHA1);
    (void)read_log(&m, LOG_TCG, log);
    extend(ATT_SHA1, m.value[0], "a1x20");
    extend(ATT_SHA1, m.value[7], "a2x20");
    extend(ATT_SHA1, m.value[0], "a3x20");
    want(&m, ALL_REGISTERS, ATT_OK, "", "SHA-1");
}

/* The refusal names register, value and what the log leads to. */
static void check_refusal(void)
{
    struct machine m;
    struct att_err err;
    char quoted[65], replayed[65];

    machine_start(&m, ATT_SHA256);
    (void)read_log(&m, LOG_TCG, HEADER EVENT("7", "4", "a2", "b2", "=0"));
    att_hex_text(quoted, att_span_of(m.value[7], 32));
    cases_check(&run, matches(&m, 0xff, false, &err) == ATT_EVENT_LOG_REPLAY_MISMATCH, "refused");
    extend(ATT_SHA256, m.value[7], "b2x32");
    att_hex_text(replayed, att_span_of(m.value[7], 32));
    cases_check(&run,
                strcmp(err.where, "tpm.pcrs[7]") == 0 && strstr(err.found, replayed) &&
                    strstr(err.found, "SHA256") && strcmp(err.expected, quoted) == 0,
                "what the refusal says: %s", err.text);
}

static void check_locality(void)
{
    static const struct {
        const char *name, *log;
        uint8_t start;
    } rows[] = {
        { "3", HEADER "=0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .3 " EVENT("0", "8", "a1", "b1", "=0"), 3 },
        { "4", HEADER "=0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .4 " EVENT("0", "8", "a1", "b1", "=0"), 4 },
        { "measured by the host", HEADER EVENT("0", "0x80000010", "a1", "b1", "=0"), 4 },
        { "none", HEADER EVENT("0", "8", "a1", "b1", "=0"), 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct machine m;
        machine_start(&m, ATT_SHA256);
        (void)read_log(&m, LOG_TCG, rows[i].log);
        m.value[0][31] = rows[i].start;
        extend(ATT_SHA256, m.value[0], "b1x32");
        want(&m, ALL_REGISTERS, ATT_OK, "", rows[i].name);
        memset(m.value[0], 0, 32);
        m.value[0][31] = rows[i].start == 3 ? 0 : 3;
        extend(ATT_SHA256, m.value[0], "b1x32");
        want(&m, ALL_REGISTERS, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[0]", "another start");
    }
    struct machine m;
    machine_start(&m, ATT_SHA256);
    (void)read_log(&m, LOG_TCG, HEADER "=0 =3 =1 :4 00x20 =17 'StartupLocality' .0 .3");
    want(&m, 1, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[0]", "a locality alone");
    m.value[0][31] = 3;
    want(&m, 1, ATT_OK, "", "and the register says so");
}

/* A dynamic launch sets 17 to 22 to zero, all of them. */
static void check_drtm(void)
{
    struct machine m;

    machine_start(&m, ATT_SHA256);
    (void)read_log(&m, LOG_TCG,
                   HEADER EVENT("17", "0x402", "a1", "b1", "=0") EVENT("18", "0x4ff", "a2", "b2", "=0"));
    want(&m, 0xff, ATT_OK, "", "registers of the start");
    want(&m, 1 << 19, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[19]", "no launch, says the quote");
    extend(ATT_SHA256, m.value[17], "b1x32");
    want(&m, 1 << 17, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[17]", "a launch does not begin with ones");
    for (unsigned i = 17; i <= 22; i++)
        memset(m.value[i], 0, 32);
    extend(ATT_SHA256, m.value[17], "b1x32");
    extend(ATT_SHA256, m.value[18], "b2x32");
    want(&m, ALL_REGISTERS, ATT_OK, "", "a launch");
    machine_start(&m, ATT_SHA256);
    memset(m.value[17], 0, 32);
    want(&m, ALL_REGISTERS, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[17]",
         "a launch, says the quote, and no event");
}

/* -- banks ------------------------------------------------------------------------------------------------ */

static void check_banks(void)
{
    struct machine m;

    /* Digests that no quote covers may say anything. */
    machine_start(&m, ATT_SHA256);
    (void)read_log(&m, LOG_TCG, HEADER EVENT("7", "4", "00", "b2", "=0"));
    extend(ATT_SHA256, m.value[7], "b2x32");
    want(&m, ALL_REGISTERS, ATT_OK, "", "E-p: a bank that is not quoted does not count");
    memset(m.value[7], 0, 32);
    extend(ATT_SHA256, m.value[7], "00x20");
    want(&m, ALL_REGISTERS, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[7]",
         "E-p: nor does it stand in for the quoted one");
    memset(m.value, 0, sizeof m.value);
    m.quoted.bank = ATT_SHA384;
    want(&m, 0xff, ATT_EVENT_LOG_MALFORMED, "tpm", "E-p: a quoted bank that the log lacks");
    want(&m, 1, ATT_EVENT_LOG_MALFORMED, "tpm", "E-p: also for a register without events");
    want(&m, 0, ATT_EVENT_LOG_MALFORMED, "tpm", "E-p: also for none");

    machine_start(&m, ATT_SHA256);
    (void)read_log(&m, LOG_TCG, OLD_EVENT("7", "4", "a2", "=0"));
    want(&m, 0xff, ATT_EVENT_LOG_MALFORMED, "tpm", "E-p: a log with SHA-1 only, a quote with SHA-256");
    m.quoted.bank = ATT_SHA1;
    extend(ATT_SHA1, m.value[7], "a2x20");
    want(&m, 0xff, ATT_OK, "", "E-p: SHA-1 where SHA-1 is quoted; whether that counts is the caller's");

    machine_start(&m, ATT_SHA256);
    (void)read_log(&m, LOG_TCG, HEADER EVENT("0", "1", "a1", "b1", "=0") "=7 =4 =1 :4 a2x20 =0");
    extend(ATT_SHA256, m.value[0], "b1x32");
    want(&m, 1, ATT_EVENT_LOG_MALFORMED, "tpm", "E-p: one event without its SHA-256: the bank is not whole");

    struct log_registers r = { .touched = 77 };
    struct att_err err = { 0 };
    cases_check(&run,
                !log_replay(&env, &m.set, ATT_SHA256, 1, false, &r, &err) &&
                    err.code == ATT_EVENT_LOG_MALFORMED && r.touched == 77,
                "E-p: nor is it replayed");
    err = (struct att_err){ 0 };
    cases_check(&run, !log_replay(&env, &m.set, ATT_HASH_COUNT, 1, false, &r, &err), "a bank that is none");
}

/* A machine measured: version, separator, and after it the boot loader. */
static void check_separators(void)
{
#define VERSION   EVENT("0", "8", "a1", "b1", "=0")
#define SEPARATOR EVENT("0", "4", "a2", "b2", "=4 00x4")
#define LOADER    EVENT("0", "13", "a3", "b3", "=0")
    static const struct {
        const char *name, *log;
        enum att_code want;
    } rows[] = {
        { "as measured", HEADER VERSION SEPARATOR LOADER, ATT_OK },
        { "E-p: separator left out", HEADER VERSION LOADER, ATT_EVENT_LOG_REPLAY_MISMATCH },
        { "E-p: separator twice", HEADER VERSION SEPARATOR SEPARATOR LOADER, ATT_EVENT_LOG_REPLAY_MISMATCH },
        { "E-p: separator earlier", HEADER SEPARATOR VERSION LOADER, ATT_EVENT_LOG_REPLAY_MISMATCH },
        { "E-p: separator later", HEADER VERSION LOADER SEPARATOR, ATT_EVENT_LOG_REPLAY_MISMATCH },
        { "E-p: separator of another value", HEADER VERSION EVENT("0", "4", "a2", "b9", "=4 ffx4") LOADER,
          ATT_EVENT_LOG_REPLAY_MISMATCH },
        { "E-p: separator in another register", HEADER VERSION EVENT("1", "4", "a2", "b2", "=4 00x4") LOADER,
          ATT_EVENT_LOG_REPLAY_MISMATCH },
        { "E-p: separator that is not extended", HEADER VERSION EVENT("0", "3", "a2", "b2", "=4 00x4") LOADER,
          ATT_EVENT_LOG_REPLAY_MISMATCH },
        { "E-n: an event that extends nothing, extended",
          HEADER EVENT("0", "1", "a9", "b9", "=0") VERSION SEPARATOR LOADER, ATT_EVENT_LOG_REPLAY_MISMATCH },
        { "E-n: another type changes no register: it is never proven",
          HEADER VERSION EVENT("0", "5", "a2", "b2", "=0") LOADER, ATT_OK },
        { "E-n: nor does an event without effect",
          HEADER VERSION SEPARATOR EVENT("0", "3", "a9", "b9", "=0") LOADER, ATT_OK },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct machine m;
        machine_start(&m, ATT_SHA256);
        (void)read_log(&m, LOG_TCG, rows[i].log);
        extend(ATT_SHA256, m.value[0], "b1x32");
        extend(ATT_SHA256, m.value[0], "b2x32");
        extend(ATT_SHA256, m.value[0], "b3x32");
        want(&m, ALL_REGISTERS, rows[i].want, rows[i].want == ATT_OK ? "" : "tpm.pcrs[0]", rows[i].name);
    }
}

/* -- IMA -------------------------------------------------------------------------------------------------- */

/* Two records and a violation between them: template "x" with data "one" and "two". */
#define ONE_SHA1 "fe05bcdcdc4928012781a5f1a2a77cbb5398e106 "
#define TWO_SHA1 "ad782ecdac770fc6eb9a62e44f90873fb97fb26b "
#define LIST     "=10 " ONE_SHA1 "=1 'x' =3 'one' =10 00x20 =1 'x' =3 'bad' =10 " TWO_SHA1 "=1 'x' =3 'two' "

static void extend_list(enum att_hash bank, uint8_t value[LOG_DIGEST_BYTES_MAX], bool padded)
{
    static const char *const data[] = { "one", NULL, "two" };

    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++) {
        char text[2 * LOG_DIGEST_BYTES_MAX + 1];
        uint8_t digest[LOG_DIGEST_BYTES_MAX];
        enum att_hash with = padded ? ATT_SHA1 : bank;
        memset(digest, 0xff, sizeof digest);
        if (data[i] && !EVP_Q_digest(NULL, evp_names[with], NULL, data[i], 3, digest, NULL))
            exit(1);
        att_hex_text(text, att_span_of(digest, att_hash_size(with)));
        extend(bank, value, text);
    }
}

static void check_ima(void)
{
    for (enum att_hash bank = ATT_SHA1; bank < ATT_HASH_COUNT; bank++) {
        struct machine m;
        struct att_err err;
        machine_start(&m, bank);
        (void)read_log(&m, LOG_IMA, LIST);
        cases_check(&run, m.set.banks == 0xf, "a list has every bank");
        extend_list(bank, m.value[10], false);
        want(&m, ALL_REGISTERS, ATT_OK, "", "a list");
        m.value[10][0] ^= 1;
        want(&m, ALL_REGISTERS, ATT_IMA_LOG_MISMATCH, "tpm.pcrs[10]", "a list, another register");
        want(&m, ALL_REGISTERS & ~(1u << 10), ATT_OK, "", "which is not asked for");
        memset(m.value[10], 0, LOG_DIGEST_BYTES_MAX);
        want(&m, ALL_REGISTERS, ATT_IMA_LOG_MISMATCH, "tpm.pcrs[10]", "a list, nothing measured");
        extend_list(bank, m.value[10], true);
        enum att_code padded = bank == ATT_SHA1 ? ATT_OK : ATT_IMA_LOG_MISMATCH;
        want(&m, ALL_REGISTERS, padded, padded == ATT_OK ? "" : "tpm.pcrs[10]",
             "SHA-1 with zeros, not allowed");
        cases_check(&run, matches(&m, ALL_REGISTERS, true, &err) == ATT_OK, "SHA-1 with zeros, allowed: %s",
                    err.text);
        m.value[3][0] = 1;
        cases_check(&run, matches(&m, ALL_REGISTERS, true, &err) == ATT_EVENT_LOG_REPLAY_MISMATCH,
                    "SHA-1 with zeros saves no other register: %s", err.text);
    }
}

static void check_ima_lies(void)
{
    static const struct {
        const char *name, *list;
        enum att_code want;
    } rows[] = {
        { "a record left out", "=10 " ONE_SHA1 "=1 'x' =3 'one' =10 00x20 =1 'x' =3 'bad' ",
          ATT_IMA_LOG_MISMATCH },
        { "a violation left out", "=10 " ONE_SHA1 "=1 'x' =3 'one' =10 " TWO_SHA1 "=1 'x' =3 'two' ",
          ATT_IMA_LOG_MISMATCH },
        { "order changed",
          "=10 " TWO_SHA1 "=1 'x' =3 'two' =10 00x20 =1 'x' =3 'bad' =10 " ONE_SHA1 "=1 'x' =3 'one' ",
          ATT_IMA_LOG_MISMATCH },
        { "a record made a violation",
          "=10 00x20 =1 'x' =3 'one' =10 00x20 =1 'x' =3 'bad' =10 " TWO_SHA1 "=1 'x' =3 'two' ",
          ATT_IMA_LOG_MISMATCH },
        { "a record more", LIST "=10 " TWO_SHA1 "=1 'x' =3 'two' ", ATT_IMA_LOG_MISMATCH },
        { "a record of another register", LIST "=11 " TWO_SHA1 "=1 'x' =3 'two' ", ATT_IMA_LOG_MISMATCH },
        { "no record", "", ATT_EVENT_LOG_REPLAY_MISMATCH },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct machine m;
        struct att_err err;
        machine_start(&m, ATT_SHA256);
        (void)read_log(&m, LOG_IMA, rows[i].list);
        extend_list(ATT_SHA256, m.value[10], false);
        enum att_code got = matches(&m, ALL_REGISTERS, true, &err);
        cases_check(&run, got == rows[i].want, "IMA, %s: %s", rows[i].name, err.text);
    }
}

/* A log of firmware and a list, together and in either order: they extend different registers. */
static void check_both(void)
{
    for (int first = 0; first < 2; first++) {
        struct machine m;
        machine_start(&m, ATT_SHA256);
        if (first == 0)
            (void)read_log(&m, LOG_IMA, LIST);
        (void)read_log(&m, LOG_TCG, HEADER EVENT("7", "4", "a2", "b2", "=0"));
        if (first == 1)
            (void)read_log(&m, LOG_IMA, LIST);
        cases_check(&run, m.set.has_ima && m.set.has_tcg && m.set.banks == 3,
                    "E-p: the log's banks are those of both");
        extend(ATT_SHA256, m.value[7], "b2x32");
        extend_list(ATT_SHA256, m.value[10], false);
        want(&m, ALL_REGISTERS, ATT_OK, "", "both");
        m.value[7][0] ^= 1;
        want(&m, ALL_REGISTERS, ATT_EVENT_LOG_REPLAY_MISMATCH, "tpm.pcrs[7]", "firmware's register");
        want(&m, 1 << 10, ATT_OK, "", "IMA's alone");
        m.quoted.bank = ATT_SHA512;
        want(&m, 1 << 10, ATT_EVENT_LOG_MALFORMED, "tpm", "E-p: a bank that only the list has");
    }
}

int main(void)
{
    start();
    check_reset();
    check_chain();
    check_refusal();
    check_locality();
    check_drtm();
    check_banks();
    check_separators();
    check_ima();
    check_ima_lies();
    check_both();
    stop();
    return cases_report(&run);
}
