#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program in other languages: complete strings, correct plurals, and no influence of the locale on the wire."""

import gettext
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import catalogues
import tap
from driver import App, Atspi, BUTTONS, until
from running import running
from servers import Server

ROOT = Path(os.environ.get("DYNAMOWAVE_SOURCE", Path(__file__).resolve().parents[2]))
LANGUAGES = catalogues.languages(ROOT)
# Only the languages that users read are tested here; glibc names some of them with a country.
LOCALES = {"ar": "ar_EG", "de": "de_DE", "es": "es_ES", "fr": "fr_FR", "hi": "hi_IN", "ja": "ja_JP",
           "pt_BR": "pt_BR", "zh_CN": "zh_CN", "tr": "tr_TR"}


def test_catalogues_are_whole():
    """No string is missing, fuzzy or obsolete in any language, and placeholders match the original"""
    for language, remark in catalogues.remarks(ROOT).items():
        assert re.fullmatch(r"\d+ translated messages\.", remark), (language, remark)


def test_plurals():
    """S-12: 0, 1, 2, 5 and 21 are counted as each language does"""
    with tempfile.TemporaryDirectory() as folder:
        for language in LANGUAGES:
            compiled = Path(folder) / f"{language}.mo"
            subprocess.run(["msgfmt", "-o", str(compiled), str(ROOT / "po" / f"{language}.po")], check=True)
            with compiled.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)
            forms = {n: catalogue.ngettext("%u unread message", "%u unread messages", n) for n in (0, 1, 2, 5, 21)}
            assert all(form and "unread" not in form for form in forms.values()), (language, forms)
            if language not in ("ja", "zh_CN", "hi"):
                assert forms[1] != forms[5], (language, forms)
            if language == "ar":
                assert len({forms[0], forms[1], forms[2], forms[5], forms[21]}) == 5, forms


def locale_folder(folder, *languages):
    for language in languages:
        subprocess.run(["localedef", "-i", LOCALES[language], "-f", "UTF-8",
                        os.path.join(folder, f"{LOCALES[language]}.UTF-8")], check=False, capture_output=True)
    assert os.listdir(folder), "localedef made nothing: is the package “locales” there?"


def spoken(folder, language):
    name = f"{LOCALES[language]}.UTF-8"
    return {"LOCPATH": folder, "LANG": name, "LC_ALL": name, "LANGUAGE": language}


def test_spoken():
    """The window uses the user's language, and runs from right to left in a right-to-left one"""
    server = Server()
    with tempfile.TemporaryDirectory() as folder:
        locale_folder(folder, "de", "ar")
        with running(server.url, environment=spoken(folder, "de")) as app:
            until("German", lambda: any("Online" in text or "Verbunden" in text for text in app.texts()))
            assert not app.find("Send") and app.find("Senden"), app.texts()
            server.send(json.dumps({"message": "Hallo"}))
            until("the row", lambda: app.reads("Hallo"))
            assert app.reads("Unbekannter Absender")
        with running(server.url, environment=spoken(folder, "ar")) as app:
            until("a window", lambda: any("\u0600" <= c <= "\u06ff" for text in app.texts() for c in text))
            size = app.windows()[0].extents().width
            entry = until("the composer", lambda: next((node for node in app.walk() if node.role == "text" and app.shows(node)), None))
            send = [node for node in app.walk() if node.role in BUTTONS and app.shows(node)][-1]
            left = send.extents().x
            assert left < entry.extents().x < size, "not from right to left"
            app.keys("ctrl+comma")
            until("the preferences, with a title of this language", lambda: app.n_windows() == 2
                  and not any(window.name.isascii() for window in app.windows()[1:]))
            app.keys("Escape")
            until("one window", lambda: app.n_windows() == 1)
    server.close()


def test_locale_stays_off_the_wire():
    """S-11: a decimal comma or a Turkish i does not change what is sent, read or compared"""
    server = Server()
    with tempfile.TemporaryDirectory() as folder:
        locale_folder(folder, "de", "tr")
        for language in ("de", "tr"):
            with running(f"{server.url}?I=i", environment=spoken(folder, language)) as app:
                until("the connection", lambda: any(re.search("Online|Çevrim", text) for text in app.texts()))
                server.send(json.dumps({"message": "1.5 TITLE title", "sentAt": "2026-11-25T10:00:00.123Z"}))
                until("the row", lambda: app.reads("1.5 TITLE title"))
    server.close()


def test_missing_schema():
    """S-10: without its settings schema the program runs, and logs what is missing"""
    app = App(environment={"GSETTINGS_SCHEMA_DIR": "/nonexistent", "G_MESSAGES_DEBUG": ""})
    try:
        app.wait("Connect")
        assert "is not installed" in app.output(), app.output()
        app.keys("ctrl+comma")
        until("the preferences", lambda: app.reads("Send with Enter"))
    finally:
        app.end()


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/window/window-languages")
