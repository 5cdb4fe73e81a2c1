#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client without a window on a terminal, where somebody types while messages arrive."""

import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "window"), str(HERE)]
import tap  # noqa: E402
from programs import CLI, Peer, Stage, Tail, run, send  # noqa: E402
from terminal import Terminal  # noqa: E402


def chat(url, *options, state=None, **environment):
    """A chat that is online. Its history is in a folder that nothing else uses."""
    terminal = Terminal(CLI, "chat", url, *options, XDG_STATE_HOME=state or "/nonexistent", **environment)
    terminal.until_shown("online")
    terminal.until("the prompt", lambda: terminal.last_line() == ">")
    return terminal


def listen(url):
    tail = Tail(url)
    tail.until(kind="state", state="online")
    return tail


def test_for_people():
    """A terminal gets words in colour, without NO_COLOR and a plain terminal; --json and a pipe get JSON"""
    with Stage() as stage:
        for environment, coloured in (({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            with Terminal(CLI, "tail", stage.url, "-c", "1", **{"NO_COLOR": "", **environment}) as tail:
                tail.until_shown("online")
                assert send(stage.url, "good evening", "--name", "Ada").returncode == 0
                assert tail.wait() == 0
                assert re.search(r"^\d\d:\d\d:\d\d Ada: good evening$", "\n".join(tail.screen()), re.M), tail.screen()
                assert (b"\x1b[" in tail.output) == coloured and b"{" not in tail.output, (environment, tail.output)
        with Terminal(CLI, "tail", stage.url, "-c", "1", "--json") as tail:
            tail.until("the state", lambda: b'"online"' in tail.output)
            assert send(stage.url, "good evening").returncode == 0
            assert tail.wait() == 0
            assert all(json.loads(line)["kind"] for line in tail.output.decode().splitlines()), tail.output


def test_typing_while_messages_arrive():
    """S-27: Messages are printed above the line that is being written, which stays whole and is sent whole"""
    with Stage() as stage, chat(stage.url) as terminal:
        tail = listen(stage.url)
        terminal.type("half a li")
        terminal.until_shown("> half a li")
        sent = send(stage.url, "-", "--name", "Ada", input="".join(f"message {n}\n" for n in range(20)))
        assert sent.returncode == 0, sent
        terminal.until_shown("message 19")
        terminal.until("the line again", lambda: terminal.last_line() == "> half a li")
        lines = [line for line in terminal.screen() if "message" in line]
        assert [line[9:] for line in lines] == [f"Ada: message {n}" for n in range(20)], lines
        # In the middle of it, too.
        terminal.type("\x01" + "\x06" * 4 + "-" + "\x05ne\r")
        assert tail.until(kind="message", text="half- a line")["text"] == "half- a line"
        terminal.until("an empty line", lambda: terminal.last_line() == ">")
        assert "> half- a line" in terminal.screen(), terminal.screen()
        terminal.type("\x04")
        assert terminal.wait() == 0
        tail.end()


def test_resize():
    """S-27: A line that is longer than the window survives messages and another size of the window"""
    text = "".join(f"{n:03} " for n in range(50)) + "end"
    with Stage() as stage, chat(stage.url) as terminal:
        tail = listen(stage.url)
        terminal.type(text)
        terminal.until("the line", lambda: terminal.last_line().endswith("end"))
        before = len(terminal.output)
        terminal.resize(24, 40)
        terminal.until("a new drawing", lambda: len(terminal.output) > before)
        assert send(stage.url, "in between").returncode == 0
        terminal.until_shown("in between")
        terminal.until("the line", lambda: terminal.last_line().endswith("end"))
        terminal.type("\r")
        assert tail.until(kind="message", text=text)
        terminal.type("/quit\r")
        assert terminal.wait() == 0
        tail.end()


def test_keys_that_end():
    """S-27: Ctrl+C drops the line, and ends the program on an empty one; Ctrl+D ends it; the terminal is as it was"""
    with Stage() as stage:
        for keys in ("\x03", "\x04", "/quit\r", "/close\r"):
            tail = listen(stage.url)
            with Terminal("/bin/sh", "-c", 'trap : INT; stty -g; "$0" chat "$1"; echo "status $?"; stty -g', CLI, stage.url,
                          XDG_STATE_HOME="/nonexistent") as shell:
                shell.until_shown("online")
                shell.type("never sent")
                shell.until_shown("> never sent")
                shell.type("\x03")
                shell.until("an empty line", lambda: shell.last_line() == ">")
                shell.type("sent\r")
                assert tail.until(kind="message")["text"] == "sent"
                shell.type(keys)
                assert shell.wait() == 0
                lines = [line for line in shell.screen() if line]
                shown = "".join(lines)
                before, after = shown.split(":0:0:0" + lines[2], 1)[0], shown.rsplit("status 0", 1)[1]
                assert after == before + ":0:0:0", (keys, lines)
                assert shell.output.count(b"\x1b[?2004h") == shell.output.count(b"\x1b[?2004l"), keys
            tail.end()


def test_history():
    """S-27: What was entered comes back, for each stage its own, in a private file of bounded size, and without secrets"""
    with tempfile.TemporaryDirectory() as state, Stage("--token", "S3CR3Tcanary") as stage, Stage() as other:
        token = Path(state) / "token"
        token.write_text("S3CR3Tcanary")
        token.chmod(0o600)
        with chat(stage.url, "--token-file", str(token), state=state) as terminal:
            for line in ("first", "the S3CR3Tcanary one", '/raw {"action":"auth","token":"hunter2"}', "password: hunter2", " with a space", "last"):
                terminal.type(line + "\r")
                terminal.until(line, lambda line=line: f"> {line}" in terminal.screen() and terminal.last_line() == ">")
            terminal.type("/quit\r")
            assert terminal.wait() == 0
        with chat(other.url, state=state) as terminal:
            terminal.type("\x10other\r\x04")
            assert terminal.wait() == 0
            assert "> other" in terminal.screen(), terminal.screen()
        files = sorted((Path(state) / "dynamowave" / "history").iterdir())
        texts = {file.read_text(encoding="utf-8") for file in files}
        assert texts == {"first\nlast\n/quit\n", "other\n"}, texts
        assert all(file.stat().st_mode & 0o777 == 0o600 for file in files), files
        assert all(file.parent.stat().st_mode & 0o777 == 0o700 for file in files)

        mine = next(file for file in files if file.read_text(encoding="utf-8").startswith("first"))
        mine.write_text("".join(f"{n} {'x' * 1000}\n" for n in range(600)) + "newest\n\xff\x1b]0;owned\x07\n", encoding="latin-1")
        with chat(stage.url, "--token-file", str(token), state=state) as terminal:
            terminal.type("\x10")
            terminal.until_shown("> newest")
            terminal.type("\r/quit\r")
            assert terminal.wait() == 0
        kept = mine.read_bytes()
        assert len(kept) <= 256 * 1024 and b"newest\n/quit\n" in kept and b"S3CR3T" not in kept, len(kept)
        assert mine.stat().st_mode & 0o777 == 0o600


def test_hostile_text():
    """S-27: No text of a peer moves the cursor, colours, sets a title or passes for a line of its own"""
    hostile = "\x1b]0;owned\x07\x9b2J\x1b[2J\x1b[1;1H\u202e\u2066evil\r\n12:00:00 Ada: I owe you 100\u2028\x7f\b\b\b end"
    with Stage() as stage, chat(stage.url) as terminal:
        terminal.type("mine")
        assert send(stage.url, hostile, "--name", "\x1b[31mMal\r\nlory\x9b").returncode == 0
        terminal.until_shown("I owe you")
        terminal.until("the line", lambda: terminal.last_line() == "> mine")
        assert not terminal.strange(), (terminal.strange(), terminal.output)
        assert not any(line.startswith("12:00:00") for line in terminal.screen()), terminal.screen()
        assert any(line.startswith("         12:00:00") for line in terminal.screen()), terminal.screen()
        # What somebody pastes is shown as what it is.
        terminal.type("\x15\x1b[200~\x1b]0;own\x07\x1b[2Jpasted\x1b[201~")
        terminal.until_shown("pasted")
        assert b"\x1b]" not in terminal.output and b"\x1b[2J" not in terminal.output, terminal.output[-500:]
        terminal.type("\x03")
        terminal.until("an empty line", lambda: terminal.last_line() == ">")
        # A paste whose end is lost does not hold the program.
        terminal.type("\x1b[200~no end")
        terminal.until_shown("> no end")
        terminal.type("\x15\x04")
        assert terminal.wait() == 0
    with Peer() as peer, Terminal(CLI, "raw", peer.url, "-P", XDG_STATE_HOME="/nonexistent") as terminal:
        for opcode, payload in ((1, hostile.encode()), (9, b"\x1b]0;ping\x07"), (10, b"\x1b[2Jpong"), (2, b"\x1b[2J\x00")):
            peer.send(opcode, payload)
        terminal.until_shown("1b 5b 32 4a 00")
        terminal.until_shown("pong")
        peer.send(8, (4000).to_bytes(2, "big") + b"\x1b]0;closed\x07")
        assert terminal.wait() == 1
        assert not terminal.strange(), (terminal.strange(), terminal.output)
        assert "closed 4000" in "\n".join(terminal.screen()), terminal.screen()


def test_large_paste():
    """S-27: 100 KB that are pasted, by a terminal that marks a paste or not, are taken at once and refused for their size"""
    paste = "0123456789" * 10000
    with Stage() as stage, chat(stage.url) as terminal:
        tail = listen(stage.url)
        for marked in (f"\x1b[200~{paste}\x1b[201~", paste):
            terminal.type(marked)
            terminal.type("\r")
            terminal.until("the refusal", lambda: terminal.output.count(b"failed:") == 1 + (marked == paste))
        # A line is never sent in parts, whatever its length.
        terminal.type(f"\x1b[200~{'y' * 200000}\x1b[201~\r")
        terminal.until("the refusal", lambda: terminal.output.count(b"failed:") == 3)
        terminal.type("\x1b[200~two\nlines\x1b[201~\r")
        assert tail.until(kind="message")["text"] == "two\nlines"
        terminal.type("/quit\r")
        assert terminal.wait() == 1
        tail.end()


def test_commands():
    """What begins with a slash is a command: frames, pings, another name, a close code; two slashes are a text"""
    with Stage() as stage, chat(stage.url, "--name", "Ada") as terminal:
        tail = listen(stage.url)
        terminal.type("/help\r")
        for command in ("/raw FRAME", "/ping [DATA]", "/name NAME", "/close [CODE [REASON]]", "/quit"):
            terminal.until_shown(command)
        terminal.type("/ping\r")
        terminal.until_shown("Pong received after")
        terminal.type("/name Bo\r//text\r")
        event = tail.until(kind="message")
        assert (event["sender"], event["text"]) == ("Bo", "/text"), event
        terminal.type('/raw {"action":"sendMessage","message":"as it is"}\r')
        event = tail.until(kind="message")
        assert event["text"] == "as it is" and "sender" not in event, event
        for wrong, words in (("/nope", "no such command"), ("/name", "/name NAME"), ("/close 1005", "1000 to 1003"), ("/close x", "1000 to 1003"),
                             ("/close 99999999999999999999", "1000 to 1003"), ("/close 1000 " + "x" * 124, "123 bytes"), ("/ping " + "x" * 126, "125 bytes"),
                             ("/raw " + "x" * 32769, "32 KiB")):
            before = terminal.output.count(words.encode())
            terminal.type(wrong + "\r")
            terminal.until(words, lambda words=words, before=before: terminal.output.count(words.encode()) > before)
        terminal.type("/ra\t")
        terminal.until_shown("> /raw")
        terminal.type("\x15/quit\r")
        assert terminal.wait() == 0
        tail.end()


def test_close_code():
    """S-28: /close sends the code and the reason, of a chat and of raw frames; /ping and /pong their data"""
    for command, ready in (("chat", "connected"), ("raw", "open")):
        with Peer() as peer, Terminal(CLI, command, peer.url, XDG_STATE_HOME="/nonexistent") as terminal:
            terminal.until_shown(ready)
            terminal.type("/ping a b\r")
            assert peer.until(9, b"a b") == b"a b"
            if command == "raw":
                peer.send(10, b"a b")
                terminal.until_shown("pong a b")
                terminal.type("/pong c\r")
                assert peer.until(10, b"c") == b"c"
                terminal.type('{"x":1}\r')
                assert peer.until(1) == b'{"x":1}'
            terminal.type("/close 4001 good bye\r")
            assert peer.until(8) == (4001).to_bytes(2, "big") + b"good bye"
            assert terminal.wait() == 0


def test_many_lines():
    """S-27: While 3,000 messages arrive, what is typed is neither lost nor mixed up"""
    with Peer() as peer, Terminal(CLI, "raw", peer.url, XDG_STATE_HOME="/nonexistent") as terminal:
        terminal.until_shown("open")
        text = "the quick brown fox jumps over the lazy dog"
        for n in range(3000):
            peer.send(1, b"m%d" % n)
            if n % 60 == 0 and n // 60 < len(text):
                terminal.type(text[n // 60])
        terminal.until_shown("< m2999")
        terminal.until("the line", lambda: terminal.last_line() == f"> {text}")
        shown = re.findall(r"< m(\d+)$", "\n".join(terminal.screen()), re.M)
        assert shown == [str(n) for n in range(3000)], len(shown)
        terminal.type("\r\x04")
        assert peer.until(1) == text.encode()
        assert terminal.wait() == 0


def test_doctor_asks():
    """“doctor” on a terminal asks before it says anything that others see"""
    with Stage() as stage:
        tail = listen(stage.url)
        for answer, asked in (("\r", False), ("n\r", False), ("y\r", True)):
            with Terminal(CLI, "doctor", stage.url) as terminal:
                terminal.until_shown("Everyone on the stage")
                terminal.type(answer)
                assert terminal.wait() == 0
                page = "\n".join(terminal.screen())
                assert "✓ Resolve Host" in page and "✓ First Reply" in page and "OK: connected in" in page, page
                assert ("Found: route “sendMessage”" in page) == asked, page
        tail.until(kind="message")
        assert len([event for event in tail.events if event["kind"] == "message"]) == 1
        tail.end()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/client/terminal")
