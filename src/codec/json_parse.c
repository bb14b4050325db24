/* The parser: one pass, no recursion. Grammar: RFC 8259 2 to 7.
 *
 * While a container is open its node is used twice: `next` holds the container around it and `end` its last
 * child so far. Closing it puts the real values there. So nesting costs no memory of its own and no stack,
 * and the depth limit is a rule, not a need. */
#include "base/err.h"
#include "codec/json_text.h"
#include "codec/utf8.h"

#include <stdio.h>

struct parser {
    const uint8_t *text;
    size_t len;
    size_t at;
    struct att_json_node *nodes;
    size_t count;
    size_t capacity;
    size_t nodes_max;
    size_t depth;
    size_t depth_max;
    att_json_id open; /* innermost open container */
    bool fold_case;
    struct att_json_node name; /* only key, keylen, key_escaped: the name read before the next value */
    struct att_arena *arena;
    struct att_err *err;
};

enum {
    NODES_AT_FIRST_MIN = 16,
    NODES_AT_FIRST_MAX = 1024,
    BYTES_PER_NODE_GUESS = 48,      /* claims have 20 to 40 bytes per value, attest bodies thousands */
    MEMBERS_COMPARED_PAIRWISE = 16, /* up to here, comparing all pairs is quicker than sorting */
};

static bool refuse_as(const struct parser *p, enum att_code code, const char *expected)
{
    struct att_shown shown;

    if (p->at >= p->len)
        return att_fail(p->err, code, "json", expected, "end of text at byte offset %zu", p->at);
    return att_fail(p->err, code, "json", expected, "'%s' at byte offset %zu",
                    att_shown(&shown, att_span_of(p->text + p->at, 1)), p->at);
}

static bool refuse(const struct parser *p, const char *expected)
{
    return refuse_as(p, ATT_JSON_SYNTAX, expected);
}

static void skip_space(struct parser *p)
{
    while (p->at < p->len) {
        uint8_t c = p->text[p->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        p->at++;
    }
}

/* NUL at the end of the text: no token starts with it, and inside a text it is refused like any other stray
 * byte. */
static uint8_t peek(const struct parser *p)
{
    return p->at < p->len ? p->text[p->at] : 0;
}

/* Memory
 * ----------------------------------------------------------------------------------------------------- */

static bool grow(struct parser *p)
{
    size_t wanted = p->capacity * 2;

    if (p->count >= p->nodes_max) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "at most %zu values", p->nodes_max);
        return att_fail(p->err, ATT_JSON_LIMIT, "json", expected, "more at byte offset %zu", p->at);
    }
    if (p->capacity == 0) {
        wanted = p->len / BYTES_PER_NODE_GUESS;
        wanted = wanted < NODES_AT_FIRST_MIN ? NODES_AT_FIRST_MIN : wanted;
        wanted = wanted > NODES_AT_FIRST_MAX ? NODES_AT_FIRST_MAX : wanted;
    }
    if (wanted > p->nodes_max)
        wanted = p->nodes_max;
    struct att_json_node *grown = att_arena_alloc(p->arena, wanted, sizeof *grown);
    if (!grown)
        return att_fail_memory(p->err, "json");
    if (p->count > 0)
        memcpy(grown, p->nodes, p->count * sizeof *grown);
    p->nodes = grown;
    p->capacity = wanted;
    return true;
}

/* A new node at the current place, linked behind its elder sibling, under the name read last. */
static bool add_node(struct parser *p, enum att_json_type type, att_json_id *ret)
{
    if (p->count == p->capacity && !grow(p))
        return false;
    att_json_id id = (att_json_id)p->count++;
    struct att_json_node *n = &p->nodes[id];
    *n = p->name;
    n->type = (uint8_t)type;
    n->start = (uint32_t)p->at;
    n->next = ATT_JSON_NONE;
    p->name = (struct att_json_node){ 0 };
    if (p->open != ATT_JSON_NONE) {
        struct att_json_node *around = &p->nodes[p->open];
        if (around->count > 0)
            p->nodes[around->end].next = id;
        around->end = id;
        around->count++;
    }
    *ret = id;
    return true;
}

/* Tokens
 * ----------------------------------------------------------------------------------------------------- */

/* `at` is on the backslash. RFC 8259 7; a surrogate counts only as half of a pair. */
static bool read_escape(struct parser *p)
{
    const uint8_t *s = p->text + p->at;
    size_t left = p->len - p->at;
    uint32_t unit = 0;

    if (left >= 2 && s[1] != 0 && strchr("\"\\/bfnrt", s[1])) {
        p->at += 2;
        return true;
    }
    if (left < 2 || s[1] != 'u' || !json_hex4(s + 2, left - 2, &unit))
        return refuse(p, "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    if (unit < 0xd800 || unit > 0xdfff) {
        p->at += 6;
        return true;
    }
    uint32_t low = 0;
    if (unit > 0xdbff || left < 12 || s[6] != '\\' || s[7] != 'u' || !json_hex4(s + 8, left - 8, &low) ||
        low < 0xdc00 || low > 0xdfff)
        return refuse(p, "surrogates in pairs, high then low");
    p->at += 12;
    return true;
}

