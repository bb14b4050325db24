#include "cli/profile.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/files.h"
#include "cli/members.h"
#include "codec/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROFILE_BYTES_MAX = 256 << 10, FOLDER_BYTES_MAX = 4000 };

const char *const audience_names[AUDIENCE_COUNT] = {
    [AUDIENCE_CONTROL] = "https://management.azure.com",
    [AUDIENCE_DATA] = "https://attest.azure.net",
};
static const char *const from_names[SECRET_FROM_COUNT] = {
    [SECRET_ENVIRONMENT] = "environment",
    [SECRET_FILE] = "file",
    [SECRET_DEV] = "dev",
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* what was written was checked before */
}

static bool fail_system(struct att_err *err, const char *where, const char *wanted)
{
    return att_fail(err, ATT_IO_FAILED, where, wanted, "%m");
}

static bool is_private(int fd, const char *where, mode_t type, struct att_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return fail_system(err, where, "a file that can be read");
    if ((st.st_mode & S_IFMT) != type)
        return att_fail(err, ATT_USAGE, where, type == S_IFDIR ? "a folder" : "a regular file",
                        "something else");
    if (st.st_uid != geteuid())
        return att_fail(err, ATT_USAGE, where, "one that belongs to you", "another owner");
    if ((st.st_mode & 0077) != 0)
        return att_fail(err, ATT_USAGE, where,
                        type == S_IFDIR ? "one that you alone can enter (chmod 700)"
                                        : "one that you alone can read (chmod 600)",
                        "mode %04o", (unsigned)(st.st_mode & 07777));
    return true;
}

static bool read_fd(struct cli *c, int fd, const char *where, size_t max, struct att_span *ret,
                    struct att_err *err)
{
    char *bytes = att_arena_alloc(c->arena, max + 1, 1);
    size_t len = 0;

    if (!bytes)
        return att_fail_memory(err, where);
    for (;;) {
        ssize_t n = read(fd, bytes + len, max + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_system(err, where, "a file that can be read");
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > max)
            return att_fail(err, ATT_LIMIT_EXCEEDED, where, "a small file", "more than %zu bytes", max);
    }
    *ret = att_span_of(bytes, len);
    return true;
}

bool private_read(struct cli *c, const char *where, const char *path, struct att_span *ret,
                  struct att_err *err)
{
    ATT_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return fail_system(err, where, "a file that can be read");
    return is_private(fd, where, S_IFREG, err) && read_fd(c, fd, where, 64 << 10, ret, err);
}

/* The folder above ours, without a slash at its end. */
static bool config_folder(char *ret, size_t size, struct att_err *err)
{
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n = -1;

    /* XDG Base Directory Specification: a path that is not absolute is to be ignored. */
    if (xdg && xdg[0] == '/')
        n = snprintf(ret, size, "%s", xdg);
    else if (home && home[0] == '/')
        n = snprintf(ret, size, "%s/.config", home);
    return (n > 0 && (size_t)n < size) ||
           att_fail(err, ATT_USAGE, "profile", "XDG_CONFIG_HOME or HOME, an absolute path", "neither");
}

/* -1 and no error when there is no such folder. */
static bool open_folder(bool make, int *ret_fd, struct att_err *err)
{
    char above[FOLDER_BYTES_MAX];
    char path[FOLDER_BYTES_MAX + 16];

    if (!config_folder(above, sizeof above, err))
        return false;
    (void)snprintf(path, sizeof path, "%s/attestctl", above);
    if (make && ((mkdir(above, 0700) != 0 && errno != EEXIST) || (mkdir(path, 0700) != 0 && errno != EEXIST)))
        return fail_system(err, "profile.folder", "a folder that can be made");
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *ret_fd = -1;
        return true;
    }
    if (fd < 0)
        return fail_system(err, "profile.folder", "a folder that can be opened");
    if (!is_private(fd, "profile.folder", S_IFDIR, err)) {
        (void)close(fd); /* opened for reading */
        return false;
    }
    *ret_fd = fd;
    return true;
}

static bool no_profile(struct att_err *err)
{
    att_fail(err, ATT_USAGE, "profile", "attestctl login first", "nobody is logged in");
    att_err_text(err, "nobody is logged in; see attestctl login --help");
    return false;
}

static bool garbled(struct att_err *err, const char *what)
{
    *err = (struct att_err){ 0 }; /* where in the file does not help: it was not written by hand */
    att_fail(err, ATT_USAGE, "profile", "what attestctl login writes", "%s", what);
    att_err_text(err, "the profile cannot be understood (%s); log in again", what);
    return false;
}

static bool tokens_of(struct members *m, struct profile *p)
{
    att_json_id list = att_json_get(m->doc, ATT_JSON_ROOT, "tokens");

    if (att_json_type(m->doc, list) != ATT_JSON_ARRAY)
        return false;
    for (att_json_id id = att_json_first(m->doc, list); id != ATT_JSON_NONE; id = att_json_next(m->doc, id)) {
        const char *audience = member_text(m, id, "audience");
        for (size_t i = 0; i < AUDIENCE_COUNT; i++) {
            if (!audience || strcmp(audience, audience_names[i]) != 0)
                continue;
            p->tokens[i].text = member_text(m, id, "token");
            if (!att_json_i64(m->doc, att_json_get(m->doc, id, "expires"), &p->tokens[i].expires_unix_s))
                return false;
        }
    }
    return true;
}

