#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an installation consists of, and that its programs run from there."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "window"))
import tap  # noqa: E402

BUILD = os.environ["DYNAMOWAVE_BUILD"]
APP_ID = "io.github.dynamowave.Chat"
SHARE = ([f"applications/{APP_ID}.desktop", f"metainfo/{APP_ID}.metainfo.xml", f"dbus-1/services/{APP_ID}.service",
          f"glib-2.0/schemas/{APP_ID}.gschema.xml", f"icons/hicolor/scalable/apps/{APP_ID}.svg",
          f"icons/hicolor/symbolic/apps/{APP_ID}-symbolic.svg"]
         + [f"icons/hicolor/{size}x{size}/apps/{APP_ID}.png" for size in (48, 128, 256)]
         + [f"man/man1/{name}.1" for name in ("dynamowave-chat", "dynamowave-cli", "dynamowave-stage")]
         + [f"{folder}/{start}{name}{end}" for name in ("dynamowave-chat", "dynamowave-cli", "dynamowave-stage")
            for folder, start, end in (("bash-completion/completions", "", ""), ("zsh/site-functions", "_", ""), ("fish/vendor_completions.d", "", ".fish"))]
         + [f"locale/{language}/LC_MESSAGES/dynamowave-chat.mo" for language in "ar de es fr hi ja pt_BR zh_CN".split()])


def option(name):
    options = json.loads(subprocess.run(["meson", "introspect", "--buildoptions", BUILD], check=True, capture_output=True, text=True, timeout=60).stdout)
    return next(entry["value"] for entry in options if entry["name"] == name)


def test_destdir():
    """DESTDIR gets every file and nothing else, and the programs run from there"""
    with tempfile.TemporaryDirectory() as destination:
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", destination], check=True, capture_output=True, timeout=120)
        prefix = Path(destination + option("prefix"))
        installed = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
        wanted = {f"share/{name}" for name in SHARE} | {"bin/dynamowave-chat", "bin/dynamowave-cli", "bin/dynamowave-stage"}
        wanted |= {"lib/systemd/system/dynamowave-stage.service", "share/doc/dynamowave-stage/dynamowave-stage.conf"}
        assert installed == wanted, (installed - wanted, wanted - installed)
        for name in ("dynamowave-chat", "dynamowave-cli", "dynamowave-stage"):
            done = subprocess.run([prefix / "bin" / name, "--version"], capture_output=True, text=True, timeout=60, check=True)
            assert done.stdout.startswith(f"{name} "), done.stdout
        service = (prefix / f"share/dbus-1/services/{APP_ID}.service").read_text(encoding="utf-8")
        unit = (prefix / "lib/systemd/system/dynamowave-stage.service").read_text(encoding="utf-8")
        assert f"ExecStart={option('prefix')}/bin/dynamowave-stage --config /etc/dynamowave-stage/stage.conf " in unit, unit
        assert f"install -m 644 {option('prefix')}/share/doc/dynamowave-stage/dynamowave-stage.conf " in unit, unit
        assert f"Exec={option('prefix')}/bin/dynamowave-chat --gapplication-service" in service, service


def test_stage_alone():
    """-Dstage=true installs the stage and nothing of the client"""
    with tempfile.TemporaryDirectory() as build:
        subprocess.run(["meson", "setup", build, os.environ["DYNAMOWAVE_SOURCE"], "-Dstage=true", "-Dtests=false", "-Daws=disabled"], check=True,
                       capture_output=True, timeout=120)
        told = json.loads(subprocess.run(["meson", "introspect", "--installed", build], check=True, capture_output=True, text=True, timeout=60).stdout)
        installed = {Path(path).name for path in told.values() if not path.endswith(".mo")}
        # The completions are called as the program is.
        assert installed == {"dynamowave-stage", "_dynamowave-stage", "dynamowave-stage.fish", "dynamowave-stage.1", "dynamowave-stage.conf", "dynamowave-stage.service"}, installed


if __name__ == "__main__":
    tap.run(sys.modules[__name__], "/house/install")