/* `at` is on the opening quote and ends behind the closing one. */
static bool read_string(struct parser *p, size_t *ret_start, size_t *ret_len, bool *ret_escaped)
{
    size_t start = p->at + 1;
    bool escaped = false;

    p->at = start;
    for (;;) {
        p->at += json_plain_run(p->text + p->at, p->len - p->at);
        uint8_t c = peek(p);
        if (c == '"')
            break;
        if (c == '\\') {
            escaped = true;
            if (!read_escape(p))
                return false;
            continue;
        }
        if (p->at >= p->len)
            return refuse(p, "'\"' at the end of a string");
        if (c < 0x20)
            return refuse(p, "control characters in strings escaped");
        size_t n = att_utf8_length(att_span_of(p->text + p->at, p->len - p->at));
        if (n == 0)
            return refuse_as(p, ATT_UTF8_INVALID, "well-formed UTF-8");
        p->at += n;
    }
    *ret_start = start;
    *ret_len = p->at - start;
    *ret_escaped = escaped;
    p->at++;
    return true;
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool read_digits(struct parser *p)
{
    if (!digit(peek(p)))
        return refuse(p, "a digit");
    while (digit(peek(p)))
        p->at++;
    return true;
}

/* RFC 8259 6: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool read_number(struct parser *p)
{
    if (peek(p) == '-')
        p->at++;
    if (peek(p) == '0')
        p->at++; /* a digit behind it is refused as what cannot follow a value */
    else if (!read_digits(p))
        return false;
    if (peek(p) == '.') {
        p->at++;
        if (!read_digits(p))
            return false;
    }
    if (peek(p) == 'e' || peek(p) == 'E') {
        p->at++;
        if (peek(p) == '+' || peek(p) == '-')
            p->at++;
        if (!read_digits(p))
            return false;
    }
    return true;
}

static bool read_word(struct parser *p, const char *word)
{
    size_t n = strlen(word);

    if (n > p->len - p->at || memcmp(p->text + p->at, word, n) != 0)
        return refuse(p, "true, false or null");
    p->at += n;
    return true;
}

/* Containers
 * ------------------------------------------------------------------------------------------------- */

static bool refuse_duplicate(const struct parser *p, const struct att_json_node *member)
{
    struct att_shown shown;
    struct att_span name = att_span_of(p->text + member->key, member->keylen);

    return att_fail(p->err, ATT_JSON_DUPLICATE, "json",
                    p->fold_case ? "each name once in an object, in whatever case"
                                 : "each name once in an object",
                    "\"%s\" again at byte offset %u", att_shown(&shown, name), member->key);
}

static bool check_few_names(const struct parser *p, att_json_id first)
{
    struct att_span source = att_span_of(p->text, p->len);

    for (att_json_id i = first; i != ATT_JSON_NONE; i = p->nodes[i].next) {
        for (att_json_id k = first; k != i; k = p->nodes[k].next) {
            if (json_name_equal(json_name_of(source, &p->nodes[i]), json_name_of(source, &p->nodes[k]),
                                p->fold_case))
                return refuse_duplicate(p, &p->nodes[i]);
        }
    }
    return true;
}

static bool check_many_names(const struct parser *p, att_json_id first, size_t count)
{
    struct att_span source = att_span_of(p->text, p->len);
    att_json_id *ids = att_arena_alloc(p->arena, count, 2 * sizeof *ids);
    if (!ids)
        return att_fail_memory(p->err, "json");
    size_t n = 0;
    for (att_json_id i = first; i != ATT_JSON_NONE; i = p->nodes[i].next)
        ids[n++] = i;
    const att_json_id *sorted = json_names_sort(source, p->nodes, ids, ids + count, n, p->fold_case);
    for (size_t i = 1; i < n; i++) {
        if (json_name_equal(json_name_of(source, &p->nodes[sorted[i - 1]]),
                            json_name_of(source, &p->nodes[sorted[i]]), p->fold_case))
            return refuse_duplicate(p, &p->nodes[sorted[i]]);
    }
    return true;
}

/* `at` is on the closing bracket of the innermost container. */
static bool close_container(struct parser *p)
{
    att_json_id id = p->open;
    struct att_json_node *n = &p->nodes[id];
    size_t members = n->type == ATT_JSON_OBJECT ? n->count : 0;

    if (members > 1 && members <= MEMBERS_COMPARED_PAIRWISE && !check_few_names(p, id + 1))
        return false;
    if (members > MEMBERS_COMPARED_PAIRWISE && !check_many_names(p, id + 1, members))
        return false;
    p->at++;
    p->open = n->next;
    n->next = ATT_JSON_NONE;
    n->end = (uint32_t)p->at;
    p->depth--;
    return true;
}

