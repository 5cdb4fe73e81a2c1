#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time from exec to the first painted window, and private memory, next to a bare AdwApplicationWindow and Dino.
Then how often an idle program wakes."""

import glob
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
MANY = 1_000_000
STAGES = 20
WIDE = 1000
IDLE_SECONDS = 20


def widen(folder):
    """Settings of a window that is wide enough for the stages at its side."""
    path = f"{folder}/glib-2.0/settings/keyfile"
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="ascii") as keyfile:
        keyfile.write(f"[io/github/dynamowave/Chat]\nwindow-width={WIDE}\n")
    return {"GSETTINGS_BACKEND": "keyfile", "XDG_CONFIG_HOME": folder}


def start(watcher, command, data, settings=None):
    environment = {**os.environ, "XDG_DATA_HOME": data, **(settings or {})}
    line = subprocess.run([watcher, *command], env=environment, capture_output=True, text=True, check=True, timeout=60).stdout
    shown, memory, pid = line.split()
    return float(shown), int(memory) / 1024, int(pid)


def end(pid):
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.02)


def fill(bench_store, folder, url, rows=MANY):
    """Makes a profile with many stages and a history."""
    path = f"{folder}/dynamowave-chat/history.sqlite"
    os.makedirs(os.path.dirname(path), mode=0o700)
    subprocess.run([bench_store, "plain", path, str(rows)], check=True, stdout=subprocess.DEVNULL, timeout=600)
    database = sqlite3.connect(path)
    database.executemany("INSERT INTO stages (stage, uuid, place, name, urls, dialect, own_name) VALUES (?, ?, ?, ?, ?, 'dynamowave', 'Ada')",
                         [(number, str(uuid.uuid4()), number, f"Stage {number}", f"{url}?stage={number}") for number in range(1, STAGES + 1)])
    database.commit()
    database.close()
    os.sync()  # otherwise the disk is still busy with it when the first windows are timed


def wake_ups(pid):
    """How often the process's threads slept and were woken."""
    counts = {}
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="utf-8") as status:
            counts[path] = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read(), re.M).group(1))
    return counts


def idle(watcher, command, folder):
    _, _, pid = start(watcher, command, folder)
    time.sleep(40)  # it is connected by then and has finished starting: idle pool threads exit, the last after 15 s
    before = wake_ups(pid)
    time.sleep(IDLE_SECONDS)
    after = wake_ups(pid)
    woken = sum(count - before.get(thread, 0) for thread, count in after.items()) + len(before.keys() - after.keys())
    end(pid)
    return woken


def main(folder):
    watcher, bare, bench_store = (f"{folder}/{name}" for name in ("bench-paint", "bench-bare-window", "bench-store"))
    chat = os.environ["DYNAMOWAVE_CHAT"]
    stage = subprocess.Popen([os.environ["DYNAMOWAVE_STAGE"], "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    url = re.search(r"ws://\S+", stage.stdout.readline()).group(0)
    figures = {"bare": [], "empty": [], "full": [], "dino": []}
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as scratch:
        commands = {"bare": [bare], "empty": [chat], "full": [chat], "dino": ["dino-im"]}
        fill(bench_store, f"{scratch}/full", url)
        wide = widen(f"{scratch}/settings")
        for number in range(ROUNDS + 1):
            for name, command in commands.items():
                data = f"{scratch}/full" if name == "full" else f"{scratch}/{name}-{number}"
                shown, memory, pid = start(watcher, command, data, wide if name == "full" else None)
                end(pid)
                if number > 0:  # the first start reads from the disk
                    figures[name].append((shown, memory))
        woken = statistics.median(idle(watcher, [chat, url], f"{scratch}/idle-{number}") for number in range(3))
        fill(bench_store, f"{scratch}/stages", url, 100)
        woken_by_many = idle(watcher, [chat], f"{scratch}/stages")
    stage.terminate()
    shown, memory = ({name: statistics.median(column[at] for column in rows) for name, rows in figures.items()} for at in (0, 1))
    for name, words in (("bare", "bare window"), ("empty", "client, empty"),
                        ("full", f"client, {MANY:,} messages and {STAGES} stages at its side"), ("dino", "Dino")):
        print(f"{words}: {shown[name]:.0f} ms to the first paint, {shown[name] / shown['bare']:.2f} of the bare window; "
              f"private memory {memory[name]:.1f} MiB, {memory[name] / memory['bare']:.2f}")
    print(f"medians of {ROUNDS}; at most 1.2 of the bare window's time and 1.25 of its memory")
    print(f"client / Dino: {shown['empty'] / shown['dino']:.2f}, full {shown['full'] / shown['dino']:.2f} (at most 0.85)")
    print(f"connected, idle, without the focus: {woken:.0f} wake-ups in {IDLE_SECONDS} s (at most 2)")
    print(f"the same with {STAGES} stages: {woken_by_many} (at most 10)")
    slowest = max(shown["empty"], shown["full"])
    good = (slowest <= 1.2 * shown["bare"] and slowest <= 0.85 * shown["dino"]
            and memory["empty"] <= 1.25 * memory["bare"] and woken <= 2 and woken_by_many <= 10)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv[1])
