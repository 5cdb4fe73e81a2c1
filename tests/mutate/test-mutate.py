#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutator itself: its eyes on snippets of C, its judgement on a program of three lines."""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "window")]
import tap  # noqa: E402
from mutate import Test, draw, table  # noqa: E402
from mutations import mutations, tokenize  # noqa: E402

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", HERE.parents[1]))


def made(body, kind, before=""):
    """What a function's body becomes by the mutations of a kind."""
    head = before + "static gboolean\nf (T *self, GError **error)\n{\n"
    text = head + body + "\nreturn last;\n}\n"
    return [" ".join(m.apply(text)[len(head):-len("\nreturn last;\n}\n")].split()) for m in mutations(text) if m.kind == kind]


def test_tokens():
    """Comments, strings and signs are told apart, and nothing is lost"""
    text = 'a->b <<= "x \\" /* no */ < y" /* a < b && c */ + \'"\' - 0x1fU; // d == e\n#define X \\\n  3\nf (...);'
    tokens = list(tokenize(text))
    assert "".join(token.text for token in tokens) == text
    assert [token.text for token in tokens if token.kind == "sign"] == ["->", "<<=", "+", "-", ";", "(", "...", ")", ";"]
    assert [token.line for token in tokens if token.kind == "directive"] == [2] and tokens[-1].line == 4
    for path in sorted((ROOT / "src" / "wire").rglob("*.[ch]")):
        source = path.read_text(encoding="utf-8")
        assert "".join(token.text for token in tokenize(source)) == source, path
        assert all(m.apply(source).count("\n") == source.count("\n") != source for m in mutations(source)), path


def test_conditions():
    """Conditions are turned, comparisons shifted, and becomes or"""
    assert made("if (a (b) && c)\n x ();", "condition turned") == ["if (!(a (b) && c)) x ();"]
    assert made("if (a (b))\n g_debug (c);", "condition turned") == []
    assert made("if (a (b))\n g_debug (c);\nelse\n x ();", "condition turned") == ["if (!(a (b))) g_debug (c); else x ();"]
    assert made("while (a)\n x ();", "condition turned") == ["while (!(a)) x ();"]
    assert made("if (a && b || c) ;", "and for or") == ["if (a || b || c) ;", "if (a && b && c) ;"]
    for sign, other in (("<", "<="), ("<=", "<"), (">", ">="), (">=", ">"), ("==", "!="), ("!=", "==")):
        assert made(f"x = a {sign} b;", "comparison shifted") == [f"x = a {other} b;"]
    assert made("x = a->b << 3;", "comparison shifted") == []


def test_errors():
    """Error checks are taken out"""
    assert made("if (!g (error))\n x ();", "error check taken out") == ["if (FALSE && (!g (error))) x ();"]
    assert made("if (local_error != NULL) x ();", "error check taken out") == ["if (FALSE && (local_error != NULL)) x ();"]
    assert made("if (a != NULL) x ();", "error check taken out") == []
    assert made("if (error != NULL) g_debug (a);", "error check taken out") == []
    assert made("if (!g (error)) g_debug (a);", "error check taken out") == ["if (FALSE && (!g (error))) g_debug (a);"]


def test_calls():
    """Statements that are a call are dropped, and no others; a timer's removal is a kind of its own"""
    assert made("a (b);", "call dropped") == [";"]
    assert made("if (a)\n  b (c, d ());\nelse\n  e ();", "call dropped") == ["if (a) ; else e ();", "if (a) b (c, d ()); else ;"]
    assert made("K (self)->dispose (self);", "call dropped") == [";"]
    assert made("switch (x) { case A: a (); break; }", "call dropped") == ["switch (x) { case A: ; break; }"]
    for kept in ("x = a ();", "g_autoptr (T) x = a ();", "T x;", "return a ();", "g_debug (\"a\");", "g_assert (a);",
                 "g_queue_init (&a);", "g_return_if_fail (a);", "x ? y : z ();"):
        assert made(kept, "call dropped") == [], kept
    for removal in ("g_source_remove (x);", "g_clear_handle_id (&self->timer, g_source_remove);"):
        assert made(removal, "timer's removal dropped") == [";"]
        assert made(removal, "call dropped") == []


