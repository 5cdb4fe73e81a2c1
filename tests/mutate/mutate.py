#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the sources wrong at one place at a time, in a copy of the tree, and asks the tests whether they notice.

Printed at the end: each change that no test noticed, and how many were noticed in each wing of src."""

import argparse
import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mutations import mutations  # noqa: E402

# Windows take minutes, the house reads the tree and not the program, and the others are given time by whoever starts them.
SUITES_LEFT_OUT = {"window", "house", "interop", "fuzz"}
# What mostly windows look at is not drawn, unless --only names it.
WINGS_LEFT_OUT = {"app"}
# A leak changes nothing that a test could look at, so only the sanitizers are asked about it.
LEAKS = "release dropped"
SANITIZE = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=1"]


def say(*words):
    print("mutate:", *words, file=sys.stderr, flush=True)


def copy_tree(source, target):
    """Brings a copy up to date and touches nothing that is equal, so that little is built again."""
    wanted = set()
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if not name.startswith(("_", ".")) and name != "node_modules"]
        for name in files:
            path = Path(folder, name)
            inner = path.relative_to(source)
            wanted.add(inner)
            twin = target / inner
            if path.is_symlink() or (twin.exists() and twin.read_bytes() == path.read_bytes()):
                continue
            twin.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, twin)
    for path in target.rglob("*"):
        if path.is_file() and path.relative_to(target) not in wanted:
            path.unlink()


def hash_tree(folder):
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(os.fsencode(path.relative_to(folder)) + b"\0" + hash_file(path))
    return whole.hexdigest()


def hash_file(path):
    return hashlib.sha256(path.read_bytes()).digest() if path.exists() else b""


@dataclass
class Test:
    """A test program, as meson describes it."""
    name: str
    suite: str
    command: list
    env: dict
    programs: list  # what is built for it
    files: list = field(default_factory=list)  # what those programs write about themselves, once: a wrong one could hang
    words: str = ""  # its sources, to see which rooms it names
    limit: float = 120
    took: float = 0
    before: dict = field(default_factory=dict)  # the programs as they are when nothing is wrong

    def distance(self, room):
        """How far a test is from a room of src: its own, one that names it, its wing's, any other."""
        stem = room.stem.removeprefix("dw-")
        symbol = re.escape("dw_" + stem.replace("-", "_"))
        if self.name == stem:
            return 0
        if re.search(rf"\b{symbol}_|[/\"]{re.escape(room.stem)}\.h", self.words):
            return 1
        # Tests of a program belong to the suite of a wing, and are in a folder of their own.
        folders = {Path(word).parent.name for word in self.command if word.endswith(".py")}
        return 2 if {self.suite, *folders} & set(room.parts) else 3


class Running:
    """Test programs that run beside each other and end together."""

    def __init__(self):
        self.lock = threading.Lock()
        self.processes = set()
        self.over = False

    def run(self, test, folder, limit):
        """Returns what went wrong, or an empty string."""
        environment = {**os.environ, "MALLOC_PERTURB_": "165", **test.env}
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            environment.pop(name, None)
        with self.lock:
            if self.over:
                return ""
            process = subprocess.Popen(test.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True)
            self.processes.add(process)
        stopped = []
        timer = threading.Timer(limit, lambda: (stopped.append(True), kill(process)))
        timer.start()
        wrong = ""
        for line in process.stdout:
            if line.startswith(("not ok", "Bail out")):
                wrong = line.strip()
                break
        kill(process, wait=not wrong and not stopped)
        timer.cancel()
        process.stdout.close()
        with self.lock:
            self.processes.discard(process)
            if self.over:
                return ""
        if stopped:
            return f"no end within {limit:.0f} s"
        return wrong or (f"ended with {process.returncode}" if process.returncode else "")

    def end(self):
        with self.lock:
            self.over = True
            processes = list(self.processes)
        for process in processes:
            kill(process)


def kill(process, wait=False):
    if wait:
        process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)  # a bus and a stage may be left
    except ProcessLookupError:
        pass
    process.wait()


