#include "cli/tpm_shot.h"

#include "base/base64.h"
#include "base/err.h"
#include "cli/files.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_LOG "/sys/kernel/security/tpm0/binary_bios_measurements"
#define KERNEL_IMA "/sys/kernel/security/ima/binary_runtime_measurements"

static const struct {
    const char *option, *name, *digest;
    uint16_t alg;
} banks[] = {
    { "sha1", "SHA1", "SHA1", TSS_SHA1 },
    { "sha256", "SHA256", "SHA2-256", TSS_SHA256 },
    { "sha384", "SHA384", "SHA2-384", TSS_SHA384 },
    { "sha512", "SHA512", "SHA2-512", TSS_SHA512 },
};
enum { BANKS = sizeof banks / sizeof banks[0], ALL_PCRS = (1 << TSS_PCRS) - 1 };

const char *tpm_bank_name(uint16_t alg)
{
    for (size_t i = 0; i < BANKS; i++)
        if (banks[i].alg == alg)
            return banks[i].name;
    return NULL;
}

/* -- options ------------------------------------------------------------------------------------------------ */

/* "0,1,7": each once. */
static bool list_read(const char *text, size_t len, uint32_t *ret)
{
    uint32_t pcrs = 0;
    size_t i = 0;

    while (i < len) {
        unsigned n = 0;
        size_t first = i;
        for (; i < len && text[i] >= '0' && text[i] <= '9' && i < first + 2; i++)
            n = 10 * n + (unsigned)(text[i] - '0');
        if (i == first || n >= TSS_PCRS || pcrs & (1u << n) || (i < len && text[i] != ','))
            return false;
        pcrs |= 1u << n;
        if (i < len && ++i == len)
            return false; /* a comma at the end */
    }
    *ret = pcrs;
    return pcrs != 0;
}

static bool bank_read(const char *text, size_t len, struct tss_selection *ret)
{
    const char *colon = memchr(text, ':', len);
    size_t name = colon ? (size_t)(colon - text) : len;

    for (size_t i = 0; i < BANKS; i++) {
        if (strlen(banks[i].option) != name || memcmp(banks[i].option, text, name) != 0)
            continue;
        ret->alg = banks[i].alg;
        ret->pcrs = ALL_PCRS;
        if (!colon || (len == name + 4 && memcmp(colon, ":all", 4) == 0))
            return true;
        return list_read(colon + 1, len - name - 1, &ret->pcrs);
    }
    return false;
}

bool tpm_selections_read(const char *text, struct tss_selection *ret, size_t *ret_count, struct att_err *err)
{
    struct tss_selection s[TSS_SELECTIONS_MAX];
    struct att_shown shown;
    size_t count = 0;

    for (const char *p = text;; p++) {
        size_t len = strcspn(p, "+");
        bool good = count < TSS_SELECTIONS_MAX && bank_read(p, len, &s[count]);
        for (size_t i = 0; good && i < count; i++)
            good = s[i].alg != s[count].alg;
        if (!good)
            return att_fail(err, ATT_USAGE, "pcrs", "sha256, sha256:0,1,7 or sha1:0+sha256:0, for example",
                            "'%s'", att_shown(&shown, att_str(text)));
        count++;
        p += len;
        if (*p == '\0')
            break;
    }
    memcpy(ret, s, count * sizeof s[0]);
    *ret_count = count;
    return true;
}

bool tpm_shot_options(struct cli *c, struct tpm_shot *ret, struct att_err *err)
{
    const char *pcrs = cli_value(c, "pcrs");

    return tpm_selections_read(pcrs ? pcrs : "sha256", ret->selections, &ret->selection_count, err);
}

/* -- logs --------------------------------------------------------------------------------------------------- */

/* The kernel's logs belong to the machine's own TPM and to no other. */
static bool log_read(struct cli *c, const char *option, const char *kernel, struct att_span *ret,
                     struct att_err *err)
{
    const char *path = cli_value(c, option), *tcti = cli_value(c, "tcti");

