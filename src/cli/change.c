/* What the commands that change something share. */
#include "cli/provider.h"

enum cli_exit answer_change(struct cli *c, const struct remote_answer *a, const char *verb, const char *what)
{
    if (c->json) {
        remote_put_json(c, a);
        return CLI_YES;
    }
    att_buf_printf(&c->out, "%s ", verb);
    cli_put_plain(&c->out, what);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

enum cli_exit run_remove(struct remote *r, const char *path, const char *if_match, const char *what)
{
    struct remote_request q = { .method = "DELETE", .path = path, .if_match = if_match };
    struct remote_answer a = { 0 };

    if (!remote_call(r, &q, &a))
        return r->exit;
    return answer_change(r->c, &a, a.status == 204 ? "was not there:" : "deleted", what);
}
