#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays one broadcast to many connections under the limits of an AWS account, for three designs: ours, the article's scan
and loop, and a Node function that posts with fifty connections. Prints a table and draws it into simulation.svg beside
this file; see ./dev aws simulate."""

import argparse
import heapq
import random
import sys
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent

# name: what it is, and where the figure is from.
DEFAULTS = {
    "rate": (10000, "calls a second an account may make, all APIs and @connections together (API Gateway quotas)"),
    "burst": (5000, "calls at once (API Gateway quotas)"),
    "latency": (15, "milliseconds until a post is answered (assumed; nobody has published a measurement)"),
    "memory": (512, "megabytes of the function; 1,769 are one processor (Lambda, “Configure memory”)"),
    "ours-cpu": (85, "microseconds of CPU a post costs ours (./dev bench functions)"),
    "node-cpu": (710, "microseconds of CPU a post costs Node with the SDK (./dev bench functions)"),
    "timeout": (29, "seconds a function may take behind API Gateway (quotas)"),
    "scan": (40, "milliseconds to read and parse a page of a megabyte, about 8,000 rows (measured with DynamoDB Local)"),
}
PAGE = 8000

Design = namedtuple("Design", "name cpu first most grows attempts hands_on one_page")
Result = namedtuple("Result", "delivered lost p50 p99 last throttles runs seconds")


class Bucket:
    def __init__(self, rate, burst):
        self.rate, self.burst, self.tokens, self.time = rate, burst, burst, 0

    def take(self, now):
        self.tokens = min(self.burst, self.tokens + (now - self.time) * self.rate)
        self.time = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Window:
    """As backend/aws/dw-window.c."""

    def __init__(self, design):
        self.size, self.most, self.grows, self.cut = design.first, design.most, design.grows, None

    def success(self):
        if self.grows:
            self.size = min(self.most, self.size + (1 if self.cut is None else 1 / self.size))

    def throttled(self, started, now):
        if self.grows and (self.cut is None or started > self.cut):
            self.cut = now
            self.size = max(self.size / 2, 1)


def play(design, connections, given, seed=1):
    """One broadcast, second by second: a processor that does one thing at a time, posts in flight, a shared bucket."""
    chance = random.Random(seed)
    bucket, window = Bucket(given["rate"], given["burst"]), Window(design)
    share = min(given["memory"] / 1769, 1)
    cost, latency = design.cpu / 1e6 / share, given["latency"] / 1000
    reserve = 2 if design.hands_on else 0
    total = min(connections, PAGE) if design.one_page else connections
    begun, processor, now = 0.0, given["scan"] / 1000, given["scan"] / 1000
    next_post, flight, throttles, runs, seconds = 0, 0, 0, 1, 0.0
    times, events, waiting, lost = [], [], [], 0  # events: (time, number, kind, started, attempt)
    number = 0
    while True:
        over = now >= begun + given["timeout"] - reserve
        while flight < int(window.size) and (waiting or next_post < total) and not (over and not waiting):
            if next_post < total and not waiting and next_post % PAGE == 0 and next_post and processor < now:
                processor = now  # the next page was read while posts were under way
            attempt = waiting.pop() if waiting else 0
            next_post += attempt == 0
            start = max(now, processor)
            processor = start + cost
            flight += 1
            number += 1
            heapq.heappush(events, (processor + latency, number, bucket.take(processor), start, attempt))
        if not events:
            if next_post >= total and not waiting:
                break
            if not design.hands_on or not over:
                lost += total - next_post + len(waiting)
                break
            # The rest goes on in another run, cold at worst.
            seconds += now - begun
            runs += 1
            begun = now = processor = now + 0.1
            window = Window(design)
            continue
        now, _, answer, started, attempt = heapq.heappop(events)
        if answer is None:
            waiting.append(attempt)
            continue
        flight -= 1
        if now > begun + given["timeout"]:
            lost += 1
        elif answer:
            times.append(now)
            window.success()
        else:
            throttles += 1
            window.throttled(started, now)
            if attempt + 1 >= design.attempts:
                lost += 1
            else:
                number += 1
                pause = chance.uniform(0, min(2, 0.05 * 2 ** attempt))
                heapq.heappush(events, (now + pause, number, None, now, attempt + 1))
    seconds += min(now - begun, given["timeout"])
    lost += connections - total
    times.sort()
    pick = (lambda share: times[min(len(times) - 1, int(len(times) * share))]) if times else (lambda share: 0)
    return Result(len(times), lost, pick(0.5), pick(0.99), times[-1] if times else 0, throttles, runs, seconds)


def designs(given):
    return (Design("ours", given["ours-cpu"], 10, 500, True, 8, True, False),
            Design("scan and loop", given["node-cpu"], 1, 1, False, 1, False, True),
            Design("Node, 50 at once", given["node-cpu"], 50, 50, False, 4, False, False))


def monthly(result, connections, given, messages=1000):
    """Dollars for so many broadcasts a month: posts, the sender's frame, the scan, the function."""
    pages = connections * 128 / 4096 * 0.5
    return messages * ((result.delivered + 1) * 1e-6 + pages * 0.125e-6 + result.seconds * given["memory"] / 1024 * 0.0000133334 + result.runs * 0.2e-6)


