/* The certificate that clients see: dates, names, key, chain. */
#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/doctor.h"
#include "cli/files.h"
#include "cli/hop.h"
#include "cli/members.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHAIN_MAX = 16, SOON_DAYS = 14, DAY_S = 86400 };

ATT_AUTO_PTR(bio_auto, BIO, BIO_free_all)
ATT_AUTO_PTR(pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(store_auto, X509_STORE, X509_STORE_free)
ATT_AUTO_PTR(verify_auto, X509_STORE_CTX, X509_STORE_CTX_free)

struct chain {
    STACK_OF(X509) * certs; /* the server's first */
};

static void chain_free(struct chain *c)
{
    sk_X509_pop_free(c->certs, X509_free);
}

static X509 *leaf_of(const struct chain *c)
{
    return sk_X509_value(c->certs, 0);
}

static bool read_chain(struct doctor *d, struct chain *ret)
{
    struct att_err err = { 0 };
    struct att_span text = { 0 };

    if (!cli_read(d->c, "tls_certificate", d->config.tls_certificate, &text, &err)) {
        doctor_failed(d, "tls certificate", DOCTOR_BAD, &err);
        doctor_advice(d, "let %s read %s", d->account[0] ? d->account : "the service",
                      d->config.tls_certificate);
        return false;
    }
    ATT_AUTO(bio_auto) BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    ret->certs = sk_X509_new_null();
    for (int i = 0; bio && ret->certs && i < CHAIN_MAX; i++) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (!cert)
            break;
        if (sk_X509_push(ret->certs, cert) == 0) {
            X509_free(cert);
            break;
        }
    }
    ERR_clear_error();
    if (sk_X509_num(ret->certs) > 0)
        return true;
    doctor_found(d, "tls certificate", DOCTOR_BAD, "%s holds no certificate in PEM",
                 d->config.tls_certificate);
    doctor_advice(d, "put the server's certificate there, its issuers behind it");
    return false;
}

/* Seconds until then; a time that cannot be read is over. */
static int64_t until(const struct doctor *d, const ASN1_TIME *t)
{
    struct tm tm = { 0 };

    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return -1;
    return (int64_t)timegm(&tm) - d->now_unix_s;
}

static void examine_dates(struct doctor *d, X509 *cert)
{
    static const char check[] = "tls dates";
    int64_t begins = until(d, X509_get0_notBefore(cert)), ends = until(d, X509_get0_notAfter(cert));
    struct att_time_text end;

    (void)att_time_text(&end, d->now_unix_s + ends);
    if (begins > 0) {
        doctor_found(d, check, DOCTOR_BAD, "the certificate is not valid yet, or this clock is behind");
        doctor_advice(d, "timedatectl; if the clock is right, get another certificate");
    } else if (ends < 0) {
        doctor_found(d, check, DOCTOR_BAD, "the certificate expired at %s", end.text);
        doctor_advice(d, "renew it, then systemctl reload attestd");
    } else if (ends < (int64_t)SOON_DAYS * DAY_S) {
        doctor_found(d, check, DOCTOR_WARN, "the certificate expires at %s", end.text);
        doctor_advice(d, "renew it, then systemctl reload attestd");
    } else {
        doctor_found(d, check, DOCTOR_OK, "valid until %s", end.text);
    }
}

static bool covers(X509 *cert, const char *host)
{
    return X509_check_host(cert, host, 0, 0, NULL) == 1 || X509_check_ip_asc(cert, host, 0) == 1;
}

static void examine_names(struct doctor *d, X509 *cert)
{
    static const char check[] = "tls names";
    struct hop_peer peer;

    if (!hop_peer_of(d->config.base_url, &peer)) {
        doctor_found(d, check, DOCTOR_BAD, "base_url has no host");
        doctor_advice(d, "mend base_url in %s", d->path);
        return;
    }
    if (!covers(cert, peer.host)) {
        doctor_found(d, check, DOCTOR_BAD, "the certificate is not for %s, the host of base_url", peer.host);
        doctor_advice(d, "get one whose subjectAltName has it, or mend base_url");
        return;
    }
    if (d->config.domain[0]) {
        const char *one = cli_text(d->c->arena, "a-provider.%s.%s", d->config.location, d->config.domain);
        if (one && !covers(cert, one)) {
            doctor_found(d, check, DOCTOR_BAD, "the certificate is not for *.%s.%s, where providers are",
                         d->config.location, d->config.domain);
            doctor_advice(d, "get one that has that name, too, or take domain out of %s", d->path);
            return;
        }
    }
    doctor_found(d, check, DOCTOR_OK, "for %s%s%s", peer.host,
                 d->config.domain[0] ? " and providers below " : "", d->config.domain);
}

