#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window remembers over restarts and kills, if the disk, the keyring or other programs get in the way."""

import contextlib
import glob
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import tap
from driver import DEADLINE, App, Missing, until
from running import running, stage
from servers import Proxy, Server


# How much typing a kill may lose, in seconds.
DRAFT_SECONDS = 5

# An absence that is long enough for a line in the conversation, in seconds.
AWAY_SECONDS = 1.5

# What 0.1.0 left behind.
OLD = os.path.join(os.environ.get("DYNAMOWAVE_SOURCE", os.path.join(os.path.dirname(__file__), "..", "..")), "tests", "data")

# The longest time between sending and a kill, in seconds.
KILLED_WITHIN = 0.25


def path_of(data, profile=None):
    return os.path.join(data, "dynamowave-chat", *(["profiles", profile] if profile else []), "history.sqlite")


def files_with(data, words):
    found = []
    for path in glob.glob(path_of(data) + "*"):
        with open(path, "rb") as file:
            found += [path] if words in file.read() else []
    return found


def texts_in(data, profile=None):
    # One that is not closed keeps the program from closing the file.
    with contextlib.closing(sqlite3.connect(f"file:{path_of(data, profile)}?mode=ro", uri=True)) as database:
        return [row[0] for row in database.execute("SELECT text FROM lines WHERE kind <= 1 ORDER BY line")]


def draft_in(data):
    with sqlite3.connect(f"file:{path_of(data)}?mode=ro", uri=True) as database:
        return database.execute("SELECT draft FROM stages").fetchone()[0]


class Listener:
    """Another client on the stage, which drops second copies by their id as the window does."""

    def __init__(self, url):
        self.texts = []
        self.process = subprocess.Popen([os.environ["DYNAMOWAVE_CLI"], "tail", url], stdout=subprocess.PIPE, text=True)
        self.online = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self.online.wait(DEADLINE)

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["kind"] == "message":
                self.texts.append(event["text"])
            elif event.get("state") == "online":
                self.online.set()

    def end(self):
        self.process.kill()
        self.process.wait(DEADLINE)