/* `at` is on the opening bracket. */
static bool open_container(struct parser *p, enum att_json_type type)
{
    att_json_id id = 0;

    if (p->depth >= p->depth_max) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "at most %zu levels of nesting", p->depth_max);
        return refuse_as(p, ATT_JSON_DEPTH, expected);
    }
    if (!add_node(p, type, &id))
        return false;
    p->nodes[id].next = p->open;
    p->open = id;
    p->depth++;
    p->at++;
    return true;
}

static bool read_name(struct parser *p)
{
    size_t start = 0;
    size_t len = 0;
    bool escaped = false;

    skip_space(p);
    if (peek(p) != '"')
        return refuse(p, "a member name in '\"'");
    if (!read_string(p, &start, &len, &escaped))
        return false;
    skip_space(p);
    if (peek(p) != ':')
        return refuse(p, "':' behind a member name");
    p->at++;
    p->name =
        (struct att_json_node){ .key = (uint32_t)start, .keylen = (uint32_t)len, .key_escaped = escaped };
    return true;
}

/* Values
 * ----------------------------------------------------------------------------------------------------- */

static bool read_scalar(struct parser *p, enum att_json_type type)
{
    size_t start = 0;
    size_t len = 0;
    att_json_id id = 0;
    bool escaped = false;
    bool ok = false;

    if (!add_node(p, type, &id))
        return false;
    if (type == ATT_JSON_STRING)
        ok = read_string(p, &start, &len, &escaped);
    else if (type == ATT_JSON_NUMBER)
        ok = read_number(p);
    else
        ok = read_word(p, type == ATT_JSON_NULL ? "null" : peek(p) == 't' ? "true" : "false");
    p->nodes[id].escaped = escaped;
    p->nodes[id].end = (uint32_t)p->at;
    return ok;
}

/* A scalar, or the opening bracket of a container. */
static bool read_value_start(struct parser *p)
{
    skip_space(p);
    uint8_t c = peek(p);
    switch (c) {
    case '{':
        return open_container(p, ATT_JSON_OBJECT);
    case '[':
        return open_container(p, ATT_JSON_ARRAY);
    case '"':
        return read_scalar(p, ATT_JSON_STRING);
    case 't':
    case 'f':
        return read_scalar(p, ATT_JSON_BOOL);
    case 'n':
        return read_scalar(p, ATT_JSON_NULL);
    default:
        if (c == '-' || digit(c))
            return read_scalar(p, ATT_JSON_NUMBER);
        return refuse(p, p->at == 0 && c == 0xef ? "a JSON value without a byte order mark" : "a JSON value");
    }
}

/* Goes on behind a value or an opening bracket: to the place of the next value (*ret_more), or to the end of
 * the outermost value. */
static bool read_between(struct parser *p, bool *ret_more)
{
    while (p->open != ATT_JSON_NONE) {
        const struct att_json_node *around = &p->nodes[p->open];
        bool object = around->type == ATT_JSON_OBJECT;
        skip_space(p);
        if (peek(p) == (object ? '}' : ']')) {
            if (!close_container(p))
                return false;
            continue;
        }
        if (around->count > 0) {
            if (peek(p) != ',')
                return refuse(p, object ? "',' or '}'" : "',' or ']'");
            p->at++;
        }
        *ret_more = true;
        return !object || read_name(p);
    }
    *ret_more = false;
    return true;
}

static bool read_text(struct parser *p)
{
    bool more = true;

    while (more) {
        /* Behind a bracket that has just been opened, read_between finds it empty and closes it or asks for
         * its first value; behind a scalar it asks for a comma. */
        if (!read_value_start(p) || !read_between(p, &more))
            return false;
    }
    skip_space(p);
    return p->at == p->len || refuse(p, "nothing behind the JSON value");
}

bool att_json_parse(struct att_arena *a, struct att_span text, const struct att_json_options *options,
                    struct att_json *ret, struct att_err *err)
{
    const struct att_limits *limits = options && options->limits ? options->limits : &att_limits_default;
    size_t nodes_max = limits->json_nodes_max < ATT_JSON_NONE ? limits->json_nodes_max : ATT_JSON_NONE;
    struct parser p = {
        .text = text.ptr,
        .len = text.len,
        .open = ATT_JSON_NONE,
        .nodes_max = nodes_max,
        .depth_max = limits->json_depth_max,
        .fold_case = options && options->fold_case,
        .arena = a,
        .err = err,
    };

    if (text.len > UINT32_MAX - 1) /* offsets are 32 bits, and the end is one too */
        return att_fail(err, ATT_JSON_LIMIT, "json", "at most 4294967294 bytes", "%zu bytes", text.len);
    if (!read_text(&p))
        return false;
    *ret = (struct att_json){ text, p.nodes, (uint32_t)p.count, p.fold_case };
    return true;
}
