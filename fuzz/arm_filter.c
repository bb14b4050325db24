/* layers: api/arm api http access site service authority base codec */
/* The $filter of resource lists, as it stands in a query. Properties: a refusal says why and changes nothing; values
 * that are taken came from the query (none is longer than it), and a filter that wants nothing takes everything, one
 * that wants an object's own values takes that object. */
#include "api/arm/internal.h"

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_takes(const struct arm_filter *filter, struct att_arena *scratch)
{
    const char *const *w = filter->wanted;
    struct arm_filtered what = { .name = "name",
                                 .type = "type",
                                 .group = "group",
                                 .location = "East US",
                                 .tags = att_str("{\"colour\":\"red\",\"note\":\"it's\"}") };
    bool anything = true;

    for (size_t i = 0; i < ARM_FIELDS; i++)
        anything = anything && !w[i];
    bool takes = arm_filter_takes(filter, scratch, &what);
    check(!anything || takes);
    if (w[ARM_FIELD_LOCATION] || w[ARM_FIELD_TAG_NAME] || w[ARM_FIELD_TAG_VALUE])
        return;
    what.name = w[ARM_FIELD_NAME] ? w[ARM_FIELD_NAME] : "x";
    what.type = w[ARM_FIELD_TYPE] ? w[ARM_FIELD_TYPE] : "x";
    what.group = w[ARM_FIELD_GROUP] ? w[ARM_FIELD_GROUP] : "x";
    check(arm_filter_takes(filter, scratch, &what));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[] = "$filter=";
    struct arm_filter filter = { .wanted = { "untouched" } };
    struct att_err err = { 0 };

    if (size > 4096)
        return 0;
    struct att_arena *a = att_arena_new(8 << 20), *scratch = att_arena_new(1 << 20);
    uint8_t *query = a ? att_arena_alloc(a, sizeof head - 1 + size, 1) : NULL;
    check(query && scratch);
    memcpy(query, head, sizeof head - 1);
    if (size > 0)
        memcpy(query + sizeof head - 1, data, size);
    const struct http_request http = { .arena = a, .query = att_span_of(query, sizeof head - 1 + size) };
    struct api_call call = { .arena = a, .http = &http };
    if (arm_filter_read(&call, &filter, &err)) {
        check(err.code == ATT_OK);
        for (size_t i = 0; i < ARM_FIELDS; i++)
            check(!filter.wanted[i] || strlen(filter.wanted[i]) <= size);
        check_takes(&filter, scratch);
    } else {
        check(err.code != ATT_OK && err.text[0] && err.expected[0]);
        check(strcmp(filter.wanted[0], "untouched") == 0);
    }
    att_arena_free(scratch);
    att_arena_free(a);
    return 0;
}
