/* Modules are looked for beside the program, so the cases run in a copy of this program with a folder of its own:
 * BASE/bin/copy and BASE/lib/attestd. Run as "copy NAME" it loads a module and says what came. */
#include "module/module.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cases c = { .name = "module" };

static int load(const char *name)
{
    struct att_err err = { 0 };
    const void *found = module_load(name, "the package attestd-extra", &err);

    printf("%s %s %s\n", found ? "loaded" : "refused", att_code_name(err.code), err.text);
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
        abort();
}

/* What a copy of this program says to the module's name. */
static void check(const char *base, const char *name, const char *want, const char *mention)
{
    char command[256], line[1024] = "";

    (void)snprintf(command, sizeof command, "'%s/bin/copy' '%s'", base, name);
    FILE *f = popen(command, "r");
    if (!f)
        abort();
    char *got = fgets(line, sizeof line, f);
    int status = pclose(f);
    cases_check(&c, got && status == 0 && strncmp(line, want, strlen(want)) == 0 && strstr(line, mention),
                "module \"%s\": want %s with \"%s\", got %s", name, want, mention, line);
}

static void suite(const char *base, const char *module)
{
    static const char version[] = "ATTESTD_";
    size_t len = 0;
    uint8_t *bytes = file_read(module, &len);
    char *path = path_of(base, "lib/attestd/postgres.so");

    check(base, "postgres", "refused CONFIG_INVALID", "the package attestd-extra");
    check(base, "../postgres", "refused IO_FAILED", "name of a module");
    check(base, "a-name-that-is-longer-than-any-module-of-ours-could-sensibly-be", "refused IO_FAILED",
          "name");
    write_file(path, "", 0);
    check(base, "postgres", "refused IO_FAILED", "postgres.so");
    write_file(path, "this is not a shared object", 27);
    check(base, "postgres", "refused IO_FAILED", "postgres.so");
    if (!bytes) {
        cases_check(&c, false, "the module %s is built", module);
        free(path);
        return;
    }
    write_file(path, bytes, len);
    check(base, "postgres", "loaded OK", "");
    char *other =
        path_of(base, "lib/attestd/fetched.so"); /* a module under another name has another symbol */
    write_file(other, bytes, len);
    check(base, "fetched", "refused IO_FAILED", "attestd_module_fetched");

    /* The same one, of another release. */
    size_t changed = 0;
    for (size_t i = 0; i + sizeof version < len; i++) {
        if (memcmp(bytes + i, version, sizeof version - 1) == 0) {
            bytes[i + sizeof version - 1] = 'x';
            changed++;
        }
    }
    write_file(path, bytes, len);
    cases_check(&c, changed > 0, "the module carries a version");
    check(base, "postgres", "refused IO_FAILED", "of this release");
    free(bytes);
    free(path);
    free(other);
}

int main(int argc, char **argv)
{
    char base[] = "/tmp/attestd-module-XXXXXX", command[256];
    const char *build = getenv("ATTESTD_BUILD");

    if (argc == 2)
        return load(argv[1]);
    if (!build) {
        cases_skip(&c, "ATTESTD_BUILD is not set: run through ctest");
        return cases_report(&c);
    }
    if (!mkdtemp(base))
        abort();
    (void)snprintf(command, sizeof command, "mkdir -p %s/bin %s/lib/attestd && cp /proc/%d/exe %s/bin/copy",
                   base, base, getpid(), base);
    if (system(command) != 0)
        abort();
    char *module = path_of(build, "lib/attestd/postgres.so");
    suite(base, module);
    free(module);
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", base);
    cases_check(&c, system(command) == 0, "nothing is left behind");
    return cases_report(&c);
}