static bool profile_parse(struct cli *c, struct att_span text, struct profile *ret, struct att_err *err)
{
    struct att_json doc;
    struct members m = { .arena = c->arena, .doc = &doc };
    struct profile p = { .from = SECRET_FROM_COUNT };

    if (!att_json_parse(c->arena, text, NULL, &doc, err))
        return garbled(err, "no JSON");
    p.url = member_text(&m, ATT_JSON_ROOT, "url");
    p.authority = member_text(&m, ATT_JSON_ROOT, "authority");
    p.tenant = member_text(&m, ATT_JSON_ROOT, "tenant");
    p.client_id = member_text(&m, ATT_JSON_ROOT, "clientId");
    p.ca = member_text(&m, ATT_JSON_ROOT, "ca");
    p.subscription = member_text(&m, ATT_JSON_ROOT, "subscription");
    p.group = member_text(&m, ATT_JSON_ROOT, "group");
    const char *from = member_text(&m, ATT_JSON_ROOT, "secretFrom");
    for (int i = 0; from && i < SECRET_FROM_COUNT; i++)
        if (strcmp(from, from_names[i]) == 0)
            p.from = (enum secret_from)i;
    p.secret_path = member_text(&m, ATT_JSON_ROOT, "secretPath");
    p.secret_name = member_text(&m, ATT_JSON_ROOT, "secretName");
    if (!p.url || !p.authority || !p.tenant || !p.client_id || p.from == SECRET_FROM_COUNT)
        return garbled(err, "a member is missing");
    if ((p.from != SECRET_ENVIRONMENT && !p.secret_path) || (p.from == SECRET_DEV && !p.secret_name))
        return garbled(err, "it does not say where the secret is");
    if (m.failed || !tokens_of(&m, &p) || m.failed)
        return garbled(err, "a member of the wrong type");
    *ret = p;
    return true;
}

bool profile_read(struct cli *c, struct profile *ret, struct att_err *err)
{
    ATT_AUTO(close_fd) int folder = -1;
    ATT_AUTO(close_fd) int fd = -1;
    struct att_span text;

    if (!open_folder(false, &folder, err))
        return false;
    if (folder < 0)
        return no_profile(err);
    fd = openat(folder, "profile.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return no_profile(err);
    if (fd < 0)
        return fail_system(err, "profile", "a file that can be read");
    return is_private(fd, "profile", S_IFREG, err) &&
           read_fd(c, fd, "profile", PROFILE_BYTES_MAX, &text, err) && profile_parse(c, text, ret, err);
}

static void put_text(struct att_json_writer *w, const char *name, const char *value)
{
    if (!value)
        return;
    att_jw_key(w, name);
    att_jw_str(w, value);
}

static void put_profile(struct att_json_writer *w, const struct profile *p)
{
    att_jw_object(w);
    put_text(w, "url", p->url);
    put_text(w, "authority", p->authority);
    put_text(w, "tenant", p->tenant);
    put_text(w, "clientId", p->client_id);
    put_text(w, "ca", p->ca);
    put_text(w, "subscription", p->subscription);
    put_text(w, "group", p->group);
    put_text(w, "secretFrom", from_names[p->from]);
    put_text(w, "secretPath", p->secret_path);
    put_text(w, "secretName", p->secret_name);
    att_jw_key(w, "tokens");
    att_jw_array(w);
    for (size_t i = 0; i < AUDIENCE_COUNT; i++) {
        if (!p->tokens[i].text)
            continue;
        att_jw_object(w);
        put_text(w, "audience", audience_names[i]);
        put_text(w, "token", p->tokens[i].text);
        att_jw_key(w, "expires");
        att_jw_int(w, p->tokens[i].expires_unix_s);
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
    att_jw_end_object(w);
}

bool profile_write(const struct profile *p, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { .max = PROFILE_BYTES_MAX };
    ATT_AUTO(close_fd) int folder = -1;
    ATT_AUTO(close_fd) int fd = -1;
    struct att_json_writer w = { .out = &text };
    char name[48];

    put_profile(&w, p);
    att_buf_putc(&text, '\n');
    if (text.failed)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "profile", "at most 256 KiB", "more");
    if (!open_folder(true, &folder, err))
        return false;
    (void)snprintf(name, sizeof name, ".profile.%ld", (long)getpid());
    (void)unlinkat(folder, name, 0); /* of a process that had our number and died */
    fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_system(err, "profile", "a file that can be made");
    if (cli_write_all(fd, att_buf_span(&text)) && fsync(fd) == 0 &&
        renameat(folder, name, folder, "profile.json") == 0)
        return true;
    fail_system(err, "profile", "a file that can be written");
    (void)unlinkat(folder, name, 0); /* the failure that counts is known */
    return false;
}

bool profile_remove(bool *ret_was, struct att_err *err)
{
    ATT_AUTO(close_fd) int folder = -1;

    if (!open_folder(false, &folder, err))
        return false;
    bool was = folder >= 0 && unlinkat(folder, "profile.json", 0) == 0;
    if (!was && folder >= 0 && errno != ENOENT)
        return fail_system(err, "profile", "a file that can be removed");
    *ret_was = was;
    return true;
}
