/* layers: eventlog crypto codec base */
/* Bodies by themselves: what a digest covers, UTF-16, UEFI variables, Windows' items, fields of IMA; cut everywhere, with wrong sizes, nested
 * too deep. */
#include "eventlog/efi.h"
#include "eventlog/ima_fields.h"
#include "eventlog/sipa.h"
#include "eventlog/utf16.h"
#include "made_events.h"
#include "support/cases.h"

static struct cases run = { .name = "unit.eventlog.bodies" };

/* -- cover ---------------------------------------------------------------------------------------------------- */

static void check_cover(void)
{
    struct made m;
    made_start(&m);
    struct att_span variable = made_variable(&m, GLOBAL_GUID, "BootOrder", made_hex(&m, "0100"));
    struct att_span data = made_hex(&m, "0100");
    struct att_span tag = made_item(&m, 0x8f3b22ec, att_str("Linux initrd"));
    const struct {
        const char *name;
        uint32_t type;
        struct att_span body, measured;
        enum log_cover want;
    } rows[] = {
        { "separator", SEPARATOR, made_hex(&m, "00000000"), made_hex(&m, "00000000"), LOG_COVERED },
        { "action", 0x80000007, att_str("Exit Boot Services"), att_str("Exit Boot Services"), LOG_COVERED },
        { "action, changed", 0x80000007, att_str("Exit"), att_str("Exit Boot Services"), LOG_NOT_COVERED },
        { "nothing", IPL, { 0 }, { 0 }, LOG_COVERED },
        { "boot variable, whole", VARIABLE_BOOT, variable, variable, LOG_COVERED },
        { "boot variable, its value", VARIABLE_BOOT, variable, data, LOG_COVERED_DATA },
        { "boot variable of the newer kind, its value", 0x8000000c, variable, data, LOG_NOT_COVERED },
        { "driver configuration, its value", DRIVER_CONFIG, variable, data, LOG_NOT_COVERED },
        { "authority, its value", AUTHORITY, variable, data, LOG_NOT_COVERED },
        { "tag, whole", TAG, tag, tag, LOG_COVERED },
        { "tag, its data", TAG, tag, att_str("Linux initrd"), LOG_COVERED_DATA },
        { "two tags, data of the first", TAG, made_join(&m, tag, tag), att_str("Linux initrd"),
          LOG_NOT_COVERED },
        { "EV_NO_ACTION", 3, variable, variable, LOG_NOT_COVERED },
        { "an unknown type", 0x12345678, variable, variable, LOG_COVERED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct log_event *e = made_add_as(&m, 1, rows[i].type, rows[i].body, rows[i].measured);
        cases_check(&run, log_event_cover(&m.env, e, ATT_SHA256) == rows[i].want, "cover: %s", rows[i].name);
        cases_check(&run, log_event_cover(&m.env, e, ATT_SHA384) == LOG_NOT_COVERED,
                    "E-p: cover in another bank: %s", rows[i].name);
    }
    struct log_event ima = { .ima = true, .extends = true };
    cases_check(&run, log_event_cover(&m.env, &ima, ATT_SHA256) == LOG_COVERED, "cover: IMA");
    ima.ima_violation = true;
    cases_check(&run, log_event_cover(&m.env, &ima, ATT_SHA256) == LOG_NOT_COVERED,
                "E-n: cover: a violation's record could say anything");
    made_end(&m);
}

/* -- text ----------------------------------------------------------------------------------------------------- */

static void check_utf16(void)
{
    static const struct {
        const char *name, *hex, *utf8; /* NULL: not valid */
    } rows[] = {
        { "empty", "", "" },
        { "letters", "41006200", "Ab" },
        { "two bytes of UTF-8", "e400", "\xc3\xa4" },
        { "three bytes", "ac20", "\xe2\x82\xac" },
        { "a pair", "3dd800de", "\xf0\x9f\x98\x80" },
        { "the last character", "ffdbffdf", "\xf4\x8f\xbf\xbf" },
        { "NUL", "41000000", NULL },
        { "an odd byte", "410062", NULL },
        { "one byte", "41", NULL },
        { "a high surrogate at the end", "3dd8", NULL },
        { "a high surrogate and a letter", "3dd84100", NULL },
        { "a low surrogate", "00de", NULL },
        { "two high ones", "3dd83dd8", NULL },
        { "a pair the wrong way round", "00de3dd8", NULL },
    };
    struct made m;
    made_start(&m);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_span text = made_hex(&m, rows[i].hex);
        struct att_buf b = { 0 };
        cases_check(&run, utf16_valid(text) == (rows[i].utf8 != NULL), "UTF-16: %s", rows[i].name);
        if (rows[i].utf8) {
            utf16_put(&b, text);
            cases_check(&run, att_span_is(att_buf_span(&b), rows[i].utf8), "UTF-16 as UTF-8: %s",
                        rows[i].name);
        }
        att_buf_free(&b);
    }
    struct att_span ab = made_hex(&m, "61004200"), high = made_hex(&m, "61004201");
    cases_check(&run, utf16_is(ab, "aB") && !utf16_is(ab, "ab") && !utf16_is(ab, "a") && !utf16_is(ab, "aBc"),
                "is");
    cases_check(&run, utf16_is_fold(ab, "Ab") && !utf16_is_fold(high, "ab") && !utf16_is(high, "aB"),
                "is, in any case");
    made_end(&m);
}

