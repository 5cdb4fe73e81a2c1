#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""/@metrics as Prometheus reads it: every line of the text format, and numbers that are true."""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "window"))
import tap  # noqa: E402
from serving import stage, until  # noqa: E402

SOURCE = Path(os.environ["DYNAMOWAVE_SOURCE"])
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},?)*)\}})? (\S+)")
# What a sample of a histogram adds to the name of its family.
PARTS = {"histogram": ("_bucket", "_sum", "_count")}


def parse(text):
    """Each family of the text format, version 0.0.4: its type, and its samples by name and labels. Strict where Prometheus is."""
    assert text.endswith("\n") and "\r" not in text and "\n\n" not in text
    families, current = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, words = re.fullmatch(rf"# HELP ({NAME}) (.+)", line).groups()
            assert name not in families, f"{name} comes twice"
            assert not re.search(r"\\(?![\\n])", words), line
            current = families[name] = {"name": name, "samples": {}}
        elif line.startswith("# TYPE "):
            name, kind = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line).groups()
            assert current and current["name"] == name and not current["samples"] and "type" not in current, line
            current["type"] = kind
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            name, labels, number = found.group(1), found.group(2), found.groups()[-1]
            assert name in {current["name"] + part for part in PARTS.get(current["type"], ("",))}, f"{line} is not of {current['name']}"
            key = name, tuple(sorted(re.findall(LABEL, labels or "")))
            assert key not in current["samples"], f"{line} comes twice"
            current["samples"][key] = float(number)
    return families


def check(families):
    """What promtool checks, and what a histogram has to be."""
    for name, family in families.items():
        assert family["samples"], name
        assert (family["type"] == "counter") == name.endswith("_total"), name
        assert not re.search(r"_(ms|milliseconds|us|minutes|kb|kilobytes|percent)(_|$)", name), name
        assert name.startswith(("dynamowave_", "process_")), name
        assert all(value >= 0 for value in family["samples"].values()), family
        if family["type"] != "histogram":
            continue
        buckets = [(float(dict(labels)["le"]), value) for (part, labels), value in family["samples"].items() if part.endswith("_bucket")]
        assert buckets == sorted(buckets) and [value for _, value in buckets] == sorted(value for _, value in buckets), buckets
        assert buckets[-1] == (float("inf"), family["samples"][(f"{name}_count", ())]), family
        assert name.endswith("_seconds") and (f"{name}_sum", ()) in family["samples"], family


def test_parser():
    """The reader of the tests refuses what Prometheus refuses"""
    head = "# HELP a_b x\n# TYPE a_b gauge\n"
    assert parse(f'{head}a_b{{c="d\\"\\\\\\n"}} 1\na_b 2.5e3\n')["a_b"]["samples"] == {("a_b", (("c", 'd\\"\\\\\\n'),)): 1, ("a_b", ()): 2500}
    for wrong in (f"{head}a_b 1", f"{head}a_b 1\na_b 2\n", f"{head}a_c 1\n", f"{head}a_b{{c=d}} 1\n", f'{head}a_b{{c="\\x"}} 1\n', f'{head}a_b{{c="d"e"}} 1\n', f"{head}a_b x\n",
                  f"{head}{head}", "a_b 1\n", f"{head}a_b 1\n\n", f"{head}a-b 1\n", "# TYPE a_b gauge\n# HELP a_b x\n"):
        try:
            parse(wrong)
        except (AssertionError, AttributeError, ValueError, TypeError):
            continue
        raise AssertionError(f"{wrong!r} was read")


def test_text():
    """Every line can be read, names have units, and who asks without the token gets nothing"""
    with stage("--stage", "a-b_c") as running:
        status, headers, text = running.answer()
        assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers
        families = parse(text)
        check(families)
        (_, labels), value = next(iter(families["dynamowave_build_info"]["samples"].items()))
        assert dict(labels)["stage"] == "a-b_c" and re.fullmatch(r"\d+(\.\d+)+", dict(labels)["version"]) and value == 1, labels
        assert "dynamowave_certificate_expiry_timestamp_seconds" not in families
        for accept in ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", "application/json"):
            assert running.answer(Accept=accept)[1]["Content-Type"].startswith("text/plain; version=0.0.4"), accept
        assert running.answer(token="wrong")[0] == 403 and "dynamowave_" not in running.answer(token="wrong")[2]


def test_numbers():
    """The numbers are what happened"""
    with stage() as running:
        before = running.metrics()
        clients = [running.upgrade()[0] for _ in range(3)]
        assert running.status(path="/nowhere") == 403
        payload = b'{"action":"sendMessage","message":"hello"}'
        clients[0].sendall(bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload)
        assert all(b"hello" in client.recv(4096) for client in clients)
        until("the message", lambda: running.metrics()["dynamowave_message_seconds_count"] == 1)
        after = running.metrics()
        for name, grew in (("dynamowave_connections", 3), ("dynamowave_connects_total", 3), ("dynamowave_refused_total", 1), ("dynamowave_messages_total", 1),
                           ("dynamowave_deliveries_total", 3), ('dynamowave_message_seconds_bucket{le="+Inf"}', 1)):
            assert after[name] - before[name] == grew, (name, before[name], after[name])
        assert after["process_open_fds"] == after["dynamowave_descriptors"] == before["process_open_fds"] + 3
        assert after["process_cpu_seconds_total"] >= before["process_cpu_seconds_total"] > 0
        assert 1e6 < after["process_resident_memory_bytes"] < 1e9 and after["process_max_fds"] > after["process_open_fds"]
        started = Path(f"/proc/{running.process.pid}").stat().st_ctime
        assert abs(after["process_start_time_seconds"] - started) < 30, started
        check(parse(running.answer()[2]))
        for client in clients:
            client.close()
        until("nobody", lambda: running.metrics()["dynamowave_connections"] == 0)
        assert running.metrics()["dynamowave_disconnects_total"] == 3


def test_documented():
    """Each metric that the guide names is there"""
    named = set(re.findall(r"\b(?:dynamowave|process)_[a-z_]+\b", (SOURCE / "docs/a-stage-for-a-team.md").read_text(encoding="utf-8")))
    options = "--tls-certificate", SOURCE / "tests/data/self-signed.pem", "--tls-key", SOURCE / "tests/data/self-signed.key"
    # Its key is everybody's, which is worth a warning.
    with stage(*options, warns=True) as running:
        families = parse(running.answer()[2])
        check(families)
        assert len(named) > 5 and named <= set(families), named - set(families)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/stage/metrics-text")