def test_releases():
    """What only gives memory back is a kind of its own, for no test but a sanitizer sees it"""
    for release in ("g_free (a);", "g_strfreev (self->words);", "dw_x_free (x);", "g_object_unref (self);", "g_list_free (x);"):
        assert made(release, "release dropped") == [";"], release
        assert made(release, "call dropped") == []
    for kept in ("g_clear_object (&self->a);", "g_clear_pointer (&self->a, g_free);", "dw_free_all (x);"):
        assert made(kept, "call dropped") == [";"] and made(kept, "release dropped") == [], kept
    text = "static void\ndw_x_finalize (GObject *object)\n{\n  g_clear_object (&self->a);\n  b ();\n}\n"
    assert [m.kind for m in mutations(text)] == ["release dropped", "call dropped"]


def test_returns():
    """Returns are swapped, and early ones dropped"""
    assert made("if (a)\n  return TRUE;", "return swapped") == ["if (a) return FALSE;"]
    assert made("return G_SOURCE_REMOVE;", "return swapped") == ["return G_SOURCE_CONTINUE;"]
    assert made("if (a)\n  return g (b);\nc ();", "early return dropped") == ["if (a) ; c ();"]
    text = "void\nf (void)\n{\n  a ();\n  return;\n}\n"
    assert not [m for m in mutations(text) if m.kind == "early return dropped"]


def test_constants():
    """Constants and limits are off by one; the length of a wait is not"""
    assert made("x = y + 7u;", "constant off by one") == ["x = y + 8u;", "x = y + 6u;"]
    assert made("x = 0;", "constant off by one") == ["x = 1;"]
    assert made("x = 0x10;", "constant off by one") == ["x = 17;", "x = 15;"]
    assert made("mkdir (0700);", "constant off by one") == ["mkdir (449);", "mkdir (447);"]
    assert made("x = 1.5;", "constant off by one") == []
    assert made("x = g_new0 (T, 1);", "constant off by one") == ["x = g_new0 (T, 0);"]
    assert made("x = f (text, -1);", "constant off by one") == ["x = f (text, -0);"]
    assert made("x = y - 1;", "constant off by one") == ["x = y - 2;", "x = y - 0;"]
    assert made("return -1;", "constant off by one") == ["return -2;", "return -0;"]
    text = "#define MOST (4 * 1024)\n#define WAIT_MS 500\n#include <a2.h>\n#if X > 3\n#endif\n"
    changed = [m.apply(text).splitlines()[0] for m in mutations(text)]
    assert changed == ["#define MOST (5 * 1024)", "#define MOST (3 * 1024)"], changed


def test_lines():
    """What is dropped leaves its lines, and only code in functions is dropped"""
    text = "void a (void);\nstatic int n = b (1);\nvoid\nf (void)\n{\n  a (x,\n     y);\n  c ();\n}\n"
    dropped = [m for m in mutations(text) if m.kind == "call dropped"]
    assert [m.line for m in dropped] == [6, 8] and dropped[0].apply(text).splitlines()[7] == "  c ();"


def test_draw():
    """A seed gives the same mutants, another one others, and more of them begin with the same"""
    def wings():
        return {wing: {kind: [(Path(wing), f"{kind}{i}") for i in range(20)] for kind in "abc"} for wing in ("wire", "client")}

    first, again, other = (list(draw(wings(), seed)) for seed in (1, 1, 2))
    assert first == again != other and len(first) == len(set(first)) == 120
    assert [wing for wing, _, _ in first[:4]] == ["client", "wire", "client", "wire"]