/* -- variables ------------------------------------------------------------------------------------------------ */

static void check_variables(void)
{
    struct made m;
    struct efi_variable v;
    char text[EFI_GUID_TEXT];

    made_start(&m);
    struct att_span whole = made_variable(&m, GLOBAL_GUID, "PK", made_hex(&m, "aabb"));
    cases_check(&run,
                efi_variable_read(whole, &v) && utf16_is(v.name, "PK") && v.data.len == 2 &&
                    efi_secure_genuine(&v, EFI_PK) && efi_secure_name(&v) == EFI_PK &&
                    !efi_secure_genuine(&v, EFI_KEK),
                "variable");
    efi_guid_text(v.guid.ptr, text);
    cases_check(&run, strcmp(text, "8BE4DF61-93CA-11D2-AA0D-00E098032B8C") == 0, "GUID: %s", text);
    for (size_t len = 0; len < whole.len; len++)
        cases_check(&run, !efi_variable_read(att_span_of(whole.ptr, len), &v), "variable cut at %zu", len);
    cases_check(&run, !efi_variable_read(made_join(&m, whole, made_hex(&m, "00")), &v), "a byte behind it");
    static const struct {
        const char *name;
        size_t at;
        uint8_t byte;
    } sizes[] = { { "name longer by one", 16, 3 },  { "name shorter by one", 16, 1 },
                  { "name of 2^56", 23, 1 },        { "name of 2^63", 23, 0x80 },
                  { "value longer by one", 24, 3 }, { "value shorter by one", 24, 1 },
                  { "value of 2^56", 31, 1 },       { "value of 2^63", 31, 0x80 },
                  { "NUL in the name", 32, 0 },     { "half a pair in the name", 33, 0xd8 } };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *p = (uint8_t *)(uintptr_t)made_copy(&m, whole).ptr;
        p[sizes[i].at] = sizes[i].byte;
        cases_check(&run, !efi_variable_read(att_span_of(p, whole.len), &v), "%s", sizes[i].name);
    }
    cases_check(&run,
                efi_variable_read(made_variable(&m, GLOBAL_GUID, "", (struct att_span){ 0 }), &v) &&
                    efi_secure_name(&v) == EFI_SECURE_COUNT,
                "without name and value");
    made_end(&m);
}

/* -- Windows' items ------------------------------------------------------------------------------------------- */

