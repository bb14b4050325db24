/* eventlog/efi.h - UEFI_VARIABLE_DATA: the body of events that measure a variable of the firmware.
 *
 * Spec: TCG PC Client Platform Firmware Profile 1.06 clause 10.2.6.
 */
#ifndef EVENTLOG_EFI_H
#define EVENTLOG_EFI_H

#include <attest/span.h>

enum { EFI_GUID_BYTES = 16, EFI_GUID_TEXT = 37 };

struct efi_variable {
    struct att_span guid; /* 16 bytes */
    struct att_span name; /* UTF-16, valid, without NUL */
    struct att_span data;
};

/* False: the body is none, or one with bytes left over, or its name is no text. */
ATT_CHECK bool efi_variable_read(struct att_span body, struct efi_variable *ret);
/* "8BE4DF61-93CA-11D2-AA0D-00E098032B8C" and a NUL. */
void efi_guid_text(const uint8_t guid[EFI_GUID_BYTES], char ret[EFI_GUID_TEXT]);

/* The variables by which firmware says whether and with which keys it checks what it starts. */
enum efi_secure {
    EFI_SECURE_BOOT,
    EFI_PK,
    EFI_KEK,
    EFI_DB,
    EFI_DBX,
    EFI_SECURE_COUNT,
};
/* Which of them has this name, in whatever name space; EFI_SECURE_COUNT: none. */
enum efi_secure efi_secure_name(const struct efi_variable *v);
/* Is its name space the one that this variable has by the specification? */
bool efi_secure_genuine(const struct efi_variable *v, enum efi_secure which);

/* The body that measures SecureBoot, with one byte as its value or with none; its length. */
enum { EFI_SECURE_BOOT_BYTES = 32 + 2 * 10 + 1 };
size_t efi_secure_boot_body(bool has_value, uint8_t value, uint8_t ret[EFI_SECURE_BOOT_BYTES]);

#endif
