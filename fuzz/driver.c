/* A driver for compilers without libFuzzer: replays a corpus folder, then every truncation of each seed, then
 * a fixed number of mutations from a fixed seed, so that the same build always runs the same inputs. A file NAME.b64 holds
 * inputs that long runs have found, one a line in base64: each is run once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sanitizers take five times as long: a part of what the plain build replays; their long runs are `make fuzz`. */
#ifdef __SANITIZE_ADDRESS__
enum { MUTATIONS = 500, CUTS = 512 };
#else
enum { MUTATIONS = 2000, CUTS = 2048 };
#endif

static uint64_t state = 0x9e3779b97f4a7c15u;
static unsigned long runs;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* An exact-size copy, so that the address sanitizer sees a read one byte past the end. */
static void run_one(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static void mutate(const uint8_t *seed, size_t size, unsigned count)
{
    static const uint8_t special[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, '"', '\\', '{', '[', '\n', ' ' };
    uint8_t *work = malloc(size + 1);
    if (!work)
        abort();
    for (unsigned i = 0; i < count && size > 0; i++) {
        memcpy(work, seed, size);
        size_t len = size;
        for (unsigned hits = 1 + (unsigned)(next_random() % 3); hits > 0; hits--) {
            size_t at = next_random() % len;
            switch (next_random() % 4) {
            case 0:
                work[at] = (uint8_t)(work[at] ^ 1u << next_random() % 8);
                break;
            case 1:
                work[at] = special[next_random() % sizeof special];
                break;
            case 2:
                if (len > 1)
                    memmove(work + at, work + at + 1, --len - at);
                break;
            default:
                work[at] = (uint8_t)next_random();
                break;
            }
        }
        run_one(work, len);
    }
    free(work);
}

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    static uint8_t bytes[1 << 20];
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    run_one(bytes, len);
    size_t step = len > 2 * CUTS ? len / CUTS : 1;
    for (size_t cut = 0; cut < len; cut += step)
        run_one(bytes, cut);
    mutate(bytes, len, MUTATIONS);
    return 0;
}

static int digit_of(int c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* One line, in place. */
static size_t decode(char *line)
{
    size_t len = 0;
    uint32_t bits = 0;
    unsigned count = 0;

    for (const char *c = line; digit_of(*c) >= 0; c++) {
        bits = bits << 6 | (uint32_t)digit_of(*c);
        if (++count % 4 != 1)
            line[len++] = (char)(uint8_t)(bits >> (count % 4 == 0 ? 0 : count % 4 == 3 ? 2 : 4));
    }
    return len;
}

static int run_kept(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;

    if (!f) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    while (getline(&line, &room, f) > 0) {
        size_t len = decode(line);
        run_one((const uint8_t *)line, len);
    }
    free(line);
    fclose(f);
    return 0;
}

static int is_kept(const char *path)
{
    size_t len = strlen(path);

    return len > 4 && strcmp(path + len - 4, ".b64") == 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    unsigned files = 0;

    run_one(NULL, 0);
    for (int i = 1; i < argc; i++) {
        if (is_kept(argv[i])) {
            failed |= run_kept(argv[i]);
            continue;
        }
        DIR *dir = opendir(argv[i]);
        if (!dir) {
            failed |= run_file(argv[i]);
            files++;
            continue;
        }
        for (struct dirent *e; (e = readdir(dir));) {
            char path[4096];
            if (e->d_name[0] == '.')
                continue;
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            failed |= run_file(path);
            files++;
        }
        closedir(dir);
    }
    printf("cases %s passed %lu failed %d skipped 0 (%u seeds)\n", argv[0], runs, failed, files);
    return failed || files == 0 ? 1 : 0;
}