static void check_items(void)
{
    struct sipa_items items;
    struct made m;
    made_start(&m);
    if (!sipa_room(m.arena, (size_t)1 << 20, &items) || items.capacity != SIPA_ITEMS_MAX)
        abort();
    struct att_span flag = made_bool(&m, 0x00050002, 1);
    struct att_span two = made_join(&m, flag, made_item(&m, 0x80000001, att_str("x")));
    struct att_span whole = made_join(&m, made_boundary(&m, two), flag);
    cases_check(&run,
                sipa_read(whole, &items) && items.count == 3 && items.at[0].end == 2 &&
                    items.at[1].end == 2 && items.at[2].end == 3,
                "a boundary and an item; what is not measured is left out");
    for (size_t len = 0; len < whole.len; len++)
        cases_check(&run, sipa_read(att_span_of(whole.ptr, len), &items) == (len == whole.len - flag.len),
                    "items cut at %zu", len);
    uint8_t *p = (uint8_t *)(uintptr_t)made_copy(&m, whole).ptr;
    p[4]++; /* the boundary's size */
    cases_check(&run, !sipa_read(att_span_of(p, whole.len), &items), "a boundary longer by one");
    p[4] = (uint8_t)(p[4] - 2);
    cases_check(&run, !sipa_read(att_span_of(p, whole.len), &items), "a boundary shorter by one");
    p[7] = 0xff;
    cases_check(&run, !sipa_read(att_span_of(p, whole.len), &items), "a boundary of 4 GiB");

    struct att_span nested = flag;
    for (unsigned depth = 1; depth <= SIPA_DEPTH_MAX + 1; depth++) {
        cases_check(&run, sipa_read(nested, &items) == (depth <= SIPA_DEPTH_MAX), "%u levels", depth);
        nested = made_item(&m, 0x40010001, nested);
    }
    struct att_buf bomb = { 0 };
    for (unsigned i = 0; i <= SIPA_ITEMS_MAX; i++) {
        if (i == SIPA_ITEMS_MAX)
            cases_check(&run, sipa_read(att_buf_span(&bomb), &items), "as many items as are taken");
        att_buf_fill(&bomb, 0, 8);
    }
    cases_check(&run, !sipa_read(att_buf_span(&bomb), &items), "one item more than that");
    att_buf_free(&bomb);
    bomb = (struct att_buf){ 0 };
    for (unsigned i = 0; i < 1000; i++) { /* each holds all that follow */
        att_buf_u32le(&bomb, 0x40010001);
        att_buf_u32le(&bomb, 8 * (999 - i));
    }
    cases_check(&run, !sipa_read(att_buf_span(&bomb), &items), "a thousand levels");
    att_buf_free(&bomb);

    uint32_t last = 0;
    unsigned known = 0;
#define X(number, text, kind_)                                                                               \
    {                                                                                                        \
        const struct sipa_row *row = sipa_find(number);                                                      \
        cases_check(&run,                                                                                    \
                    row && row->id == (number) && (number) > last && strcmp(row->name, "EVENT_" #text) == 0, \
                    "row %08X", (unsigned)(number));                                                         \
        last = (number);                                                                                     \
        known++;                                                                                             \
    }
#include "eventlog/sipa.def"
#undef X
    cases_check(&run, known > 70 && !sipa_find(0) && !sipa_find(UINT32_MAX) && !sipa_find(0x00050015),
                "unknown ones");
    made_end(&m);
}

static void check_payloads(void)
{
    static const struct {
        const char *hex;
        int boolean;     /* -1: none */
        int64_t integer; /* -1: none */
    } rows[] = {
        { "", -1, -1 },
        { "00", 0, 0 },
        { "01", 1, 1 },
        { "02", -1, 2 },
        { "ff", -1, 255 },
        { "0100", -1, 1 },
        { "010000", -1, -1 },
        { "01000000", -1, 1 },
        { "ffffffff", -1, UINT32_MAX },
        { "0100000000", -1, -1 },
        { "ffffffffffffff7f", -1, INT64_MAX },
        { "0000000000000080", -1, -1 },
        { "010000000000000000", -1, -1 },
    };
    struct made m;
    made_start(&m);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool b = false;
        int64_t n = 0;
        struct att_span data = made_hex(&m, rows[i].hex);
        cases_check(&run, sipa_bool(data, &b) == (rows[i].boolean >= 0) && b == (rows[i].boolean == 1),
                    "bool %s", rows[i].hex);
        cases_check(&run,
                    sipa_integer(data, &n) == (rows[i].integer >= 0) &&
                        (rows[i].integer < 0 || n == rows[i].integer),
                    "integer %s", rows[i].hex);
    }
    made_end(&m);
}

/* -- IMA ------------------------------------------------------------------------------------------------------ */

static struct att_span field(struct made *m, struct att_span a, struct att_span content)
{
    struct att_buf b = { 0 };

    att_buf_put(&b, a);
    att_buf_u32le(&b, (uint32_t)content.len);
    att_buf_put(&b, content);
    struct att_span all = made_copy(m, att_buf_span(&b));
    att_buf_free(&b);
    return all;
}

/* Shapes of a certificate: only the place of the subject is looked for. */
static struct att_span certificate(struct made *m)
{
    static const char hex[] = "3028"       /* certificate */
                              "301d"       /* what is signed */
                              "a003020102" /* version */
                              "020101"
                              "3000"
                              "3000"
                              "3000"
                              "300d310b30090603550403"
                              "0c0241"
                              "42"
                              "3000"
                              "0305"
                              "0001020304";
    return made_hex(m, hex);
}

