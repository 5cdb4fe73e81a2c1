#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip and the deployment to AWS, with a fake aws command that records how it is called."""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "window"))
import tap  # noqa: E402

DATA = HERE.parents[1] / "data" / "aws"
DEADLINE = 300

# Answers like the real one as far as the scripts read it.
FAKE = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$1 $2" in
  "sts get-caller-identity") [ -z "$NOBODY" ] || exit 255; echo '{"Account":"123456789012"}' ;;
  "s3api head-bucket") [ -n "$BUCKET" ] ;;
  "cloudformation describe-stacks") echo '{"Stacks":[{"Outputs":[{"OutputKey":"Url","OutputValue":"wss://abc.execute-api.eu-west-1.amazonaws.com/prod"},{"OutputKey":"Link","OutputValue":"dynamowave://abc.execute-api.eu-west-1.amazonaws.com/prod"}]}]}' ;;
  "cloudformation deploy") [ -z "$BROKEN" ] ;;
esac
"""


def run(*arguments, **environment):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "aws").write_text(FAKE, encoding="ascii")
        (Path(folder) / "aws").chmod(0o755)
        calls = Path(folder) / "calls"
        calls.touch()
        archive = Path(folder) / "function.zip"
        archive.write_bytes(b"zip")
        words = [str(archive) if word == "ZIP" else word for word in arguments]
        done = subprocess.run([sys.executable, DATA / "deploy.py", *words], capture_output=True, text=True, timeout=DEADLINE, check=False,
                              env={**os.environ, "PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(calls), "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
                                   **environment})
        return done, calls.read_text(encoding="ascii").splitlines()


def test_deploy():
    """It says what it will make and what that costs, makes a bucket if there is none, and ends with the address"""
    done, calls = run("deploy", "--archive", "ZIP", "--stack", "chat", "--region", "eu-west-1", "--set", "MemorySize=1024")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Stack chat in eu-west-1:" and lines[-1] == "wss://abc.execute-api.eu-west-1.amazonaws.com/prod", lines
    assert any("5 Lambda functions" in line for line in lines) and any("a month" in line for line in lines), lines
    verbs = [" ".join(call.split()[:2]) for call in calls]
    assert verbs == ["sts get-caller-identity", "s3api head-bucket", "s3 mb", "cloudformation package", "cloudformation deploy",
                     "cloudformation describe-stacks"], calls
    assert "--capabilities CAPABILITY_IAM" in calls[4] and calls[4].endswith("--parameter-overrides Architecture=x86_64 MemorySize=1024"), calls[4]
    _, again = run("deploy", "--archive", "ZIP", BUCKET="there")
    assert "s3 mb s3://dynamowave-123456789012-us-east-1 --region us-east-1" not in again, again


def test_dry():
    """A dry run makes no request to AWS and needs no credentials"""
    done, calls = run("deploy", "--archive", "ZIP", "--dry-run", NOBODY="1")
    assert done.returncode == 0 and not calls and "aws cloudformation deploy" in done.stdout, (done.stdout, calls)


def test_refused():
    """A missing or wrong setting is reported in one sentence"""
    for arguments, environment in ((("deploy", "--archive", "ZIP"), {"NOBODY": "1"}), (("remove",), {"NOBODY": "1"}),
                                   (("deploy", "--archive", "ZIP"), {"BROKEN": "1"}), (("deploy", "--archive", "ZIP", "--set", "Nothing=1"), {}),
                                   (("deploy", "--archive", "ZIP", "--set", "StageName"), {}), (("remove", "--stack", "; rm"), {}),
                                   (("deploy", "--archive", "/nowhere.zip"), {}), (("deploy", "--archive", "/nowhere.zip", "--dry-run"), {}),
                                   (("remove",), {"PATH": "/nowhere"})):
        done, _ = run(*arguments, **environment)
        words = done.stderr.strip().splitlines()
        assert done.returncode == 1 and len(words) == 1 and words[0].startswith("dev: "), (arguments, environment, done)


def test_remove():
    """The stack is removed, and the removal waited for"""
    done, calls = run("remove", "--stack", "chat", "--region", "eu-west-1")
    assert done.returncode == 0, done.stderr
    assert calls[1:] == ["cloudformation delete-stack --stack-name chat --region eu-west-1",
                         "cloudformation wait stack-delete-complete --stack-name chat --region eu-west-1"], calls


def pack(program, archive):
    return subprocess.run([sys.executable, DATA / "package.py", program, archive], capture_output=True, text=True, timeout=DEADLINE, check=False)


def test_package():
    """The zip's program depends on nothing of the system but glibc, and the same program gives the same bytes"""
    with tempfile.TemporaryDirectory() as folder:
        archives = [Path(folder) / name for name in ("one.zip", "two.zip")]
        for archive in archives:
            done = pack(os.environ["DYNAMOWAVE_BOOTSTRAP"], archive)
            assert done.returncode == 0, done.stderr
        assert archives[0].read_bytes() == archives[1].read_bytes()
        with zipfile.ZipFile(archives[0]) as file:
            names = file.namelist()
            assert names[:2] == ["bootstrap", "ca.pem"] and "lib/libcurl.so.4" in names and not any("libc.so" in name for name in names), names
            assert file.getinfo("bootstrap").external_attr >> 16 == 0o100755
            assert file.read("ca.pem").count(b"BEGIN CERTIFICATE") == 5


def test_newer_host():
    """What was built where glibc is newer than Lambda's is not packed, and how to build it there is said"""
    sys.path.insert(0, str(DATA))
    import package
    with tempfile.TemporaryDirectory() as scratch:
        readelf, folder = Path(scratch) / "readelf", Path(scratch) / "zip"
        (folder / "lib").mkdir(parents=True)
        (folder / "bootstrap").touch()
        for version, fits in (("2.34", True), ("2.38", False), ("2.4", True)):
            readelf.write_text(f"#!/bin/sh\necho '  0x0010:   Name: GLIBC_{version}  Flags: none  Version: 2'\n", encoding="ascii")
            readelf.chmod(0o755)
            try:
                package.prove_glibc(package.Target("/", None, f"{scratch}/"), folder)
                assert fits, version
            except SystemExit as error:
                assert not fits and f"needs glibc {version}" in str(error), error
                assert "debian:12 sh -c 'rm -rf _aws && ./dev aws package'" in str(error), error


def test_unfit():
    """A program that would load libraries of the image is not packed"""
    with tempfile.TemporaryDirectory() as folder:
        done = pack(os.environ["DYNAMOWAVE_STAGE"], Path(folder) / "x.zip")
        assert done.returncode == 1 and "DT_RPATH" in done.stderr, done.stderr
        assert not (Path(folder) / "x.zip").exists()


if __name__ == "__main__":
    if os.environ.get("DYNAMOWAVE_SANITIZED"):
        # A program built with a sanitizer links what Lambda does not have.
        del test_package, test_unfit
    tap.run(sys.modules[__name__], "/aws/deploy")