class Workshop:
    """A copy of the tree and its build, in which one place at a time is wrong."""

    def __init__(self, tree, folder, name, options, jobs, left_out, near=()):
        self.tree, self.build, self.jobs, self.left_out = folder / "tree", folder / name, jobs, left_out
        self.measured = folder / f"{name}-measured.json"
        self.near = near  # the rooms of which only the nearest tests are asked, if any
        copy_tree(tree, self.tree)
        # Without debug information two objects are equal where the program is. Warnings say what is odd, not what is wrong.
        options = ["-Ddebug=false", "-Doptimization=2", "-Dwerror=false", *options]
        environment = {**os.environ, "CC": os.environ.get("CC") or ("ccache cc" if shutil.which("ccache") else "cc")}
        if not (self.build / "build.ninja").exists():
            subprocess.run(["meson", "setup", self.build, self.tree, *options], env=environment, check=True, stdout=subprocess.DEVNULL)
        # A folder of an earlier run may not know this tree's tests yet.
        self.make(["build.ninja"])
        self.tests = [test for test in self.find_tests() if not near or any(test.distance(room) < 3 for room in near)]
        if not self.make([path for test in self.tests for path in (*test.programs, *test.files)]):
            sys.exit("mutate: the tree does not build as it is")
        self.objects = self.find_objects()

    def ask(self, what):
        done = subprocess.run(["meson", "introspect", self.build, f"--{what}"], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def find_tests(self):
        targets = {target["id"]: target for target in self.ask("targets")}
        tests = []
        for test in self.ask("tests"):
            suite = test["suite"][0].split(":")[-1]
            if suite in self.left_out:
                continue
            used = [targets[name] for name in test["depends"] if name in targets]
            programs = [Path(target["filename"][0]) for target in used if target["type"] == "executable"]
            written = [Path(target["filename"][0]) for target in used if target["type"] == "custom"]
            files = [Path(path) for target in used for group in target["target_sources"] for path in group.get("sources", [])]
            files += [Path(word) for word in test["cmd"] if word.endswith(".py")]
            words = "\n".join(path.read_text(encoding="utf-8") for path in files
                              if path.exists() and (self.tree / "src") not in path.parents)
            tests.append(Test(test["name"], suite, test["cmd"], test["env"], programs, written, words))
        return tests

    def find_objects(self):
        """What is compiled of each file."""
        done = subprocess.run(["ninja", "-C", self.build, "-t", "deps"], check=True, capture_output=True, text=True)
        objects, name = {}, None
        for line in done.stdout.splitlines():
            if line and not line.startswith(" "):
                name = Path(line.split(":")[0])
            elif line.strip() and name.suffix == ".o":
                objects.setdefault((self.build / line.strip()).resolve(), set()).add(name)
        return objects

    def make(self, targets):
        targets = sorted({str(Path(path).relative_to(self.build) if Path(path).is_absolute() else path) for path in targets})
        done = subprocess.run(["ninja", "-C", self.build, *targets], check=False, capture_output=True)
        return done.returncode == 0

    def recall(self, key):
        """How long the tests took that an earlier run measured on this very tree: seeds come in rows."""
        try:
            earlier = json.loads(self.measured.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return earlier["took"] if earlier.get("key") == key else {}

    def measure(self, patience):
        """Runs every test as the tree is, as many beside each other as later. One that fails then can say nothing."""
        key = f"{hash_tree(self.tree)} {self.jobs}"
        known = self.recall(key)
        say(f"running the tests as the tree is, {sum(test.name not in known for test in self.tests)} of {len(self.tests)} anew")

        def look(test):
            wrong, test.took = "", known.get(test.name, 0)
            for _ in range(0 if test.name in known else 3):
                began = time.monotonic()
                wrong = Running().run(test, self.build, 600)
                test.took = time.monotonic() - began
                if not wrong:
                    break
            # On a machine that does other things too. A wait that fails by itself, after 20 s, still says which it was.
            test.limit = 2 * test.took + patience
            test.before = {path: hash_file(path) for path in test.programs}
            if wrong:
                say(f"left out, for it fails as the tree is: {test.name}: {wrong}")
            return not wrong

        with ThreadPoolExecutor(self.jobs) as pool:
            fit = list(pool.map(look, self.tests))
        self.tests = [test for test, good in zip(self.tests, fit) if good]
        took = {**known, **{test.name: test.took for test in self.tests}}
        self.measured.write_text(json.dumps({"key": key, "took": took}), encoding="utf-8")

    def nearest(self, room):
        tests = [test for test in self.tests if not self.near or test.distance(room) < 3]
        return sorted(tests, key=lambda test: (test.distance(room), test.took, test.name))

    def notices(self, test, running):
        if not self.make_one(test):
            return ""
        if test.before == {path: hash_file(path) for path in test.programs}:
            return ""
        wrong = running.run(test, self.build, test.limit)
        # Once more: a test that fails now and then has noticed nothing.
        if wrong and not wrong.startswith("no end"):
            wrong = running.run(test, self.build, test.limit)
        return f"{test.name}: {wrong}" if wrong else ""

    def make_one(self, test):
        with self.making:
            return self.make(test.programs)

    making = threading.Lock()

    def judge(self, inner, mutation):
        """Returns “not compiled”, “equal”, “survived”, or which test noticed it and how."""
        path = self.tree / inner
        right = path.read_text(encoding="utf-8")
        objects = self.objects.get(path.resolve(), set())
        # The objects may still be those of the mutant before.
        self.make(objects)
        before = {name: hash_file(self.build / name) for name in objects}
        path.write_text(mutation.apply(right), encoding="utf-8")
        try:
            if not objects or not self.make(objects):
                return "not compiled"
            if before == {name: hash_file(self.build / name) for name in objects}:
                return "equal"
            return self.ask_tests(inner)
        finally:
            path.write_text(right, encoding="utf-8")

    def ask_tests(self, inner):
        running, found = Running(), []

        def look(test):
            wrong = "" if running.over else self.notices(test, running)
            if wrong and not running.over:
                found.append(wrong)
                running.end()

        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(look, self.nearest(inner)))
        return found[0] if found else "survived"


def wing_of(inner):
    return inner.parts[1] if len(inner.parts) > 2 else "."


def candidates(tree, only, leaks=False):
    """Of each wing, every mutation by its kind."""
    wings = {}
    for path in sorted((tree / "src").rglob("*.[ch]")):
        inner = path.relative_to(tree)
        if only and not any(inner == name or name in inner.parents for name in only):
            continue
        if not only and wing_of(inner) in WINGS_LEFT_OUT | {"."}:
            continue
        for mutation in mutations(path.read_text(encoding="utf-8")):
            if leaks or mutation.kind != LEAKS:
                wings.setdefault(wing_of(inner), {}).setdefault(mutation.kind, []).append((inner, mutation))
    return wings


def draw(wings, seed):
    """Every mutation once: the wings in turn, a kind by chance, a place of it by chance. A seed gives the same ones."""
    chance = random.Random(seed)
    for wing in wings.values():
        for kind in wing.values():
            chance.shuffle(kind)
    while wings:
        for name in sorted(wings):
            kinds = wings[name]
            kind = chance.choice(sorted(kinds))
            yield name, *kinds[kind].pop()
            if not kinds[kind]:
                del kinds[kind]
            if not kinds:
                del wings[name]


def table(survivors, counts):
    lines = []
    if survivors:
        lines.append("Survivors")
        places = [f"{inner}:{mutation.line}" for inner, mutation in survivors]
        width = max(map(len, places))
        lines += [f"  {place:{width}}  {mutation}" for place, (_, mutation) in sorted(zip(places, survivors), key=lambda row: row[0])]
        lines.append("")
    lines.append(f"{'wing':10} {'mutants':>8} {'noticed':>8} {'survived':>9} {'':>5} {'equal':>7} {'not compiled':>13}")
    for name, count in [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]:
        judged = count["noticed"] + count["survived"]
        share = f"{100 * count['noticed'] / judged:.0f}%" if judged else "–"
        lines.append(f"{name:10} {judged:8} {count['noticed']:8} {count['survived']:9} {share:>5} {count['equal']:7} {count['not compiled']:13}")
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=150, help="how many mutants that compile and differ (150)")
    parser.add_argument("seed", nargs="?", type=int, default=1, help="which ones (1)")
    parser.add_argument("--only", action="append", type=Path, default=[], metavar="PATH", help="a folder or a file below src")
    parser.add_argument("--sanitize", action="store_true", help="ask the tests about survivors once more, under the sanitizers, and about leaks too")
    parser.add_argument("--near", action="store_true", help="ask only the tests that name the file and those of its wing")
    # The tests mostly wait for clocks: the longest take 24 seconds and half a second of a processor (measured).
    parser.add_argument("--jobs", type=int, default=3 * os.cpu_count(), help="how many tests run beside each other (3 a processor)")
    parser.add_argument("--patience", type=float, default=25, help="seconds that a test may take beyond twice its time (25)")
    parser.add_argument("--tree", type=Path, default=Path(__file__).resolve().parents[2], help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    wanted = arguments()
    tree, folder = wanted.tree.resolve(), wanted.tree.resolve() / "_mutate"
    wings = candidates(tree, wanted.only, wanted.sanitize)
    near = {inner for wing in wings.values() for kind in wing.values() for inner, _ in kind} if wanted.near else ()
    if not wings:
        sys.exit("mutate: nothing to change there")
    folder.mkdir(exist_ok=True)
    lock = open(folder / "lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"mutate: another one works in {folder}")
    say("building a copy of the tree")
    left_out = SUITES_LEFT_OUT | WINGS_LEFT_OUT - set(wings)
    shop = Workshop(tree, folder, "build", [], wanted.jobs, left_out, near)
    shop.measure(wanted.patience)
    strict = None
    counts, survivors, n = {name: Counter() for name in wings}, [], 0
    for name, inner, mutation in draw(wings, wanted.seed):
        if n >= wanted.count:
            break
        verdict = "survived" if mutation.kind == LEAKS else shop.judge(inner, mutation)
        if verdict == "survived" and wanted.sanitize:
            if strict is None:
                say("building it with the sanitizers")
                strict = Workshop(tree, folder, "sanitize", SANITIZE, wanted.jobs, left_out, near)
                strict.measure(wanted.patience)
            verdict = strict.judge(inner, mutation)
            if verdict in ("not compiled", "equal") and mutation.kind != LEAKS:
                verdict = "survived"
        if verdict in ("not compiled", "equal"):
            counts[name][verdict] += 1
            continue
        n += 1
        counts[name]["survived" if verdict == "survived" else "noticed"] += 1
        if verdict == "survived":
            survivors.append((inner, mutation))
        say(f"{n}/{wanted.count} {inner}:{mutation.line} {mutation}: {verdict}")
    report = table(survivors, counts)
    (folder / "report.txt").write_text(report + "\n", encoding="utf-8")
    print(report)


if __name__ == "__main__":
    main()
