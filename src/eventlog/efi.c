#include "eventlog/efi.h"

#include "base/reader.h"
#include "eventlog/utf16.h"

#include <stdio.h>

bool efi_variable_read(struct att_span body, struct efi_variable *ret)
{
    struct att_reader r = att_reader_of(body);
    struct efi_variable v = { 0 };

    v.guid = att_take(&r, EFI_GUID_BYTES);
    uint64_t characters = att_take_u64le(&r);
    uint64_t bytes = att_take_u64le(&r);
    if (r.failed || characters > r.left / 2)
        return false;
    v.name = att_take(&r, 2 * (size_t)characters);
    if (bytes != r.left)
        return false;
    v.data = att_take_rest(&r);
    if (!att_all_read(&r) || !utf16_valid(v.name))
        return false;
    *ret = v;
    return true;
}

void efi_guid_text(const uint8_t g[EFI_GUID_BYTES], char ret[EFI_GUID_TEXT])
{
    (void)snprintf(ret, EFI_GUID_TEXT, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X",
                   g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13],
                   g[14], g[15]);
}

/* EFI_GLOBAL_VARIABLE and EFI_IMAGE_SECURITY_DATABASE_GUID, UEFI 2.10 clauses 3.3 and 32.6.1. */
static const uint8_t global[EFI_GUID_BYTES] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                                0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const uint8_t security[EFI_GUID_BYTES] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
                                                  0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
static const struct {
    const char *name;
    const uint8_t *guid;
} secure[] = {
    [EFI_SECURE_BOOT] = { "SecureBoot", global },
    [EFI_PK] = { "PK", global },
    [EFI_KEK] = { "KEK", global },
    [EFI_DB] = { "db", security },
    [EFI_DBX] = { "dbx", security },
};

enum efi_secure efi_secure_name(const struct efi_variable *v)
{
    unsigned i = 0;

    while (i < EFI_SECURE_COUNT && !utf16_is(v->name, secure[i].name))
        i++;
    return (enum efi_secure)i;
}

bool efi_secure_genuine(const struct efi_variable *v, enum efi_secure which)
{
    return which < EFI_SECURE_COUNT && utf16_is(v->name, secure[which].name) &&
           att_span_eq(v->guid, att_span_of(secure[which].guid, EFI_GUID_BYTES));
}

size_t efi_secure_boot_body(bool has_value, uint8_t value, uint8_t ret[EFI_SECURE_BOOT_BYTES])
{
    enum { SIZES_AT = 16, NAME_AT = 32 };
    const char *name = secure[EFI_SECURE_BOOT].name;
    size_t end = NAME_AT + 2 * strlen(name);

    memset(ret, 0, EFI_SECURE_BOOT_BYTES);
    memcpy(ret, global, EFI_GUID_BYTES);
    ret[SIZES_AT] = (uint8_t)strlen(name);
    ret[SIZES_AT + 8] = has_value;
    for (size_t i = 0; name[i]; i++)
        ret[NAME_AT + 2 * i] = (uint8_t)name[i];
    if (has_value)
        ret[end++] = value;
    return end;
}
