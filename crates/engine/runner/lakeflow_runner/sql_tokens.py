"""Splits Spark SQL text into tokens, so that rules on SQL never look inside strings or comments.

Joining the text of all tokens gives the input back.
"""

import re
from collections import namedtuple

Token = namedtuple("Token", "kind text")

SPACE, COMMENT, STRING, QUOTED, WORD, NUMBER, PARAMETER, SYMBOL = (
    "space",
    "comment",
    "string",
    "quoted",
    "word",
    "number",
    "parameter",
    "symbol",
)

_PATTERN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>--[^\n]*)
    | (?P<open>/\*)
    | (?P<string>[rR]?(?:'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"))
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<word>[^\W\d]\w*)
    | (?P<number>(?:\d+\w*(?:\.\d+\w*)?|\.\d+\w*))
    | (?P<cast>::)
    | (?P<parameter>:[^\W\d]\w*)
    | (?P<symbol>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenize(text):
    """The tokens of `text`, in order. An unclosed string or comment becomes one last symbol token."""
    tokens, position = [], 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        kind, piece = match.lastgroup, match.group()
        if kind == "open":
            piece, kind = _block_comment(text, position), COMMENT
        elif kind == SYMBOL and piece in "'\"`":
            piece = text[position:]
        elif kind == "cast":
            kind = SYMBOL
        elif kind == PARAMETER and tokens and _ends_value(tokens[-1]):
            # `column:field` reads a field of a JSON text; it is no parameter.
            piece, kind = ":", SYMBOL
        tokens.append(Token(kind, piece))
        position += len(piece)
    return tokens


def _ends_value(token):
    return token.kind in (WORD, QUOTED) or token.text in (")", "]")


def _block_comment(text, start):
    """The comment that opens at `start`; comments nest in Spark."""
    depth, position = 0, start
    for match in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if match.group() == "/*" else -1
        position = match.end()
        if depth == 0:
            return text[start:position]
    return text[start:]


def split_statements(text):
    """The statements of `text`, split at semicolons, without those that hold only space and comments."""
    statements, current = [], []
    for token in tokenize(text):
        if token == (SYMBOL, ";"):
            statements.append(current)
            current = []
        else:
            current.append(token)
    statements.append(current)
    return [join(s).strip() for s in statements if any(t.kind not in (SPACE, COMMENT) for t in s)]


def join(tokens):
    return "".join(token.text for token in tokens)


def significant(tokens):
    """Positions of the tokens that are neither space nor comment."""
    return [i for i, token in enumerate(tokens) if token.kind not in (SPACE, COMMENT)]


def name_part(token):
    """The name a word or backquoted token stands for, or None for other tokens."""
    if token.kind == WORD:
        return token.text
    if token.kind == QUOTED:
        return token.text[1:-1].replace("``", "`")
    return None


def string_value(token):
    """The text a string token stands for."""
    text = token.text
    if text[0] in "rR":
        return text[2:-1]
    quote, body = text[0], text[1:-1]
    escapes = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b"}
    body = body.replace(quote * 2, "\\" + quote)
    return re.sub(r"\\(.)", lambda m: escapes.get(m.group(1), m.group(1)), body, flags=re.DOTALL)


def quote_text(value):
    """`value` as a SQL string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(part):
    """One part of a name, in backquotes where a plain word would not do."""
    return part if re.fullmatch(r"[A-Za-z_]\w*", part) else "`" + part.replace("`", "``") + "`"


def split_name(name):
    """The parts of a dotted, possibly backquoted table name."""
    return [name_part(t) if name_part(t) is not None else t.text for t in tokenize(name) if t.text != "."]