def test_restart():
    """The history, the stage and the draft are restored at the next start, even after a kill"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        app = App(local.url, data=data)
        app.wait_for_status("Online")
        app.say("said before")
        app.wait_for_row("said before", "delivered")
        app.type_into("Message", "half a sentence")
        until("the draft to be saved", lambda: draft_in(data) == "half a sentence", DRAFT_SECONDS)
        app.process.kill()
        app.end()
        time.sleep(AWAY_SECONDS)
        with running(data=data) as app:
            app.wait_for_row("said before", "delivered")
            app.wait_for_status("Online")
            assert app.text_of("Message") == "half a sentence"
            # So short an absence says nothing.
            assert not any("Reconnected" in row for row in app.rows(captions=True)), app.rows(captions=True)


def test_old_version():
    """A history and settings of 0.1.0 are opened with everything in them, and what was queued is sent in its order"""
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as config, stage() as local:
        settings = os.path.join(config, "glib-2.0", "settings")
        os.makedirs(settings)
        shutil.copy(f"{OLD}/settings-0.ini", f"{settings}/keyfile")
        os.makedirs(os.path.dirname(path_of(data)))
        shutil.copy(f"{OLD}/history-1.sqlite", path_of(data))
        with contextlib.closing(sqlite3.connect(path_of(data))) as database, database:
            # The stages in it do not exist any more.
            database.execute("UPDATE stages SET urls = ?, secret = 0 WHERE stage = 1", (local.url,))
            database.execute("UPDATE stages SET online = 0 WHERE stage = 2")
        with running(data=data, environment={"GSETTINGS_BACKEND": "keyfile", "XDG_CONFIG_HOME": config}) as app:
            app.wait_for_status("Online")
            app.wait_for_row("an unread one")
            assert app.text_of("Message") == "half a sen"
            for name in ("Team ☕", "live", "This Computer"):
                assert app.reads(name), app.texts()
            app.wait_for_row("refused", "failed")
            app.wait_for_row("nobody knows", "unconfirmed")
            # What was queued has waited for a year.
            app.press("Send", app.wait("4 messages have been queued for more than an hour. Send them now?").parent)
            for text in ("sent and not heard of", "first in the queue", "second in the queue", "waited for long"):
                app.wait_for_row(text, "delivered")
            app.wait_for_row("refused", "failed")
            app.wait_for_row("nobody knows", "unconfirmed")
            assert app.text_of("Message") == "half a sen"
        with contextlib.closing(sqlite3.connect(path_of(data))) as database:
            assert database.execute("SELECT count(*) FROM lines WHERE kind <= 1").fetchone() == (310,)
            assert database.execute("SELECT name, draft, muted FROM stages ORDER BY place").fetchall() == [
                ("live", "two\nlines", 0), ("Team ☕", "half a sen", 1), ("This Computer", "", 0)]


def test_terminated():
    """DT-3, S-22: SIGTERM loses neither messages nor the draft; neither does closing the terminal, or Ctrl+C"""
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        terminate(how)


def terminate(how):
    with tempfile.TemporaryDirectory() as data:
        server = Server()
        app = App(server.url, data=data)
        app.wait_for_status("Online")
        server.send(*[json.dumps({"message": f"burst {number}"}) for number in range(300)])
        app.wait_for_row("burst 299")
        app.type_into("Message", "a draft")
        app.process.send_signal(how)
        app.process.wait(DEADLINE)
        assert app.process.returncode == 0, (how, app.output())
        assert texts_in(data) == [f"burst {number}" for number in range(300)]
        with running(data=data) as app:
            app.wait("Message")
            until("the draft", lambda: app.text_of("Message") == "a draft")
        server.close()


class Writer:
    """Sends quickly: it looks the composer up once, not among a hundred rows each time."""

    def __init__(self, app):
        self.field = app.wait("Message", ("text", "entry"))
        self.button = app.wait_for_button("Send")

    def send(self, text):
        self.field.set_text(text)
        until("Send to be sensitive", self.button.is_sensitive)
        self.button.act()

    def is_empty(self):
        return self.field.n_letters() == 0


def own_rows(app, upto=0):
    """The numbers and states of our own messages in the window. Newer versions of GTK list only the rows on the screen,
    so if there are fewer than expected this pages through them."""
    rows = {}

    def look():
        before = len(rows)
        found = [re.match(r"You: number (\d+), .*, (\w+)$", row) for row in app.rows()]
        rows.update({int(match[1]): match[2] for match in found if match})
        return len(rows) > before

    look()
    if len(rows) < upto:
        app.keys("shift+F6", "Prior")  # the first key only goes to the top of the page
        misses = 0
        while len(rows) < upto and misses < 3:
            app.keys("Prior")
            app.settle()
            misses = 0 if look() else misses + 1
        app.keys("End", "F6")
    return rows


def check_states(app, listener, upto):
    """No message is missing, and none is marked as delivered without being so."""
    try:
        rows = until("the conversation", lambda: (shown := own_rows(app, upto)) and len(shown) >= upto and shown)
    except Missing:
        print(f"# {len(own_rows(app))} of {upto} rows; without {sorted(set(range(1, upto + 1)) - set(own_rows(app)))}")
        raise
    assert sorted(rows)[:upto] == list(range(1, upto + 1)), rows
    for number, state in rows.items():
        assert state in ("queued", "sent", "unconfirmed", "delivered"), (number, state)
        if state == "delivered":
            until(f"number {number} at the listener", lambda wanted=f"number {number}": wanted in listener.texts)


def test_killed_and_cut():
    """DB-1: 100 messages arrive once each, in order, despite kills and resets, and the window shows the truth"""
    dice = random.Random(os.environ.get("SEED", 11))
    with tempfile.TemporaryDirectory() as data, stage() as local:
        proxy, listener = Proxy(local), Listener(local.url)
        app = App(proxy.url, data=data)
        number = kills = cuts = 0
        try:
            app.wait_for_status("Online")
            writer = Writer(app)
            while number < 100:
                fate = dice.random()
                if fate < 0.1:
                    proxy.reset_at(before_echo=True)
                elif fate < 0.2:
                    proxy.reset_at(before_echo=False)
                cuts += fate < 0.2
                writer.send(f"number {number + 1}")
                if fate < 0.9:
                    until("the message to leave the composer", writer.is_empty)
                    number += 1
                    continue
                time.sleep(dice.uniform(0.0, KILLED_WITHIN))
                kills += 1
                app.process.kill()
                app.end()
                app = App(data=data)
                writer = Writer(app)
                check_states(app, listener, number)
                # If a press of Send left no message it was not accepted; a user would notice and write it again.
                number += number + 1 in own_rows(app)
            until("all to be delivered", lambda: list(own_rows(app, 100).values()).count("delivered") == 100, 90)
            assert listener.texts == [f"number {n}" for n in range(1, 101)], listener.texts
            assert kills >= 5 and cuts >= 10, (kills, cuts)
            app.quit()
        except BaseException:
            print(f"# {number} sent, {kills} kills, {cuts} cuts; the program: {app.process.poll()}; {app.output()}")
            raise
        finally:
            app.end()
            listener.end()


def test_locked():
    """DB-2: another program locks the file for 12 s: the user is told, the window works, and all is saved afterwards"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        server = Server()
        with running(server.url, data=data) as app:
            app.wait_for_status("Online")
            other = sqlite3.connect(path_of(data), isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            for number in range(200):
                server.send(json.dumps({"message": f"during {number}"}))
            app.wait_for_row("during 199")
            app.say("and my own")
            app.wait_for_row("You", "and my own", "delivered")
            # The file was locked all the time: nothing waited for it.
            assert other.in_transaction
            until("the banner", lambda: app.reads("another program is using its file"), 20)
            other.execute("COMMIT")
            other.close()
            until("the banner to go", lambda: not app.reads("another program is using its file"))
            wanted = [f"during {number}" for number in range(200)] + ["and my own"]
            until("all to be saved", lambda: texts_in(data) == wanted)
        server.close()


def test_disk_fails():
    """DB-3: if nothing can be written chatting goes on, the user is told, and saving resumes"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        with running(local.url, data=data) as app:
            app.wait_for_status("Online")
            app.say("before")
            app.wait_for_row("before", "delivered")
            # Past this limit each write fails, as on a broken disk.
            resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            for number in range(5):
                app.say(f"during {number}")
                app.wait_for_row(f"during {number}", "delivered")
            until("the banner", lambda: app.reads("History can’t be saved"))
            resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            until("the banner to go", lambda: not app.reads("History can’t be saved"))
            until("all to be saved", lambda: texts_in(data) == ["before"] + [f"during {n}" for n in range(5)])
        with sqlite3.connect(path_of(data)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_damaged():
    """DB-3: a damaged file, or one from a newer version, is kept under another name, and the user is told"""
    for newer in (False, True):
        with tempfile.TemporaryDirectory() as data, stage() as local:
            os.makedirs(os.path.dirname(path_of(data)))
            if newer:
                with sqlite3.connect(path_of(data)) as database:
                    database.execute("CREATE TABLE anything (x)")
                    database.execute("PRAGMA user_version = 99")
                    database.execute(f"PRAGMA application_id = {0x44576368}")
            else:
                with open(path_of(data), "wb") as file:
                    file.write(b"not a database " * 100)
            with open(path_of(data), "rb") as file:
                contents = file.read()
            with running(local.url, data=data) as app:
                app.wait_for_status("Online")
                word = "newer version" if newer else "was damaged"
                until("the banner", lambda: app.reads(word))
                app.press("OK")
                until("the banner to go", lambda: not app.reads(word))
                app.say("a new beginning")
                app.wait_for_row("a new beginning", "delivered")
            kept = glob.glob(path_of(data) + (".newer-*" if newer else ".damaged-*"))
            assert len(kept) == 1, kept
            with open(kept[0], "rb") as file:
                assert file.read() == contents


def test_damaged_page():
    """DB-4: a page that nobody has read since the program was killed: it is found, what can be read is saved, and it is said"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        server = Server()
        app = App(server.url, data=data)
        app.wait_for_status("Online")
        server.send(*[json.dumps({"message": f"chatter {number} " + 50 * "x"}) for number in range(2000)])
        app.wait_for_row("chatter 1999")
        until("all to be saved", lambda: len(texts_in(data)) == 2000)
        app.quit()
        with contextlib.closing(sqlite3.connect(path_of(data))) as database:
            leaves = [row[0] for row in database.execute(
                "SELECT pageno FROM dbstat WHERE name = 'lines' AND pagetype = 'leaf' ORDER BY path")]
            size, = database.execute("PRAGMA page_size").fetchone()
        with open(path_of(data), "r+b") as file:
            file.seek((leaves[len(leaves) // 3] - 1) * size)
            file.write(os.urandom(size))
        with open(path_of(data) + "-wal", "wb"):
            pass  # what a program leaves that was killed
        with running(data=data) as app:
            app.wait_for_row("chatter 1999")
            until("the banner", lambda: app.reads("messages were recovered"))
            app.press("OK")
            until("the banner to go", lambda: not app.reads("messages were recovered"))
            app.wait_for_row("chatter 1999")
            app.wait_for_status("Online")
            server.send(json.dumps({"message": "and on we talk"}))
            app.wait_for_row("and on we talk")
        server.close()
        saved = texts_in(data)
        assert 1900 < len(saved) < 2001 and saved[0].startswith("chatter 0") and saved[-1] == "and on we talk", len(saved)
        # With its log.
        kept = [name for name in glob.glob(path_of(data) + ".damaged-*") if name[-4:] not in ("-wal", "-shm")]
        assert len(kept) == 1, kept


def test_two_processes():
    """F-11: a second process on the same history shows it and says who has it; everything is sent and stored once"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        with running(local.url, data=data) as first:
            first.wait_for_status("Online")
            first.say("said by the first")
            first.wait_for_row("said by the first", "delivered")
            # Another name, with another bus name, for the same folder.
            os.makedirs(os.path.join(data, "dynamowave-chat", "profiles"))
            os.symlink("..", os.path.join(data, "dynamowave-chat", "profiles", "second"))
            with running(data=data, profile="second") as second:
                until("the banner", lambda: second.reads(f"process {first.process.pid} on"))
                second.wait_for_row("You: said by the first")
                first.say("said afterwards")
                first.wait_for_row("said afterwards", "delivered")
                second.type_into("Message", "not taken")
                second.press("Send")
                # What is not taken stays where it was written.
                assert second.text_of("Message") == "not taken"
            assert texts_in(data) == ["said by the first", "said afterwards"]
        with running(data=data, profile="second") as second:
            second.wait_for_row("You: said afterwards")
            second.wait_for_status("Online")
            second.say("now the second")
            second.wait_for_row("now the second", "delivered")
        assert texts_in(data) == ["said by the first", "said afterwards", "now the second"]


def test_copied_folder():
    """F-12: of two copies of a history one sends what waits in it; the other says why it does not, and asks"""
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as other, stage() as local:
        with running(local.url, data=data) as app:
            app.wait_for_status("Online")
            local.kill()
            until("the loss to be noticed", lambda: app.status() and not app.status().startswith("Online"))
            app.say("said once")
            app.wait_for_row("said once", "queued")
        shutil.copytree(os.path.join(data, "dynamowave-chat"), os.path.join(other, "dynamowave-chat"))
        # Another name, with another bus name, for the copy.
        os.makedirs(os.path.join(other, "dynamowave-chat", "profiles"))
        os.symlink("..", os.path.join(other, "dynamowave-chat", "profiles", "second"))
        local.start()
        listener = Listener(local.url)
        with running(data=other, profile="second") as second:
            second.wait_for_status("Online")
            until("the reason", lambda: second.reads("copied or restored from a backup. 1 queued message"))
            until("the question", lambda: second.reads("1 queued message may already have been sent. Send it now?"))
            assert listener.texts == []
            with running(data=data) as first:
                first.wait_for_row("said once", "delivered")
                until("the listener", lambda: listener.texts == ["said once"])
                # It comes back to both.
                second.wait_for_row("said once", "delivered")
                until("the question to go", lambda: not second.reads("been sent. Send it now?"))
                assert not first.reads("copied or restored")
            second.press("OK")
            until("the reason to go", lambda: not second.reads("copied or restored"))
        with running(data=other, profile="second") as second:
            second.wait_for_status("Online")
            assert not second.reads("copied or restored")
        listener.end()
        assert listener.texts == ["said once"]


def test_search():
    """S-23: an old message is found among many, on all stages, by a word or a part of one, using only the keyboard"""
    with tempfile.TemporaryDirectory() as data, stage() as one, stage() as two:
        first = Server()
        with running(first.url, one.url, data=data) as app:
            app.wait_for_status("Online")
            first.send(json.dumps({"message": "the password is xylophone", "sender": "Eve"}),
                       *[json.dumps({"message": f"chatter {number}"}) for number in range(600)])
            app.say("on the other stage")
            app.wait_for_row("on the other stage", "delivered")
            app.keys("ctrl+f")
            app.wait("Search messages")
            app.type_into("Search messages", "xylo")
            until("nothing here", lambda: app.find("No Results"))
            app.press("All Stages")
            until("a result", lambda: app.reads("the password is xylophone"))
            app.type_into("Search messages", "ylophon")
            until("what stands inside", lambda: app.reads("the password is xylophone"))
            app.type_into("Search messages", "xylo")
            until("a result", lambda: app.reads("the password is xylophone"))
            app.wait("Search messages")
            # Backwards past the title bar: the results are the last control of the page.
            app.keys("shift+Tab", "shift+Tab", "shift+Tab")
            app.keys("Return")
            app.wait_for_row("the password is xylophone")
            # The list is at the place where it was written, far from the newest.
            assert not any("chatter 599" in row for row in app.rows()), app.rows()[-3:]
            app.keys("ctrl+f")
            app.keys("Escape")
            app.wait("Message")
        first.close()


def test_delete():
    """Deleting a conversation asks first, and then really erases it"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        with running(local.url, data=data) as app:
            app.wait_for_status("Online")
            app.say("a secret like xylophone")
            app.wait_for_row("xylophone", "delivered")
            app.press("Main menu")
            app.choose("Delete Conversation…", "d")
            app.press("Delete")
            until("an empty conversation", lambda: not app.rows())
            until("every copy to be erased", lambda: not files_with(data, b"xylophone"))
            app.say("and on we talk")
            app.wait_for_row("and on we talk", "delivered")


def test_discard_and_edit():
    """A refused message can be discarded, or moved back to the message box"""
    server = Server(refusals=2)
    with running(server.url) as app:
        app.wait_for_status("Online")
        for text, button in (("not wanted", "Discard"), ("to be better", "Edit")):
            app.say(text)
            app.wait_for_row("You", text, "failed")
            app.press(button)
            until("the row to go", lambda: not any(text in row for row in app.rows()))
        assert app.text_of("Message") == "to be better"
    server.close()


def test_old_queue():
    """A message queued for more than an hour asks before it is sent"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        app = App(local.url, data=data)
        app.wait_for_status("Online")
        local.kill()
        app.wait_for_status("Waiting")
        app.say("an old thought")
        app.wait_for_row("an old thought", "queued")
        app.quit()
        with sqlite3.connect(path_of(data)) as database:
            database.execute("UPDATE lines SET time = time - 7200000000 WHERE kind = 1")
        local.start()
        with running(data=data) as app:
            until("the question", lambda: app.reads("queued for more than an hour"))
            app.wait_for_status("Online")
            app.wait_for_row("an old thought", "queued")
            app.press("Send", app.find("1 message has been queued for more than an hour. Send it now?").parent)
            app.wait_for_row("an old thought", "delivered")


def test_split():
    """A text too large for one frame is sent in several, completely"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        with running(local.url, data=data) as app:
            app.wait_for_status("Online")
            text = "\n".join(f"Paragraph {number}. " + "word " * 100 for number in range(150))
            app.type_into("Message", text)
            until("words on its size", lambda: app.reads("bytes over the limit"))
            app.press("Send as 3 Messages")
            until("all to be saved", lambda: len(texts_in(data)) == 3)
            until("an empty composer", lambda: app.text_of("Message") == "")
            parts = texts_in(data)
            assert "".join(" ".join(parts).split()) == "".join(text.split())
            assert all(part.startswith("Paragraph") for part in parts), [part[:20] for part in parts]


class Keyring:
    """A real keyring on this bus, unlocked with its own password."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(["gnome-keyring-daemon", "--unlock", "--foreground", "--components=secrets"],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "XDG_DATA_HOME": self.folder.name})
        self.process.stdin.write(b"password")
        self.process.stdin.close()
        until("the keyring", self._answers)

    @staticmethod
    def _answers():
        return b"true" in subprocess.run(
            ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
             "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"], capture_output=True,
            check=False).stdout

    @staticmethod
    def has_items():
        return b"object path" in subprocess.run(
            ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets",
             "/org/freedesktop/secrets/aliases/default", "org.freedesktop.DBus.Properties.Get",
             "string:org.freedesktop.Secret.Collection", "string:Items"], capture_output=True, check=False).stdout

    def end(self):
        self.process.kill()
        self.process.wait(DEADLINE)
        until("the keyring to go", lambda: not self._answers())


TOKEN = "S3CR3T+/=canary"


def secrets_in(folder):
    found = []
    for path in glob.glob(f"{folder}/**/*", recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                contents = file.read()
            found += [path for form in (TOKEN, "S3CR3T%2B%2F%3Dcanary", "S3CR3T") if form.encode() in contents]
    return found


def test_keyring():
    """AG-7: a token is in the keyring and in no file, and the next start finds it"""
    keyring = Keyring()
    with tempfile.TemporaryDirectory() as data, stage() as local:
        proxy = Proxy(local)
        try:
            with running(f"{proxy.url}?token={TOKEN}", data=data) as app:
                app.wait_for_status("Online")
                app.say("hello")
                app.wait_for_row("hello", "delivered")
                until("the token in the keyring", keyring.has_items)
            assert not secrets_in(data), secrets_in(data)
            proxy.requests.clear()
            with running(data=data) as app:
                app.wait_for_status("Online")
                assert any(TOKEN.encode() in request for request in proxy.requests), proxy.requests
                assert not app.reads("keyring")
            assert not secrets_in(data), secrets_in(data)
        finally:
            keyring.end()


def test_no_keyring():
    """Without a keyring the token is used for this session and the user is told; the next start asks for it"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        proxy = Proxy(local)
        with running(f"{proxy.url}?token={TOKEN}", data=data) as app:
            app.wait_for_status("Online")
            until("the banner", lambda: app.reads("this session only"))
        assert not secrets_in(data), secrets_in(data)
        with running(data=data) as app:
            until("the banner", lambda: app.reads("didn’t provide"))
            assert app.status().startswith("Offline"), app.status()
            app.press("Enter Token")
            app.type_into("Stage Address", f"{proxy.url}?token={TOKEN}")
            app.press("Save")
            app.wait_for_status("Online")
            assert TOKEN.encode() in proxy.requests[-1]


SILENT_KEYRING = """
import gi
from gi.repository import Gio, GLib
node = Gio.DBusNodeInfo.new_for_xml('<node><interface name="org.freedesktop.Secret.Service">'
    '<method name="OpenSession"><arg type="s" direction="in"/><arg type="v" direction="in"/>'
    '<arg type="v" direction="out"/><arg type="o" direction="out"/></method>'
    '<method name="SearchItems"><arg type="a{ss}" direction="in"/><arg type="ao" direction="out"/>'
    '<arg type="ao" direction="out"/></method></interface></node>')
def silence(*call):
    pass
def ready(bus, name):
    bus.register_object("/org/freedesktop/secrets", node.interfaces[0], silence, None, None)
Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.secrets", 0, ready, lambda *a: print("ready", flush=True), None)
GLib.MainLoop().run()
"""


def test_silent_keyring():
    """A keyring that waits to be unlocked does not delay the start, and the token can be entered meanwhile"""
    with tempfile.TemporaryDirectory() as data, stage() as local:
        proxy = Proxy(local)
        with running(f"{proxy.url}?token={TOKEN}", data=data) as app:
            app.wait_for_status("Online")
            app.say("hello")
            app.wait_for_row("hello", "delivered")
        keyring = subprocess.Popen([sys.executable, "-c", SILENT_KEYRING], stdout=subprocess.PIPE)
        try:
            keyring.stdout.readline()
            proxy.requests.clear()
            started = time.monotonic()
            with running(data=data) as app:
                app.wait_for_row("hello")
                assert time.monotonic() - started < 5
                until("the banner", lambda: app.reads("Waiting for this stage’s token"))
                assert not proxy.requests, proxy.requests
                app.press("Enter Token")
                app.type_into("Stage Address", f"{proxy.url}?token={TOKEN}")
                app.press("Save")
                app.wait_for_status("Online")
        finally:
            keyring.kill()
            keyring.wait(DEADLINE)


LOCKED_KEYRING = """
import sys, threading
from gi.repository import Gio, GLib
ROOT = "/org/freedesktop/secrets"
node = Gio.DBusNodeInfo.new_for_xml('<node><interface name="org.freedesktop.Secret.Service">'
    '<method name="OpenSession"><arg type="s" direction="in"/><arg type="v" direction="in"/>'
    '<arg type="v" direction="out"/><arg type="o" direction="out"/></method>'
    '<method name="SearchItems"><arg type="a{ss}" direction="in"/><arg type="ao" direction="out"/>'
    '<arg type="ao" direction="out"/></method>'
    '<method name="Unlock"><arg type="ao" direction="in"/><arg type="ao" direction="out"/>'
    '<arg type="o" direction="out"/></method></interface>'
    '<interface name="org.freedesktop.Secret.Collection"><method name="CreateItem"><arg type="a{sv}" direction="in"/>'
    '<arg type="(oayays)" direction="in"/><arg type="b" direction="in"/><arg type="o" direction="out"/>'
    '<arg type="o" direction="out"/></method></interface>'
    '<interface name="org.freedesktop.Secret.Item"><method name="Delete"><arg type="o" direction="out"/></method>'
    '<property name="Locked" type="b" access="read"/></interface>'
    '<interface name="org.freedesktop.Secret.Prompt"><method name="Prompt"><arg type="s" direction="in"/></method>'
    '<method name="Dismiss"/><signal name="Completed"><arg type="b"/><arg type="v"/></signal></interface></node>')
state = {"locked": True, "items": []}
def answer(bus, sender, path, interface, method, arguments, invocation):
    if method == "OpenSession":
        if arguments[0] != "plain":
            invocation.return_dbus_error("org.freedesktop.DBus.Error.NotSupported", "plain")
        else:
            invocation.return_value(GLib.Variant("(vo)", (GLib.Variant("s", ""), ROOT + "/session/s")))
    elif method == "SearchItems":
        found = [ROOT + "/item"] if state["items"] else []
        invocation.return_value(GLib.Variant("(aoao)", ([], found) if state["locked"] else (found, [])))
    elif method == "Unlock":
        invocation.return_value(GLib.Variant("(aoo)", ([], ROOT + "/prompt/p") if state["locked"] else (arguments[0], "/")))
    elif method == "CreateItem":
        if state["locked"]:
            invocation.return_dbus_error("org.freedesktop.Secret.Error.IsLocked", "locked")
        else:
            state["items"].append(1)
            invocation.return_value(GLib.Variant("(oo)", (ROOT + "/item", "/")))
            print("stored", flush=True)
    elif method == "Prompt":
        invocation.return_value(None)
        bus.emit_signal(None, ROOT + "/prompt/p", "org.freedesktop.Secret.Prompt", "Completed",
                        GLib.Variant("(bv)", (True, GLib.Variant("ao", []))))
        print("dismissed", flush=True)
    else:
        invocation.return_value(None)
def read(*call):
    return GLib.Variant("b", state["locked"])
def ready(bus, name):
    for number, path in enumerate((ROOT, ROOT + "/aliases/default", ROOT + "/item", ROOT + "/prompt/p")):
        bus.register_object(path, node.interfaces[number], answer, read, None)
def listen():
    for line in sys.stdin:
        state["locked"] = line.strip() == "lock"
Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.secrets", 0, ready, lambda *a: print("ready", flush=True), None)
threading.Thread(target=listen, daemon=True).start()
GLib.MainLoop().run()
"""


def test_dismissed_keyring():
    """DT-1: a dismissed prompt of the keyring is reported at once, with Try Again, and so is a token it fails to delete"""
    keyring = subprocess.Popen([sys.executable, "-c", LOCKED_KEYRING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert keyring.stdout.readline() == "ready\n"
        with tempfile.TemporaryDirectory() as data, stage() as local:
            proxy = Proxy(local)
            with running(f"{proxy.url}?token={TOKEN}", data=data) as app:
                app.wait_for_status("Online")
                until("the banner", lambda: app.reads("couldn’t be saved in your keyring"), 15)
                assert keyring.stdout.readline() == "dismissed\n"
                app.say("with the token all the same")
                app.wait_for_row("with the token", "delivered")
                keyring.stdin.write("unlock\n")
                keyring.stdin.flush()
                app.press("Try Again")
                assert keyring.stdout.readline() == "stored\n"
                until("the banner to go", lambda: not app.reads("couldn’t be saved in your keyring"))
                keyring.stdin.write("lock\n")
                keyring.stdin.flush()
                app.choose_of_stage("Remove", "V")
                until("what the keyring keeps", lambda: app.reads("still in your keyring"))
                assert app.find("Try Again")
    finally:
        keyring.kill()
        keyring.wait(DEADLINE)


@contextlib.contextmanager
def started_with(redirections):
    """Programs that a shell starts with these redirections, in its own process."""
    program = os.environ["DYNAMOWAVE_CHAT"]
    with tempfile.TemporaryDirectory() as folder:
        script = f"{folder}/start"
        with open(script, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec "{program}" "$@" {redirections}\n')
        os.chmod(script, 0o700)
        os.environ["DYNAMOWAVE_CHAT"] = script
        try:
            yield
        finally:
            os.environ["DYNAMOWAVE_CHAT"] = program


def test_closed_descriptors():
    """S-24: no file of the program replaces a standard descriptor that is closed or cannot be written"""
    for redirections in ("<&- >&- 2>&-", "<&-", ">&-", "2>&-", ">/dev/full 2>/dev/full"):
        with tempfile.TemporaryDirectory() as data, stage() as local, started_with(redirections):
            with running(local.url, data=data) as app:
                app.wait_for_status("Online")
                app.say("said without descriptors")
                app.wait_for_row("said without descriptors", "delivered")
                for number in range(3):
                    place = os.readlink(f"/proc/{app.process.pid}/fd/{number}")
                    assert "history" not in place and "socket" not in place and "anon_inode" not in place, (redirections, place)
            with sqlite3.connect(path_of(data)) as database:
                assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
            assert texts_in(data) == ["said without descriptors"]


def test_nothing_kept():
    """With “keep nothing” nothing is written, and older history is deleted at the next start"""
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as config, stage() as local:
        settings = os.path.join(config, "glib-2.0", "settings")
        os.makedirs(settings)
        environment = {"GSETTINGS_BACKEND": "keyfile", "XDG_CONFIG_HOME": config}
        with running(local.url, data=data, environment=environment) as app:
            app.wait_for_status("Online")
            app.say("kept for now")
            app.wait_for_row("kept for now", "delivered")
        assert texts_in(data) == ["kept for now"]
        with open(os.path.join(settings, "keyfile"), "a", encoding="utf-8") as file:
            file.write("[io/github/dynamowave/Chat]\nretention='none'\n")
        app = App(data=data, environment=environment)
        try:
            app.wait_for_status("Online")
            assert not any("kept for now" in row for row in app.rows()), app.rows()
            app.say("said and gone")
            app.wait_for_row("said and gone", "delivered")
            until("the old to go", lambda: texts_in(data) == [])
            app.process.kill()
        finally:
            app.end()
        assert texts_in(data) == []
        assert not files_with(data, b"said and gone")


DAY = 24 * 3600 * 1000000


def set_calendar(path, calendar):
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"[io/github/dynamowave/Chat]\nretention='month'\ncalendar={calendar}\n")


def calendar_in(path):
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^calendar=(.*)$", file.read(), re.M)[-1]


def test_wrong_clock():
    """F-2: a clock that goes on by 40 days deletes nothing at the next start; a month that surely passed does"""
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as config, stage() as local:
        settings = os.path.join(config, "glib-2.0", "settings", "keyfile")
        os.makedirs(os.path.dirname(settings))
        environment = {"GSETTINGS_BACKEND": "keyfile", "XDG_CONFIG_HOME": config}
        with running(local.url, data=data, environment=environment) as app:
            app.wait_for_status("Online")
            app.say("said long ago")
            app.wait_for_row("said long ago", "delivered")
        with sqlite3.connect(path_of(data)) as database:
            database.execute("UPDATE lines SET time = time - ?", (40 * DAY,))

        now = int(time.time() * 1000000)
        # Believed, a candidate, the last later day, the last look, how many later days; when it was set, and the boot.
        ahead = (now - 43 * DAY, now - 41 * DAY, now - 40 * DAY, now - 40 * DAY, 1, now - 99 * DAY, "an earlier boot", 1)
        set_calendar(settings, ahead)
        with running(data=data, environment=environment):
            until("a look at the clock", lambda: calendar_in(settings) != str(ahead))
        assert texts_in(data) == ["said long ago"]

        passed = (now - 43 * DAY, now - 4 * DAY, now - DAY, now - DAY, 2, now - 99 * DAY, "an earlier boot", 1)
        set_calendar(settings, passed)
        with running(data=data, environment=environment):
            until("the old to go", lambda: texts_in(data) == [])


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-history")
