/* policy/lexer.h - text to tokens. Spec: policy language, section 2.
 *
 * Never fails: what is no token becomes a TOK_BAD, for the parser to report where it met it. Each token is
 * found by looking at the text once; TOK_EOF comes again and again at the end.
 */
#ifndef POLICY_LEXER_H
#define POLICY_LEXER_H

#include "policy/token.h"

struct policy_lexer {
    struct att_span text;
    size_t at;
    unsigned line;
    unsigned column;
};

struct policy_lexer policy_lexer_of(struct att_span text);
struct policy_token policy_lexer_next(struct policy_lexer *lx);
/* "';'", "STRING", "<EOF>" */
const char *policy_token_name(enum policy_token_kind kind);
/* Equal but for the case of ASCII letters. */
bool policy_same_word(struct att_span a, const char *b);

#endif
