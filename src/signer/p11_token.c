/* The token: found by its label, logged in to. */
#include "signer/p11_internal.h"

#include "base/err.h"
#include "base/secret.h"

enum { SLOTS_MAX = 64 };

static bool has_label(const CK_TOKEN_INFO *info, const char *label)
{
    size_t len = sizeof info->label;

    while (len > 0 && (info->label[len - 1] == ' ' || info->label[len - 1] == '\0'))
        len--;
    return (info->flags & CKF_TOKEN_INITIALIZED) &&
           att_span_eq(att_span_of(info->label, len), att_str(label));
}

/* A label is the operator's word, not the vendor's: with two of them one would be taken by chance. */
static bool find_token(CK_FUNCTION_LIST *f, const char *label, CK_SLOT_ID *ret, CK_TOKEN_INFO *ret_info,
                       struct att_err *err)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = 0;
    size_t found = 0;

    CK_RV rv = f->C_GetSlotList(CK_TRUE, NULL, &count); /* this is what makes a module look again */
    if (rv == CKR_OK && count > SLOTS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "pkcs11_token", "at most 64 tokens", "%lu", count);
    count = SLOTS_MAX;
    if (rv == CKR_OK)
        rv = f->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK)
        return p11_refused(err, "C_GetSlotList", rv);
    for (CK_ULONG i = 0; i < count && i < SLOTS_MAX; i++) {
        CK_TOKEN_INFO info = { 0 };
        if (f->C_GetTokenInfo(slots[i], &info) != CKR_OK || !has_label(&info, label))
            continue; /* a broken neighbour is not our business */
        *ret = slots[i];
        *ret_info = info;
        found++;
    }
    if (found == 0)
        return att_fail(err, ATT_PKCS11_FAILED, "pkcs11_token", "a token with this label", "none among %lu",
                        count);
    return found == 1 || att_fail(err, ATT_PKCS11_FAILED, "pkcs11_token", "one token with this label",
                                  "%zu of them", found);
}

/* Tokens lock themselves after a few wrong PINs, and a service that starts again and again would do just that. */
static bool may_try(const CK_TOKEN_INFO *info, struct att_err *err)
{
    if (info->flags & CKF_USER_PIN_LOCKED)
        return att_fail(err, ATT_PKCS11_FAILED, "pkcs11_token", "a token that takes its PIN",
                        "one that is locked after wrong ones");
    if (info->flags & CKF_USER_PIN_FINAL_TRY)
        return att_fail(err, ATT_PKCS11_FAILED, "pkcs11_token",
                        "more than one try for the PIN: log in once with the tools of its vendor",
                        "one try before it locks");
    return true;
}

static bool log_in(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, const CK_TOKEN_INFO *info,
                   const char *pin_file, bool *ret_pin_wrong, struct att_err *err)
{
    struct p11_pin pin = { 0 };
    bool path = (info->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0; /* a keypad of its own */

    if (!(info->flags & CKF_LOGIN_REQUIRED))
        return true;
    if (!may_try(info, err))
        return false;
    if (!pin_file && !path)
        return att_fail(err, ATT_CONFIG_INVALID, "pkcs11_pin_file", "a file: the token wants a PIN", "none");
    if (pin_file && !p11_pin_read(pin_file, &pin, err))
        return false;
    CK_RV rv = f->C_Login(session, CKU_USER, pin_file ? pin.text : NULL, pin.len);
    att_wipe(&pin, sizeof pin);
    *ret_pin_wrong = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_INVALID ||
                     rv == CKR_PIN_LOCKED || rv == CKR_PIN_EXPIRED;
    return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN || p11_refused(err, "C_Login", rv);
}

bool p11_token_login(CK_FUNCTION_LIST *f, const char *label, const char *pin_file, struct p11_login *ret,
                     bool *ret_pin_wrong, struct att_err *err)
{
    struct p11_login l = { .sessions_max = P11_SESSIONS_MAX };
    CK_TOKEN_INFO info = { 0 };

    if (!find_token(f, label, &l.slot, &info, err))
        return false;
    bool bounded = info.ulMaxSessionCount != CK_EFFECTIVELY_INFINITE &&
                   info.ulMaxSessionCount != CK_UNAVAILABLE_INFORMATION;
    if (bounded && info.ulMaxSessionCount < 2)
        return att_fail(err, ATT_PKCS11_FAILED, "pkcs11_token", "two sessions or more", "%lu",
                        info.ulMaxSessionCount);
    if (bounded && info.ulMaxSessionCount - 1 < l.sessions_max)
        l.sessions_max = info.ulMaxSessionCount - 1;
    CK_RV rv = f->C_OpenSession(l.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &l.anchor);
    if (rv != CKR_OK)
        return p11_refused(err, "C_OpenSession", rv);
    if (!log_in(f, l.anchor, &info, pin_file, ret_pin_wrong, err)) {
        (void)f->C_CloseSession(l.anchor); /* the failure that counts is known */
        return false;
    }
    *ret = l;
    return true;
}
