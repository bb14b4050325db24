/* Logs of firmware: TCG_PCR_EVENT records with one SHA-1 digest, or a header in that form and then TCG_PCR_EVENT2 records with
 * digests of several algorithms. Spec: PC Client Platform Firmware Profile 1.06, clauses 10.2 (records) and 10.4.5 (headers). */
#include "eventlog/log_source.h"

enum {
    EV_NO_ACTION = 0x03,
    EV_EFI_HCRTM_EVENT = (int)0x80000010,
    SHA1_BYTES = 20,
    SIGNATURE_BYTES = 16,
    LOCALITY_HCRTM = 4,
};

static const struct log_algorithm known_algorithms[] = {
    { .id = 0x0004, .size = 20, .known = true, .bank = ATT_SHA1 },
    { .id = 0x000b, .size = 32, .known = true, .bank = ATT_SHA256 },
    { .id = 0x000c, .size = 48, .known = true, .bank = ATT_SHA384 },
    { .id = 0x000d, .size = 64, .known = true, .bank = ATT_SHA512 },
};

/* The signature of a header or of StartupLocality, with the NUL that is part of it. */
static bool signed_as(struct att_span body, const char *signature)
{
    return body.len >= SIGNATURE_BYTES && memcmp(body.ptr, signature, SIGNATURE_BYTES) == 0;
}

/* TCG_PCR_EVENT: 32 bytes and the event. */
static bool sha1_record(struct log_source *s, struct log_event *ret)
{
    struct log_event e = { 0 };

    e.pcr = att_take_u32le(&s->r);
    e.type = att_take_u32le(&s->r);
    struct att_span digest = att_take(&s->r, SHA1_BYTES);
    uint32_t size = att_take_u32le(&s->r);
    if (s->r.failed)
        return log_malformed(s, "a record of 32 bytes and its event", "%zu bytes", s->bytes.len - s->offset);
    if (size > s->r.left)
        return log_malformed(s, "an event within the log", "%u bytes where %zu are left", size, s->r.left);
    e.body = att_take(&s->r, size);
    e.digest[ATT_SHA1] = digest.ptr;
    e.extends = e.type != EV_NO_ACTION;
    *ret = e;
    return true;
}

static bool algorithm_take(struct log_source *s, struct att_reader *r)
{
    struct log_algorithm a = { .id = att_take_u16le(r), .size = att_take_u16le(r) };

    for (size_t i = 0; i < s->algorithm_count; i++)
        if (s->algorithms[i].id == a.id)
            return log_malformed(s, "each algorithm once", "algorithm 0x%04x twice", a.id);
    if (a.size == 0 || a.size > LOG_DIGEST_BYTES_MAX)
        return log_malformed(s, "digests of 1 to 64 bytes", "algorithm 0x%04x with %u", a.id, a.size);
    for (size_t i = 0; i < sizeof known_algorithms / sizeof known_algorithms[0]; i++) {
        const struct log_algorithm *k = &known_algorithms[i];
        if (k->id != a.id)
            continue;
        if (k->size != a.size)
            return log_malformed(s, "the size of the algorithm's digests", "algorithm 0x%04x with %u", a.id,
                                 a.size);
        a = *k;
    }
    if (a.known)
        s->banks |= 1u << a.bank;
    s->algorithms[s->algorithm_count++] = a;
    return true;
}

/* TCG_EfiSpecIdEvent: signature, platformClass, specVersionMinor, specVersionMajor, specErrata, uintnSize, algorithms,
 * vendorInfo. */
static bool header_read(struct log_source *s, const struct log_event *e)
{
    struct att_reader r = att_reader_of(e->body);

    if (e->pcr != 0)
        return log_malformed(s, "a header in register 0", "register %u", e->pcr);
    (void)att_take(&r, SIGNATURE_BYTES + 8);
    uint32_t count = att_take_u32le(&r);
    if (r.failed || count < 1 || count > LOG_ALGORITHMS_MAX)
        return log_malformed(s, "a header with 1 to 8 algorithms", "%u in %zu bytes", count, e->body.len);
    if ((size_t)count * 4 > r.left)
        return log_malformed(s, "a header with its algorithms", "%zu bytes for %u", r.left, count);
    s->banks = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!algorithm_take(s, &r))
            return false;
    (void)att_take(&r, att_take_u8(&r));
    if (!att_all_read(&r))
        return log_malformed(s, "a header that ends with its vendorInfo", "%zu bytes", e->body.len);
    return true;
}

/* The place of the first of the bytes at the end that are all 00 or all ff. Found once, from behind: looking at every record would
 * make a log of zeros quadratic. */
static size_t padding_of(struct att_span bytes)
{
    size_t from = bytes.len;

    if (from == 0 || (bytes.ptr[from - 1] != 0 && bytes.ptr[from - 1] != 0xff))
        return from;
    while (from > 0 && bytes.ptr[from - 1] == bytes.ptr[bytes.len - 1])
        from--;
    return from;
}