static struct att_span buffer_record(struct made *m, const char *name, size_t name_bytes,
                                     struct att_span buffer)
{
    struct att_span body = field(m, (struct att_span){ 0 }, att_span_of("sha256:\0digest", 14));

    return field(m, field(m, body, att_span_of(name, name_bytes)), buffer);
}

#define NAMED(text) text, sizeof text

static void check_ima(void)
{
    struct made m;
    struct ima_fields f;

    made_start(&m);
    struct att_span digest_name = field(&m, (struct att_span){ 0 }, att_span_of("sha256:\0digest", 14));
    digest_name = field(&m, digest_name, att_span_of("/bin/sh", 8));
    struct log_event e = { .ima = true, .template_name = att_str("ima-ng"), .body = digest_name };
    cases_check(&run, ima_fields_read(&e, &f) && att_span_is(f.file_name, "/bin/sh") && f.keyring.len == 0,
                "ima-ng");
    for (size_t len = 0; len < digest_name.len; len++) {
        e.body.len = len;
        cases_check(&run, !ima_fields_read(&e, &f), "ima-ng cut at %zu", len);
    }
    e.body = made_join(&m, digest_name, made_hex(&m, "00"));
    cases_check(&run, !ima_fields_read(&e, &f), "ima-ng with a byte behind it");
    e.body = digest_name;
    e.template_name = att_str("ima-sig");
    cases_check(&run, !ima_fields_read(&e, &f), "ima-sig with two fields");
    e.template_name = att_str("ima-xyz");
    cases_check(&run, !ima_fields_read(&e, &f), "an unknown template");
    e.template_name = (struct att_span){ 0 };
    cases_check(&run, !ima_fields_read(&e, &f), "no template");
    e.template_name = att_str("ima");
    e.body = made_hex(&m, "000102030405060708090a0b0c0d0e0f10111213"
                          "02000000"
                          "2f61");
    cases_check(&run, ima_fields_read(&e, &f) && att_span_is(f.file_name, "/a"), "ima");
    e.body.len--;
    cases_check(&run, !ima_fields_read(&e, &f), "ima, cut");

    const struct {
        const char *title, *template, *name;
        size_t name_bytes;
        struct att_span buffer;
        bool read;
        const char *version, *keyring;
    } rows[] = {
        { "kernel", "ima-buf", NAMED("kernel_version"), att_str("6.1.0"), true, "6.1.0", "" },
        { "kernel, no text", "ima-buf", NAMED("kernel_version"), att_span_of("6\0", 2), true, "", "" },
        { "kernel, empty", "ima-buf", NAMED("kernel_version"), { 0 }, true, "", "" },
        { "E-n: a file's signature shown as the kernel's version", "ima-sig", NAMED("kernel_version"),
          att_str("6.1.0"), true, "", "" },
        { "key", "ima-buf", NAMED(".machine"), certificate(&m), true, "", ".machine" },
        { "E-n: a file's signature shown as a key", "ima-sig", NAMED(".machine"), certificate(&m), true, "",
          "" },
        { "E-n: a keyring that programs may make", "ima-buf", NAMED("machine"), certificate(&m), true, "",
          "" },
        { "a key that is none", "ima-buf", NAMED(".machine"), att_str("0"), true, "", "" },
        { "name without its NUL", "ima-buf", ".machine", 8, certificate(&m), false, "", "" },
        { "name with a NUL inside", "ima-buf", ".ma\0ine", 8, certificate(&m), false, "", "" },
        { "no name", "ima-buf", "", 1, certificate(&m), false, "", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        e.template_name = att_str(rows[i].template);
        e.body = buffer_record(&m, rows[i].name, rows[i].name_bytes, rows[i].buffer);
        f = (struct ima_fields){ 0 };
        cases_check(&run,
                    ima_fields_read(&e, &f) == rows[i].read &&
                        att_span_is(f.kernel_version, rows[i].version) &&
                        att_span_is(f.keyring, rows[i].keyring),
                    "%s", rows[i].title);
    }
    struct att_span whole = certificate(&m);
    e.template_name = att_str("ima-buf");
    for (size_t len = 0; len < whole.len; len++) {
        e.body = buffer_record(&m, NAMED(".machine"), att_span_of(whole.ptr, len));
        cases_check(&run, ima_fields_read(&e, &f) && f.keyring.len == 0, "certificate cut at %zu", len);
    }
    made_end(&m);
}

int main(void)
{
    check_cover();
    check_utf16();
    check_variables();
    check_items();
    check_payloads();
    check_ima();
    return cases_report(&run);
}