def draw(rows, path):
    """The time until the last but one percent has a message, on a logarithmic scale."""
    import math

    colors = {"ours": "#3584e4", "scan and loop": "#e66100", "Node, 50 at once": "#9a9996"}
    sizes = sorted({connections for connections, _, _ in rows})
    left, top, width, height = 60, 40, 560, 240
    place = lambda seconds: top + height - height * (math.log10(max(seconds, 0.01)) + 2) / 4
    text = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {top + height + 70}" font-family="sans-serif" font-size="12">',
            f'<rect width="100%" height="100%" fill="#ffffff"/><text x="{left}" y="22" font-size="14">Seconds until 99 % of those it reaches have a message</text>']
    for exponent in range(-2, 3):
        y = place(10 ** exponent)
        text.append(f'<line x1="{left}" x2="{left + width}" y1="{y:.0f}" y2="{y:.0f}" stroke="#dddddd"/><text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{10 ** exponent:g}</text>')
    for index, connections in enumerate(sizes):
        x = left + 30 + index * width / len(sizes)
        text.append(f'<text x="{x + 60:.0f}" y="{top + height + 20}" text-anchor="middle">{connections:,} connections</text>')
        for bar, (_, name, result) in enumerate(row for row in rows if row[0] == connections):
            y = place(result.p99)
            text.append(f'<rect x="{x + bar * 42:.0f}" y="{y:.1f}" width="34" height="{top + height - y:.1f}" fill="{colors[name]}"/>')
            words = f"{result.p99:.2g} s" if not result.lost else f"{result.p99:.2g} s*"
            text.append(f'<text x="{x + bar * 42 + 17:.0f}" y="{y - 4:.1f}" text-anchor="middle" font-size="10">{words}</text>')
    for index, (name, color) in enumerate(colors.items()):
        text.append(f'<rect x="{left + index * 140}" y="{top + height + 36}" width="12" height="12" fill="{color}"/><text x="{left + index * 140 + 18}" y="{top + height + 46}">{name}</text>')
    text.append(f'<text x="{left + 430}" y="{top + height + 46}">* some are never reached</text></svg>')
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (value, words) in DEFAULTS.items():
        parser.add_argument(f"--{name}", type=float, default=value, help=f"{words.replace('%', '%%')}; default {value}")
    parser.add_argument("--connections", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--picture", type=Path, default=HERE / "simulation.svg")
    options = parser.parse_args()
    given = {name: getattr(options, name.replace("-", "_")) for name in DEFAULTS}
    rows = []
    print("| connections | design | reached | never | p50 s | p99 s | last s | throttled | runs | 1,000 such messages, $ |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for connections in options.connections:
        for design in designs(given):
            result = play(design, connections, given)
            rows.append((connections, design.name, result))
            print(f"| {connections:,} | {design.name} | {result.delivered:,} | {result.lost:,} | {result.p50:.2f} | {result.p99:.2f} | {result.last:.2f} | "
                  f"{result.throttles:,} | {result.runs} | {monthly(result, connections, given):.2f} |")
    draw(rows, options.picture)
    print(f"\nDrawn: {options.picture}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
