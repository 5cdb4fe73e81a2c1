# SPDX-License-Identifier: GPL-3.0-or-later
"""C by token, and what can be made wrong in it at one place. Nothing here knows a file or a function by name."""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<space>\s+)
  | (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.)*)
  | (?P<string>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*")
  | (?P<character>[uUL]?'(?:[^'\\\n]|\\.)*')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<sign>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\.\.\.|.)
""", re.X | re.S | re.M)

INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)$")
SHIFTED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
TURNED = {"&&": "||", "||": "&&"}
SWAPPED = {"TRUE": "FALSE", "FALSE": "TRUE", "G_SOURCE_REMOVE": "G_SOURCE_CONTINUE", "G_SOURCE_CONTINUE": "G_SOURCE_REMOVE"}
CLOSING = {"(": ")", "[": "]", "{": "}"}
KEYWORDS = {"if", "else", "for", "while", "do", "switch", "case", "default", "return", "goto", "break", "continue", "sizeof",
            "typedef", "struct", "union", "enum", "static", "const", "extern"}

# Calls that tell a developer something, or check what a caller promised: without them the program does the same.
SAID = re.compile(r"g_(debug|info|log|assert\w*|return_(val_)?if_(fail|reached)|test_\w+|warn_if_\w+|task_set_(source_tag|name|static_name)|"
                  r"source_set_(static_)?name|type_ensure)$|DW_ASSERT\w*$")
# Memory that is zero is such a thing already.
ZERO = re.compile(r"g_(queue|mutex|cond)_init$")
# A time that is longer by its smallest unit is nothing anybody could notice.
DURATION = re.compile(r"_(MS|US|S|SECONDS|MINUTES|HOURS|DAYS)$")
# What gives memory back. Without it the program does the same and takes more: only a sanitizer sees that.
RELEASE = re.compile(r"(g_free|g_strfreev|g_(mutex|cond)_clear|\w+_(unref|free))$")
# Where an object ends it forgets nothing that anybody could ask for afterwards.
RELEASE_AT_END = re.compile(r"g_clear_(object|pointer|error|list)$")
END = re.compile(r"\w+_(finalize|free|clear)$")
TIMER = re.compile(r"g_source_(remove|destroy)$|g_clear_handle_id$")
ERROR = re.compile(r"(\w+_)?(error|err|errno)$")


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    line: int

    @property
    def end(self):
        return self.start + len(self.text)


@dataclass(frozen=True)
class Mutation:
    """One place made wrong: what stands between start and end becomes new."""
    kind: str
    start: int
    end: int
    line: int
    old: str
    new: str

    def apply(self, text):
        # As many lines as before, so that no line number in the object code moves.
        return text[:self.start] + self.new + "\n" * self.old.count("\n") + text[self.end:]

    def __str__(self):
        old, new = (" ".join(part.split()) for part in (self.old, self.new))
        return f"{self.kind}: {old[:90]} → {new[:90]}" if new != ";" else f"{self.kind}: {old[:120]}"


def tokenize(text):
    line = 1
    for found in TOKEN.finditer(text):
        yield Token(found.lastgroup, found.group(), found.start(), line)
        line += found.group().count("\n")


class Source:
    """The tokens that mean something, which of them stand in functions, and where each bracket ends."""

    def __init__(self, text):
        self.text = text
        self.tokens = [token for token in tokenize(text) if token.kind not in ("space", "comment")]
        self.partner = {}  # of each bracket that opens
        self.heads = set()  # what closes the head of an if or a loop
        self.ends = set()  # what closes a function's body
        self.inside = [False] * len(self.tokens)  # of a function's body
        self.function = [""] * len(self.tokens)  # its name
        self.match()

    def match(self):
        open_ones, body, name = [], None, ""
        for i, token in enumerate(self.tokens):
            if token.kind == "sign" and token.text in CLOSING:
                open_ones.append(i)
                if token.text == "{" and len(open_ones) == 1 and i and self.tokens[i - 1].text == ")":
                    body = i
                    name = self.at(next(first for first, last in self.partner.items() if last == i - 1) - 1)
            elif token.kind == "sign" and token.text in CLOSING.values() and open_ones:
                opened = open_ones.pop()
                self.partner[opened] = i
                if self.at(opened - 1) in ("if", "while", "for", "switch"):
                    self.heads.add(i)
                if opened == body:
                    self.ends.add(i)
                    body = None
            self.inside[i] = body is not None and i != body
            self.function[i] = name if self.inside[i] else ""

    def at(self, i):
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def mutation(self, kind, first, last, new):
        a, b = self.tokens[first], self.tokens[last]
        return Mutation(kind, a.start, b.end, a.line, self.text[a.start:b.end], new)

    def begins_statement(self, i):
        before = self.at(i - 1)
        if before in (";", "{", "}", "else", "do", ":"):
            return before != ":" or self.is_label(i - 1)
        return i - 1 in self.heads

    def is_label(self, colon):
        i = colon - 1
        while i > 0 and self.at(i) not in (";", "{", "}", "?"):
            if self.at(i) in ("case", "default"):
                return True
            i -= 1
        return False

    def call_end(self, i):
        """The semicolon of a statement that is a call and nothing else, or None."""
        if self.tokens[i].kind != "name" or self.at(i) in KEYWORDS:
            return None
        called = False
        i += 1
        while i < len(self.tokens):
            text = self.at(i)
            if text in ("(", "["):
                called = text == "("
                i = self.partner.get(i, len(self.tokens)) + 1
            elif text in ("->", "."):
                called = False
                i += 2
            else:
                return i if text == ";" and called else None
        return None

    def statement_end(self, i):
        while i < len(self.tokens) and self.at(i) != ";":
            i = self.partner.get(i, i) + 1
        return i

    # What can be made wrong

    def conditions(self, i):
        if self.at(i) not in ("if", "while") or self.at(i + 1) != "(" or i + 1 not in self.partner:
            return
        close = self.partner[i + 1]
        inner = self.text[self.tokens[i + 2].start:self.tokens[close - 1].end]
        flat = " ".join(inner.split())
        # What is only said, or not said, to a developer makes no difference.
        silent = SAID.match(self.at(close + 1)) and self.at(self.statement_end(close + 1) + 1) != "else"
        if not silent:
            yield self.mutation("condition turned", i + 2, close - 1, f"!({flat})")
        if silent and "(" not in inner:
            return
        names = [token.text for token in self.tokens[i + 2:close] if token.kind == "name"]
        if self.at(i) == "if" and any(ERROR.match(name) for name in names):
            yield self.mutation("error check taken out", i + 2, close - 1, f"FALSE && ({flat})")

    def signs(self, i):
        text = self.at(i)
        if text in SHIFTED:
            yield self.mutation("comparison shifted", i, i, SHIFTED[text])
        if text in TURNED:
            yield self.mutation("and for or", i, i, TURNED[text])

    def calls(self, i):
        if not self.begins_statement(i):
            return
        end = self.call_end(i)
        if end is None or SAID.match(self.at(i)) or ZERO.match(self.at(i)):
            return
        yield self.mutation(self.kind_of_call(i), i, end, ";")

    def kind_of_call(self, i):
        if TIMER.match(self.at(i)):
            return "timer's removal dropped"
        if RELEASE.match(self.at(i)) or (RELEASE_AT_END.match(self.at(i)) and END.match(self.function[i])):
            return "release dropped"
        return "call dropped"

    def returns(self, i):
        if self.at(i) != "return":
            return
        if self.at(i + 1) in SWAPPED and self.at(i + 2) == ";":
            yield self.mutation("return swapped", i + 1, i + 1, SWAPPED[self.at(i + 1)])
        end = self.statement_end(i)
        # The last one of a function is not early, nor is that of a case.
        rest = self.at(end + 1)
        if end + 1 in self.ends or rest in ("case", "default"):
            return
        yield self.mutation("early return dropped", i, end, ";")

    def constants(self, i):
        token = self.tokens[i]
        found = INTEGER.match(token.text) if token.kind == "number" else None
        if found:
            for new in list(off_by_one(found))[self.is_more_of_the_same(i):]:
                yield self.mutation("constant off by one", i, i, new)

    def is_more_of_the_same(self, i):
        """One more is nothing that anybody could see: of g_new0 (T, 1) it is room, of f (text, -1) a length to the end too."""
        if self.at(i - 1) == "-":
            return self.at(i - 2) in ("(", ",") and self.at(i + 1) in (")", ",")
        return self.at(i - 4) in ("g_new", "g_new0") and self.at(i - 1) == "," and self.at(i + 1) == ")"

    def definitions(self, i):
        """#define NAME with a number: the numbers that limits have."""
        token = self.tokens[i]
        found = re.match(r"\s*#\s*define\s+(\w+)\s+(.*)", token.text, re.S)
        if not found or DURATION.search(found.group(1)):
            return
        for part in tokenize(found.group(2)):
            number = INTEGER.match(part.text) if part.kind == "number" else None
            # Of a product the first factor: the others are units.
            if number:
                start = token.start + found.start(2) + part.start
                line = token.line + self.text[token.start:start].count("\n")
                for new in off_by_one(number):
                    yield Mutation("limit off by one", start, start + len(part.text), line, part.text, new)
                return

    def mutations(self):
        for i, token in enumerate(self.tokens):
            if token.kind == "directive":
                yield from self.definitions(i)
            elif token.kind == "number":
                yield from self.constants(i)
            elif self.inside[i]:
                for kind in (self.conditions, self.signs, self.calls, self.returns):
                    yield from kind(i)


def off_by_one(found):
    digits, suffix = found.groups()
    number = int(digits, 8 if digits.startswith("0") and digits.isdigit() else 0)
    yield f"{number + 1}{suffix}"
    if number > 0:
        yield f"{number - 1}{suffix}"


def mutations(text):
    """Everything that can be made wrong in a source, in the order of its places."""
    return list(Source(text).mutations())