    if (path && strcmp(path, "-") == 0)
        return att_fail(err, ATT_USAGE, option, "a file, which can be read twice", "standard input");
    if (!path && (!tcti || strncmp(tcti, "device", 6) == 0) && (access(kernel, F_OK) == 0 || errno != ENOENT))
        path = kernel;
    if (path && strcmp(path, "none") != 0)
        return cli_read(c, option, path, ret, err);
    *ret = (struct att_span){ 0 };
    return true;
}

/* -- what belongs together ---------------------------------------------------------------------------------- */

static bool digest_of(const struct tss_values *values, uint16_t alg, uint8_t ret[EVP_MAX_MD_SIZE],
                      unsigned *ret_len, struct att_err *err)
{
    struct att_buf all = { 0 };
    EVP_MD *md = NULL;

    for (size_t i = 0; i < BANKS; i++)
        if (banks[i].alg == alg)
            md = EVP_MD_fetch(NULL, banks[i].digest, NULL);
    for (size_t i = 0; i < values->count; i++)
        att_buf_put(&all, att_span_of(values->item[i].digest, values->item[i].len));
    bool done = md && !all.failed && EVP_Digest(all.ptr, all.len, ret, ret_len, md, NULL) == 1;
    EVP_MD_free(md);
    att_buf_free(&all);
    return done ||
           att_fail(err, ATT_CRYPTO_FAILED, "tpm.pcrs", "a digest", "a failure of the crypto library");
}

enum outcome { FITS, AGAIN, FAILED };

static enum outcome attempt(struct cli *c, struct tss *tpm, tss_loaded aik, struct att_span qualifying,
                            struct tpm_shot *s, struct att_err *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct att_span again = { 0 };
    unsigned len = 0;

    if (!log_read(c, "event-log", KERNEL_LOG, &s->event_log, err) ||
        !log_read(c, "ima-log", KERNEL_IMA, &s->ima_log, err) ||
        !tpm->ops->quote(tpm, aik, s->selections, s->selection_count, qualifying, c->arena, &s->quote, err) ||
        !tpm->ops->pcr_read(tpm, s->selections, s->selection_count, &s->values, err) ||
        !log_read(c, "ima-log", KERNEL_IMA, &again, err) ||
        !digest_of(&s->values, s->quote.hash, digest, &len, err))
        return FAILED;
    bool fits = att_span_eq(s->quote.pcr_digest, att_span_of(digest, len)) && again.len == s->ima_log.len;
    return fits ? FITS : AGAIN;
}

bool tpm_shot_take(struct cli *c, struct tss *tpm, tss_loaded aik, struct att_span qualifying,
                   struct tpm_shot *s, struct att_err *err)
{
    static const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };

    for (int i = 0; i < TPM_SHOT_TRIES; i++) {
        enum outcome o = attempt(c, tpm, aik, qualifying, s, err);
        if (o != AGAIN)
            return o == FITS;
        (void)nanosleep(&pause, NULL); /* a shorter one does no harm */
    }
    return att_fail(err, ATT_IO_FAILED, "tpm.quote",
                    "registers and a list of IMA that stay for a moment: try again",
                    "others after each of 5 quotes");
}

/* -- as JSON ------------------------------------------------------------------------------------------------ */

void tpm_put_base64url(struct att_json_writer *w, struct att_span bytes)
{
    struct att_buf text = { 0 };

    att_base64url_put(&text, bytes);
    if (text.failed)
        w->out->failed = true;
    else
        att_jw_string(w, att_buf_span(&text));
    att_buf_free(&text);
}

void tpm_shot_put_pcrs(const struct tpm_shot *s, struct att_json_writer *w)
{
    att_jw_array(w);
    for (size_t b = 0; b < s->selection_count; b++) {
        att_jw_object(w);
        att_jw_key(w, "algorithm");
        att_jw_int(w, s->selections[b].alg);
        att_jw_key(w, "values");
        att_jw_array(w);
        for (size_t i = 0; i < s->values.count; i++) {
            const struct tss_value *v = &s->values.item[i];
            if (v->alg != s->selections[b].alg)
                continue;
            att_jw_object(w);
            att_jw_key(w, "index");
            att_jw_int(w, v->pcr);
            att_jw_key(w, "digest");
            tpm_put_base64url(w, att_span_of(v->digest, v->len));
            att_jw_end_object(w);
        }
        att_jw_end_array(w);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}
