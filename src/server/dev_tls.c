#include "server/dev_tls.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "files/files.h"
#include "server/pem.h"
#include "signer/certificate.h"
#include "signer/keypair.h"

#include <unistd.h>

static const int64_t ten_years_s = (int64_t)3650 * 86400;

static bool there(struct att_arena *arena, const char *dir, const char *name)
{
    char *path = file_path(arena, dir, name);
    return path && access(path, R_OK) == 0;
}

static bool write_pem(struct att_arena *arena, const char *dir, const char *name, unsigned mode,
                      struct att_buf *text, struct att_err *err)
{
    char *path = file_path(arena, dir, name);

    if (!path || text->failed)
        return att_fail_memory(err, name);
    return file_store(path, att_buf_span(text), mode, err);
}

bool dev_tls_make(struct att_arena *arena, const char *dir, int64_t now_unix_s, struct att_err *err)
{
    static const char *const names[] = { "DNS:localhost", "IP:127.0.0.1", "IP:::1", NULL };
    struct signer_keypair ca = { 0 }, server = { 0 };
    struct att_span ca_der = { 0 }, server_der = { 0 };

    if (there(arena, dir, "ca.pem") && there(arena, dir, "server.pem") &&
        there(arena, dir, "server-key.TEST-KEY.pem"))
        return true;
    if (!signer_keypair_new("ES256", arena, &ca, err) || !signer_keypair_new("ES256", arena, &server, err))
        return false;
    struct signer_certificate want = {
        .common_name = "attestd development CA",
        .not_before_unix_s = now_unix_s - 86400,
        .not_after_unix_s = now_unix_s + ten_years_s,
        .ca = true,
        .subject_spki = ca.spki,
        .issuer_pkcs8 = ca.pkcs8,
    };
    if (!signer_certificate_make(&want, arena, &ca_der, err))
        return false;
    want.common_name = "localhost";
    want.ca = false;
    want.ext_key_usage = "serverAuth";
    want.alt_names = names;
    want.subject_spki = server.spki;
    want.issuer_der = ca_der;
    if (!signer_certificate_make(&want, arena, &server_der, err))
        return false;

    ATT_AUTO(att_buf_free) struct att_buf ca_text = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf server_text = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf key_text = { 0 };
    pem_put(&ca_text, "CERTIFICATE", ca_der);
    pem_put(&server_text, "CERTIFICATE", server_der);
    pem_put(&key_text, "PRIVATE KEY", server.pkcs8);
    /* ca.pem last: when it is there, the others are. */
    return write_pem(arena, dir, "server-key.TEST-KEY.pem", 0600, &key_text, err) &&
           write_pem(arena, dir, "server.pem", 0644, &server_text, err) &&
           write_pem(arena, dir, "ca.pem", 0644, &ca_text, err);
}
