/* The claim `events`: every event of the list in its place, with what its body says where that is proven. Members stand in order of
 * their names, parts of Windows' events in order of their numbers. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "eventlog/events.h"
#include "eventlog/ima_fields.h"
#include "eventlog/stand.h"
#include "eventlog/utf16.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/auto.h"

ATT_AUTO_PTR(bio_free, BIO, BIO_vfree)
ATT_AUTO_PTR(name_free, X509_NAME, X509_NAME_free)

struct json {
    struct att_json_writer *w;
    struct stand *stand;
    struct att_buf text; /* one value at a time */
};

/* Writes what was put into `text`, which is empty again after that. */
static void text_out(struct json *j, const char *key)
{
    att_jw_key(j->w, key);
    att_jw_string(j->w, att_buf_span(&j->text));
    if (j->text.failed)
        j->w->out->failed = j->w->out->out_of_memory = true;
    att_buf_clear(&j->text);
}

static void put_variable(struct json *j, const struct efi_variable *v)
{
    char guid[EFI_GUID_TEXT];

    efi_guid_text(v->guid.ptr, guid);
    att_jw_key(j->w, "ProcessedData");
    att_jw_object(j->w);
    utf16_put(&j->text, v->name);
    text_out(j, "UnicodeName");
    att_base64url_put(&j->text, v->data);
    text_out(j, "VariableData");
    att_jw_key(j->w, "VariableGuid");
    att_jw_str(j->w, guid);
    att_jw_end_object(j->w);
}

/* Empties the library's queue of errors; is one of them, anywhere in it, that memory ran out? */
static bool ran_out(void)
{
    bool out = false;

    for (unsigned long e = ERR_get_error(); e != 0; e = ERR_get_error())
        out = out || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
    return out;
}

/* RFC 4514: the last of its parts first, what is not ASCII as \XX. False: the crypto library failed; a subject that is no name gives
 * nothing. */
static bool subject_put(struct att_span der, struct att_buf *ret)
{
    const unsigned char *p = der.ptr;
    ATT_AUTO(bio_free) BIO *bio = BIO_new(BIO_s_mem());
    ATT_AUTO(name_free) X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.len);
    bool no_memory = ran_out();
    char *text = NULL;

    if (!bio || (!name && no_memory))
        return false;
    if (!name || p != der.ptr + der.len)
        return true;
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0) {
        ERR_clear_error();
        return false;
    }
    long n = BIO_get_mem_data(bio, &text);
    if (n > 0)
        att_buf_put(ret, att_span_of(text, (size_t)n));
    return true;
}

static void put_subject(struct json *j, struct att_span der)
{
    if (!subject_put(der, &j->text))
        j->stand->failed = true;
    if (j->text.len > 0)
        text_out(j, "CertificateSubject");
}

static void put_ima(struct json *j, const struct log_event *e, const struct ima_fields *f)
{
    att_jw_key(j->w, "ProcessedData");
    att_jw_object(j->w);
    if (f->keyring.len > 0)
        put_subject(j, f->subject);
    att_jw_key(j->w, "FileName");
    att_jw_string(j->w, f->file_name);
    if (f->kernel_version.len > 0) {
        att_jw_key(j->w, "KernelVersion");
        att_jw_string(j->w, f->kernel_version);
    }
    if (f->keyring.len > 0) {
        att_jw_key(j->w, "Keyring");
        att_jw_string(j->w, f->keyring);
    }
    att_jw_key(j->w, "TemplateName");
    att_jw_string(j->w, e->template_name);
    att_jw_end_object(j->w);
}

/* Of a machine where a part of Windows' measurements may be hidden, none of them are shown: a query that wants only good values would
 * take the rest for all. */
static bool is_windows(const struct json *j, const struct log_event *e)
{
    bool may_lack = j->stand->hidden && (e->pcr >= LOG_PCRS || (1u << e->pcr & PCRS_WINDOWS_STATIC) != 0);

    return !may_lack && stand_windows(j->stand, e, PCRS_WINDOWS);
}

static void put_processed(struct json *j, const struct log_event *e)
{
    struct efi_variable v;
    struct ima_fields f;

    if (e->ima) {
        if (stand_in(j->stand, e, 1u << PCR_IMA) && !e->ima_violation && ima_fields_read(e, &f))
            put_ima(j, e, &f);
        return;
    }
    if (stand_variable(j->stand, e, &v)) {
        put_variable(j, &v);
        return;
    }
    if (is_windows(j, e)) {
        att_jw_key(j->w, "ProcessedData");
        sipa_json_put(j->w, &j->stand->items);
    }
}

static void put_event(struct json *j, const struct log_event *e)
{
    char room[32];

    att_jw_object(j->w);
    att_jw_key(j->w, "EventSeq");
    att_jw_int(j->w, e->seq);
    att_jw_key(j->w, "EventTypeString");
    att_jw_str(j->w, e->ima ? "IMA_MEASUREMENT_EVENT" : log_event_type_name(e->type, room));
    att_jw_key(j->w, "PcrIndex");
    att_jw_int(j->w, e->pcr);
    put_processed(j, e);
    att_jw_end_object(j->w);
}

static bool finish(const struct log_env *env, const struct att_buf *out, struct att_span *ret,
                   struct att_err *err)
{
    if (out->failed && !out->out_of_memory)
        return att_fail(err, ATT_EVENT_LOG_LIMIT, "eventlog.events", "within event_log_json_bytes_max",
                        "more than %zu bytes of JSON", env->limits->event_log_json_bytes_max);
    const char *text = out->failed ? NULL : att_arena_dup(env->arena, att_buf_span(out));
    if (!text)
        return att_fail_memory(err, "eventlog.events");
    *ret = att_span_of(text, out->len);
    return true;
}

bool log_events_json(const struct log_env *env, const struct log_events *set, const struct log_proven *proven,
                     struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { .max = env->limits->event_log_json_bytes_max };
    struct att_json_writer w = { .out = &out };
    struct stand stand;
    struct json j = { .w = &w, .stand = &stand };

    if (!stand_read(env, set, proven, &stand, err))
        return false;
    att_jw_object(&w);
    att_jw_key(&w, "Events");
    att_jw_array(&w);
    for (size_t i = 0; i < set->count && !out.failed; i++)
        put_event(&j, &set->items[i]);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_buf_free(&j.text);
    return stand_answered(&stand, err) && finish(env, &out, ret, err);
}