bool tcg_open(struct log_source *s)
{
    struct log_event first;

    s->padding_from = padding_of(s->bytes);
    if (s->padding_from == 0)
        return log_malformed(s, "a log with a first record", "%zu bytes without one", s->bytes.len);
    if (!sha1_record(s, &first))
        return false;
    s->agile = first.type == EV_NO_ACTION && signed_as(first.body, "Spec ID Event03");
    s->banks = 1u << ATT_SHA1;
    if (s->agile && !header_read(s, &first))
        return false;
    s->r = att_reader_of(s->bytes); /* the header is a record, too */
    return true;
}

static const struct log_algorithm *algorithm_find(const struct log_source *s, uint32_t id)
{
    for (size_t i = 0; i < s->algorithm_count; i++)
        if (s->algorithms[i].id == id)
            return &s->algorithms[i];
    return NULL;
}

static bool digest_take(struct log_source *s, unsigned *seen, struct log_event *e)
{
    uint16_t id = att_take_u16le(&s->r);
    if (s->r.failed)
        return log_malformed(s, "a digest of an algorithm", "the end of the log");
    const struct log_algorithm *a = algorithm_find(s, id);
    if (!a)
        return log_malformed(s, "an algorithm of the header", "algorithm 0x%04x", id);
    /* Two digests of one bank: which of them was extended would be a choice of whoever reads. */
    unsigned bit = 1u << (a - s->algorithms);
    if (*seen & bit)
        return log_malformed(s, "one digest of each algorithm", "two of 0x%04x", id);
    *seen |= bit;
    struct att_span digest = att_take(&s->r, a->size);
    if (s->r.failed)
        return log_malformed(s, "a whole digest", "the end of the log");
    if (a->known)
        e->digest[a->bank] = digest.ptr;
    return true;
}

/* TCG_PCR_EVENT2. */
static bool agile_record(struct log_source *s, struct log_event *ret)
{
    struct log_event e = { 0 };
    unsigned seen = 0;

    e.pcr = att_take_u32le(&s->r);
    e.type = att_take_u32le(&s->r);
    uint32_t count = att_take_u32le(&s->r);
    if (s->r.failed)
        return log_malformed(s, "a record of 16 bytes and more", "%zu bytes", s->bytes.len - s->offset);
    if (count < 1 || count > LOG_ALGORITHMS_MAX)
        return log_malformed(s, "1 to 8 digests", "%u", count);
    for (uint32_t i = 0; i < count; i++)
        if (!digest_take(s, &seen, &e))
            return false;
    uint32_t size = att_take_u32le(&s->r);
    if (s->r.failed || size > s->r.left)
        return log_malformed(s, "an event within the log", "%u bytes where %zu are left", size, s->r.left);
    e.body = att_take(&s->r, size);
    e.extends = e.type != EV_NO_ACTION;
    *ret = e;
    return true;
}

/* Where TPM2_Startup came from: the last byte of register 0 before anything is measured. */
static bool locality_take(struct log_source *s, const struct log_event *e)
{
    if (e->body.len != SIGNATURE_BYTES + 1)
        return log_malformed(s, "a StartupLocality of 17 bytes", "%zu", e->body.len);
    uint8_t locality = e->body.ptr[SIGNATURE_BYTES];
    if (locality != 0 && locality != 3 && locality != 4)
        return log_malformed(s, "a StartupLocality of 0, 3 or 4", "%u", locality);
    if ((s->locality_given || s->pcr0_extended) && locality != s->locality)
        return log_malformed(s, "one StartupLocality, before the events of register 0", "another one");
    s->locality = locality;
    s->locality_given = true;
    return true;
}

static bool event_judge(struct log_source *s, const struct log_event *e)
{
    if (!e->extends)
        return e->pcr != 0 || !signed_as(e->body, "StartupLocality") || locality_take(s, e);
    if (e->pcr >= LOG_PCRS)
        return log_malformed(s, "a register below 24", "register %u", e->pcr);
    for (unsigned h = 0; h < ATT_HASH_COUNT; h++)
        if (!e->digest[h])
            s->banks &= ~(1u << h);
    /* Measured by the host before its firmware runs: then the register begins with 4, whatever the log says of localities. */
    if (e->pcr == 0 && !s->pcr0_extended && e->type == (uint32_t)EV_EFI_HCRTM_EVENT)
        s->locality = LOCALITY_HCRTM;
    s->pcr0_extended = s->pcr0_extended || e->pcr == 0;
    return true;
}

bool tcg_next(struct log_source *s, struct log_event *ret, bool *ret_more)
{
    *ret_more = s->offset < s->padding_from;
    if (!*ret_more)
        return true;
    bool read = s->agile && s->record > 0 ? agile_record(s, ret) : sha1_record(s, ret);
    return read && event_judge(s, ret);
}
