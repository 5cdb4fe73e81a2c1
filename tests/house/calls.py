# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls in a C source, as the tests of this folder read them."""


def arguments_at(text, start):
    """The arguments of a call whose opening parenthesis is at start."""
    depth, at, last, found, quoted = 0, start, start + 1, [], False
    while True:
        c = text[at]
        if c == "\\" and quoted:
            at += 1
        elif c == '"':
            quoted = not quoted
        elif not quoted and c in "([{":
            depth += 1
        elif not quoted and (c in ")]}" or (c == "," and depth == 1)):
            depth -= c != ","
            if c == "," or depth == 0:
                found.append(text[last:at].strip())
                last = at + 1
            if depth == 0:
                return found
        at += 1