def test_nearest():
    """A room's own test comes first, then one that names it, then its wing's, then the rest"""
    room = Path("src/client/messages/dw-day-line.c")
    own, names, wing, far = (Test(name, suite, [], {}, [], [], words) for name, suite, words in (
        ("day-line", "client", ""), ("history", "client", "x = dw_day_line_new ();"), ("stage", "client", "dw_day_new ();"),
        ("frame", "wire", "")))
    assert [test.distance(room) for test in (own, names, wing, far)] == [0, 1, 2, 3]
    program = Test("terminal", "client", ["python3", "/x/tests/cli/test-terminal.py"], {}, [])
    assert [program.distance(Path("src", wing, "dw-x.c")) for wing in ("cli", "client", "net")] == [2, 2, 3]


def test_table():
    """A survivor is listed with file, line and change, and counts against its wing"""
    survivor = mutations("void\nf (void)\n{\n  a ();\n}\n")[0]
    said = table([(Path("src/wire/dw-x.c"), survivor)], {"wire": Counter(noticed=3, survived=1, equal=2)}).splitlines()
    assert said[1].split() == ["src/wire/dw-x.c:4", "call", "dropped:", "a", "();"], said
    assert said[4].split() == ["wire", "4", "3", "1", "75%", "2", "0"], said


SMALL = {
    "meson.build": """project('small', 'c')
lib = static_library('x', 'src/wire/dw-x.c')
program = executable('test-x', 'tests/wire/test-x.c', link_with: lib)
test('x', program, depends: program, suite: 'wire', protocol: 'tap')
""",
    "src/wire/dw-x.c": """int
dw_x (int n)
{
  if (n > 3)
    return 7;
  return n;
}

int
dw_y (int n)
{
  while (n > 3)
    n--;
  return 0 * 5 + n;
}
""",
    "tests/wire/test-x.c": """#include <stdio.h>
int dw_x (int n);
int dw_y (int n);
int
main (void)
{
  printf ("1..1\\n%s 1 x\\n", dw_x (3) == 3 && dw_x (9) == 7 && dw_y (2) == 2 ? "ok" : "not ok");
  return 0;
}
""",
}


def test_judgement():
    """Of a small program: what a test looks at is noticed, a hang too, what none looks at survives, what is equal is left out"""
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in SMALL.items():
            path = Path(scratch) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, HERE / "mutate.py", "100", "1", "--tree", scratch, "--patience", "1"],
                              capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
        survivors = [line.strip() for line in done.stdout.split("\n\n")[0].splitlines()[1:]]
        assert any("src/wire/dw-x.c:12 " in line and "> → >=" in line for line in survivors), done.stdout
        assert not any("dw-x.c:4 " in line or "dw-x.c:5 " in line for line in survivors if "shifted" in line or "turned" in line), done.stdout
        assert "dw-x.c:12 condition turned: n > 3 → !(n > 3): x: no end within" in done.stderr, done.stderr
        wire = next(line.split() for line in done.stdout.splitlines() if line.startswith("wire"))
        assert int(wire[1]) == int(wire[2]) + int(wire[3]) and int(wire[2]) > 3 and int(wire[5]) > 0, wire
        assert "release dropped" not in done.stderr
        assert (Path(scratch) / "src/wire/dw-x.c").read_text(encoding="utf-8") == SMALL["src/wire/dw-x.c"]

        def measured_anew():
            done = subprocess.run([sys.executable, HERE / "mutate.py", "1", "2", "--tree", scratch, "--patience", "1"],
                                  capture_output=True, text=True, timeout=100, check=False)
            assert done.returncode == 0, done.stderr
            return "1 of 1 anew" in done.stderr

        # The next seed on the same tree takes the times of the one before, and a changed tree does not.
        assert "1 of 1 anew" in done.stderr and not measured_anew(), done.stderr
        with (Path(scratch) / "tests/wire/test-x.c").open("a", encoding="utf-8") as test:
            test.write("/* changed */\n")
        assert measured_anew() and not measured_anew()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/mutate")
