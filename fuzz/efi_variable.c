/* layers: eventlog crypto codec base */
/* Any bytes as a UEFI variable, as UTF-16, and as a record of IMA. What was read, written again, is what was there; texts are valid UTF-8
 * without NUL. */
#include "eventlog/efi.h"

#include "base/buf.h"
#include "codec/utf8.h"
#include "eventlog/ima_fields.h"
#include "eventlog/log.h"
#include "eventlog/utf16.h"

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct att_span utf16)
{
    struct att_buf b = { 0 };

    utf16_put(&b, utf16);
    MUST(!b.failed && b.len <= 3 * utf16.len && att_utf8_valid(att_buf_span(&b)));
    MUST(b.len == 0 || !memchr(b.ptr, 0, b.len));
    MUST((b.len == 0) == (utf16.len == 0));
    att_buf_free(&b);
}

static void check_variable(struct att_span body)
{
    struct efi_variable v;
    struct att_buf b = { 0 };
    char guid[EFI_GUID_TEXT];

    if (!efi_variable_read(body, &v))
        return;
    att_buf_put(&b, v.guid);
    att_buf_u64le(&b, v.name.len / 2);
    att_buf_u64le(&b, v.data.len);
    att_buf_put(&b, v.name);
    att_buf_put(&b, v.data);
    MUST(att_span_eq(att_buf_span(&b), body));
    att_buf_free(&b);
    efi_guid_text(v.guid.ptr, guid);
    MUST(strlen(guid) == EFI_GUID_TEXT - 1);
    check_text(v.name);
    enum efi_secure which = efi_secure_name(&v);
    for (unsigned i = 0; i < EFI_SECURE_COUNT; i++)
        MUST(!efi_secure_genuine(&v, (enum efi_secure)i) || which == i);
}

static void check_record(struct att_span body)
{
    static const char *const templates[] = { "ima",        "ima-ng",    "ima-sig", "ima-buf",
                                             "ima-modsig", "ima-sigv2", "x" };

    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
        struct log_event e = { .ima = true, .template_name = att_str(templates[i]), .body = body };
        struct ima_fields f = { 0 };
        if (!ima_fields_read(&e, &f))
            continue;
        MUST(i < 6 && f.file_name.len > 0 && !memchr(f.file_name.ptr, 0, f.file_name.len));
        MUST(i == 3 || (f.kernel_version.len == 0 && f.keyring.len == 0));
        MUST(f.keyring.len == 0 ||
             (f.keyring.ptr[0] == '.' && f.subject.len >= 2 && f.subject.ptr[0] == 0x30));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span body = att_span_of(data, size);

    check_variable(body);
    check_record(body);
    if (utf16_valid(body))
        check_text(body);
    return 0;
}
