/* One function for each rule of the grammar; here the outermost ones: version, sections, rules. The language is LL(1);
 * only calls nest, to a depth that is counted. */
#include "policy/parser.h"

#include "policy/language.h"
#include "policy/parsing.h"

/* -- rules, sections, the whole ---------------------------------------------------------------------- */

static bool parse_rule(struct parsing *p, enum policy_section section, struct policy_rule *r)
{
    struct policy_mark start = p->now.at;

    parsing_enter(p, policy_sections[section].rule_name);
    if (p->ast.rule_count >= p->limits->policy_rules_max)
        return parsing_over_limit(p, "rules", p->limits->policy_rules_max);
    r->section = section;
    r->number = p->ast.rule_count++;
    if (!parsing_here(p, TOK_SET(ARROW)) && !parsing_conditions(p, r))
        return false;
    if (!parsing_here(p, TOK_SET(ARROW)))
        return parsing_mismatch(p, TOK_SET(ARROW) | TOK_SET(AND));
    parsing_advance(p);
    if (!parsing_action(p, section, &r->action) || !parsing_take(p, TOK_SET(SEMICOLON)))
        return false;
    r->at = parsing_mark_since(p, &start);
    parsing_leave(p);
    return true;
}

static bool parse_section(struct parsing *p, enum policy_section section)
{
    const uint64_t rule_starts = TOK_SET(IDENT) | TOK_SET(LEFT_BRACKET) | TOK_SET(ARROW) | TOK_SET(NOT);
    struct policy_rule **tail = &p->ast.rules[section];

    parsing_enter(p, policy_sections[section].rules_name);
    parsing_advance(p); /* the section word, seen by the caller */
    if (!parsing_take(p, TOK_SET(LEFT_BRACE)))
        return false;
    while (!parsing_here(p, TOK_SET(RIGHT_BRACE))) {
        if (!parsing_here(p, rule_starts))
            return parsing_mismatch(p, TOK_SET(RIGHT_BRACE) | (rule_starts & ~TOK_SET(NOT)) |
                                           parsing_negation(p));
        struct policy_rule *r = parsing_node(p, sizeof *r);
        if (!r || !parse_rule(p, section, r))
            return false;
        *tail = r;
        tail = &r->next;
    }
    parsing_advance(p);
    if (!parsing_take(p, TOK_SET(SEMICOLON)))
        return false;
    parsing_leave(p);
    return true;
}

static bool parse_version(struct parsing *p)
{
    parsing_enter(p, "versionInfo");
    if (!parsing_take(p, TOK_SET(VERSION_WORD)) || !parsing_take(p, TOK_SET(ASSIGN)))
        return false;
    if (!parsing_here(p, TOK_SET(VERSION)))
        return parsing_mismatch(p, TOK_SET(VERSION));
    if (!policy_version_read(p->now.at.text, &p->ast.minor)) {
        struct policy_path path = parsing_path(p);
        struct policy_symbol symbol;
        return policy_complain(p->to, ATT_POLICY_VERSION, &p->now.at, path.text, "1.0, 1.1 or 1.2",
                               "policy version %s is not supported",
                               policy_symbol_of(&symbol, p->now.at.text));
    }
    parsing_advance(p);
    if (!parsing_take(p, TOK_SET(SEMICOLON)))
        return false;
    parsing_leave(p);
    return true;
}

static bool parse_sections(struct parsing *p)
{
    if (parsing_here(p, TOK_SET(CONFIGURATION))) {
        unsigned since = policy_since(att_str(policy_sections[SECTION_CONFIGURATION].word));
        if (p->ast.minor < since)
            return parsing_too_new(p, &p->now.at, since);
        if (!parse_section(p, SECTION_CONFIGURATION))
            return false;
        if (!parsing_here(p, TOK_SET(AUTHORIZATION)))
            return parsing_mismatch(p, TOK_SET(AUTHORIZATION));
    }
    if (!parsing_here(p, TOK_SET(AUTHORIZATION)))
        return parsing_mismatch(p, TOK_SET(AUTHORIZATION) | (p->ast.minor >= 1 ? TOK_SET(CONFIGURATION) : 0));
    if (!parse_section(p, SECTION_AUTHORIZATION))
        return false;
    if (parsing_here(p, TOK_SET(EOF)))
        return true;
    if (!parsing_here(p, TOK_SET(ISSUANCE)))
        return parsing_mismatch(p, TOK_SET(EOF) | TOK_SET(ISSUANCE));
    return parse_section(p, SECTION_ISSUANCE) &&
           (parsing_here(p, TOK_SET(EOF)) || parsing_mismatch(p, TOK_SET(EOF)));
}

bool policy_parse(struct att_arena *arena, struct att_span text, const struct att_limits *limits,
                  const struct policy_complaint *to, struct policy_ast *ret)
{
    struct parsing p = { .lexer = policy_lexer_of(text), .arena = arena, .limits = limits, .to = to };

    parsing_enter(&p, "policy");
    p.now = policy_lexer_next(&p.lexer);
    p.before = p.now;
    if (!parse_version(&p) || !parse_sections(&p))
        return false;
    *ret = p.ast;
    return true;
}