/* A password would be asked for on the terminal: none is. */
static int no_password(char *room, int size, int writing, void *ctx)
{
    (void)room;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static void examine_key(struct doctor *d, X509 *cert)
{
    static const char check[] = "tls key";
    ATT_AUTO(bio_auto) BIO *bio = BIO_new_file(d->config.tls_key, "r");

    if (!bio) {
        ERR_clear_error();
        if (d->account_known && geteuid() != d->uid) { /* what the service can read is not seen from here */
            doctor_found(d, check, DOCTOR_UNKNOWN, "%s cannot be read", d->config.tls_key);
            doctor_advice(d, "run as root");
            return;
        }
        doctor_found(d, check, DOCTOR_BAD, "%s cannot be read", d->config.tls_key);
        doctor_advice(d, "chgrp %s %s && chmod 0640 %s", d->account[0] ? d->account : "attestd",
                      d->config.tls_key, d->config.tls_key);
        return;
    }
    ATT_AUTO(pkey_auto) EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    bool fits = key && X509_check_private_key(cert, key) == 1;
    ERR_clear_error();
    if (!key) {
        doctor_found(d, check, DOCTOR_BAD, "%s is no private key in PEM without a password",
                     d->config.tls_key);
        doctor_advice(d, "openssl pkey -in OLD -out %s", d->config.tls_key);
    } else if (!fits) {
        doctor_found(d, check, DOCTOR_BAD, "%s is the key of another certificate", d->config.tls_key);
        doctor_advice(d, "tls_key and tls_certificate must be of one pair: mend %s", d->path);
    } else {
        doctor_found(d, check, DOCTOR_OK, "fits the certificate");
    }
}

/* As a client does it, with the CAs of --ca or the system's. */
static void examine_trust(struct doctor *d, const struct chain *chain)
{
    static const char check[] = "tls chain";
    const char *ca = cli_value(d->c, "ca");
    ATT_AUTO(store_auto) X509_STORE *store = X509_STORE_new();
    ATT_AUTO(verify_auto) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    if (!store || !ctx || (ca ? X509_STORE_load_file(store, ca) : X509_STORE_set_default_paths(store)) != 1 ||
        X509_STORE_CTX_init(ctx, store, leaf_of(chain), chain->certs) != 1 ||
        X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) != 1) {
        ERR_clear_error();
        doctor_found(d, check, DOCTOR_UNKNOWN, "the CAs cannot be read");
        doctor_advice(d, "give PEM certificates with --ca");
        return;
    }
    X509_STORE_CTX_set_time(ctx, 0, (time_t)d->now_unix_s);
    int good = X509_verify_cert(ctx);
    int why = X509_STORE_CTX_get_error(ctx);
    ERR_clear_error();
    if (good == 1) {
        doctor_found(d, check, DOCTOR_OK, "%d certificates, up to a CA of %s", sk_X509_num(chain->certs),
                     ca ? ca : "this system");
    } else if (why == X509_V_ERR_CERT_HAS_EXPIRED || why == X509_V_ERR_CERT_NOT_YET_VALID) {
        doctor_found(d, check, DOCTOR_BAD, "%s", X509_verify_cert_error_string(why));
        doctor_advice(d, "renew the certificate that it is about, then systemctl reload attestd");
    } else {
        doctor_found(d, check, ca ? DOCTOR_BAD : DOCTOR_WARN, "%s", X509_verify_cert_error_string(why));
        doctor_advice(d,
                      ca ? "put the certificates between the server's and the CA's behind it in %s"
                         : "with a CA of your own give it with --ca; else put the certificates between the "
                           "server's and the CA's behind it in %s",
                      d->config.tls_certificate);
    }
}

void doctor_tls(struct doctor *d)
{
    ATT_AUTO(chain_free) struct chain chain = { 0 };

    if (!read_chain(d, &chain))
        return;
    examine_dates(d, leaf_of(&chain));
    examine_names(d, leaf_of(&chain));
    examine_key(d, leaf_of(&chain));
    examine_trust(d, &chain);
}
