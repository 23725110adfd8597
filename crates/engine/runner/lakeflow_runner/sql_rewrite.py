"""Rewrites of SQL text between the user and the Spark server.

Two kinds: what the platform allows and the server does not parse (SPARK.md section 3), and names that
live in another catalog here. Everything works on tokens; text that no rule knows passes unchanged.
"""

import re
from collections import namedtuple

from .sql_tokens import (
    COMMENT,
    PARAMETER,
    QUOTED,
    STRING,
    SYMBOL,
    WORD,
    Token,
    join,
    name_part,
    quote_name,
    quote_text,
    significant,
    split_name,
    string_value,
    tokenize,
)

Replace = namedtuple("Replace", "table query partition_by")
"""`CREATE OR REPLACE TABLE … AS query`, to be done by the runner."""


def parameters_in(text):
    """The names of the `:name` parameters used in `text`."""
    return {token.text[1:] for token in tokenize(text) if token.kind == PARAMETER}


def fill_legacy(text, values):
    """Put widget values in for `${name}`, `$name` and `getArgument("name")` (reference section 12.3)."""

    def dollar(match):
        name = match.group(1) or match.group(2)
        return values.get(name, match.group())

    out, pending = [], []
    for token in [*_merge_argument_calls(tokenize(text), values), Token(COMMENT, "")]:
        if token.kind != COMMENT:
            pending.append(token)
            continue
        out.append(re.sub(r"\$\{([^}'\"]+)\}|\$(\w+)", dollar, join(pending)))
        out.append(token.text)
        pending = []
    return "".join(out)


def _merge_argument_calls(tokens, values):
    places = significant(tokens)
    for start in range(len(places) - 3):
        four = [tokens[i] for i in places[start : start + 4]]
        if (
            four[0].kind == WORD
            and four[0].text.lower() == "getargument"
            and four[1].text == "("
            and four[2].kind == STRING
            and four[3].text == ")"
            and string_value(four[2]) in values
        ):
            tokens[places[start]] = Token(STRING, quote_text(values[string_value(four[2])]))
            for i in range(places[start] + 1, places[start + 3] + 1):
                tokens[i] = Token("space", "")
    return tokens


def rewrite_names(text, aliases):
    """Put the catalog that really holds a name in front of it: `system.lakeflow.jobs` and the like."""
    if not any(prefix.split(".")[-1].lower() in text.lower() for prefix in aliases):
        return text
    tokens = tokenize(text)
    places = significant(tokens)
    for prefix, target in aliases.items():
        parts = [part.lower() for part in prefix.split(".")]
        for start in range(len(places)):
            span = places[start : start + 2 * len(parts) - 1]
            if start and tokens[places[start - 1]].text == ".":
                continue
            if _dotted(tokens, span, parts):
                tokens[span[0]] = Token(WORD, target)
                for i in range(span[0] + 1, span[-1] + 1):
                    tokens[i] = Token("space", "")
    return join(tokens)


def _dotted(tokens, span, parts):
    if len(span) != 2 * len(parts) - 1:
        return False
    names = [(name_part(tokens[i]) or "").lower() for i in span[::2]]
    return names == parts and all(tokens[i].text == "." for i in span[1::2])


def rewrite_paths(text, local):
    """Put local paths in for `dbfs:/` and `/Volumes/` ones: after LOCATION and in ``csv.`/Volumes/…` ``."""
    if "dbfs:/" not in text and "/Volumes/" not in text:
        return text
    tokens = tokenize(text)
    places = significant(tokens)
    for before, here in zip(places, places[1:]):
        token = tokens[here]
        if token.kind == STRING and tokens[before].text.upper() == "LOCATION":
            tokens[here] = Token(STRING, quote_text(local(string_value(token))))
        elif token.kind == QUOTED and tokens[before].text == ".":
            tokens[here] = Token(QUOTED, f"`{local(name_part(token))}`")
    return join(tokens)


def rewrite_statement(text, values):
    """What to send for one statement: a list of texts, or a `Replace`.

    `values` are the parameters of the statement, for `IDENTIFIER(:name)`.
    """
    tokens = _resolve_identifiers(tokenize(text), values)
    places = significant(tokens)
    words = [tokens[i].text.upper() if tokens[i].kind == WORD else tokens[i].text for i in places]
    if words[:1] == ["USE"] and words[1:2] not in (["CATALOG"], ["SCHEMA"], ["DATABASE"], ["NAMESPACE"]):
        parts = split_name(join(tokens[places[1] :]).strip()) if len(places) > 1 else []
        if len(parts) == 1:
            return [f"USE SCHEMA {quote_name(parts[0])}"]
        if len(parts) == 2:
            return [f"USE CATALOG {quote_name(parts[0])}", f"USE SCHEMA {quote_name(parts[1])}"]
    if words[:2] == ["TRUNCATE", "TABLE"] and len(places) > 2:
        return [f"DELETE FROM {join(tokens[places[2] :])}"]
    if words[:4] == ["CREATE", "OR", "REPLACE", "TABLE"]:
        return _replace_table(tokens, places, words)
    return [join(tokens)]


def _resolve_identifiers(tokens, values):
    """`IDENTIFIER(:a || '.b')` becomes the name it stands for; other arguments are left to the server."""
    places = significant(tokens)
    at = 0
    while at < len(places):
        here = tokens[places[at]]
        if here.kind == WORD and here.text.upper() == "IDENTIFIER" and _text(tokens, places, at + 1) == "(":
            value, end = _constant(tokens, places, at + 2, values)
            if value is not None and _text(tokens, places, end) == ")":
                name = ".".join(quote_name(part) for part in split_name(value))
                tokens[places[at]] = Token(WORD, name)
                for i in range(places[at] + 1, places[end] + 1):
                    tokens[i] = Token("space", "")
                at = end
        at += 1
    return tokens


def _text(tokens, places, at):
    return tokens[places[at]].text if at < len(places) else None


def _constant(tokens, places, at, values):
    """The value of strings and parameters joined by `||`, and the place after it."""
    value = ""
    while at < len(places):
        token = tokens[places[at]]
        if token.kind == STRING:
            value += string_value(token)
        elif token.kind == PARAMETER and isinstance(values.get(token.text[1:]), str):
            value += values[token.text[1:]]
        else:
            return None, at
        if _text(tokens, places, at + 1) == "|" and _text(tokens, places, at + 2) == "|":
            at += 3
        else:
            return value, at + 1
    return None, at


def _replace_table(tokens, places, words):
    """Take `CREATE OR REPLACE TABLE name … [AS query]` apart."""
    end = 5
    while words[end : end + 1] == ["."]:
        end += 2
    table = join(tokens[places[4] : places[end - 1] + 1])
    depth = 0
    for at in range(end, len(places)):
        depth += {"(": 1, ")": -1}.get(words[at], 0)
        if words[at] == "AS" and depth == 0:
            query = join(tokens[places[at] + 1 :]).strip()
            return Replace(table, query, _partition_columns(tokens, places, words, end, at))
    rest = join(tokens[places[end] :]) if end < len(places) else ""
    return [f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} {rest}".rstrip()]


def _partition_columns(tokens, places, words, start, end):
    for at in range(start, end - 1):
        if words[at] == "PARTITIONED" and words[at + 1] == "BY":
            names = []
            for inner in range(at + 3, end):
                if words[inner] == ")":
                    return names
                if tokens[places[inner]].kind != SYMBOL:
                    names.append(name_part(tokens[places[inner]]))
    return []
