#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploys a stage with the aws command, or takes one away; see ./dev aws deploy and ./dev aws remove."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE / "template.yaml"

WORDS = {"AWS::Lambda::Function": "Lambda functions", "AWS::DynamoDB::GlobalTable": "DynamoDB tables", "AWS::IAM::Role": "roles",
         "AWS::SQS::Queue": "queue for dead letters", "AWS::ApiGatewayV2::Api": "WebSocket API", "AWS::Logs::LogGroup": "log groups",
         "AWS::CloudWatch::Alarm": "alarms", "AWS::ApiGatewayV2::Route": "routes"}


def cost(people, hours=8, days=22, messages=20, ping_minutes=9, reconnects=4, megabytes=512):
    """Dollars a month in us-east-1, without the free tier; the formula is in README.md."""
    broadcasts = people * messages * days
    posts = broadcasts * people
    frames = posts + broadcasts + people * days * hours * 60 / ping_minutes * 2
    seconds = broadcasts * (0.02 + people / 2500)
    row = 128
    gateway = frames * 1e-6 + people * hours * 60 * days * 0.25e-6
    reads = broadcasts * max(0.5, people * row / 4096 * 0.5) * 0.125e-6
    writes = (people * days * reconnects * 2 + broadcasts * 2) * 0.625e-6
    functions = seconds * megabytes / 1024 * 0.0000133334 + (broadcasts + people * days * (reconnects * 2 + hours * 60 / ping_minutes)) * 0.2e-6
    return gateway + reads + writes + functions


def resources():
    """What is made with every default, by type: what has no condition, and the tables."""
    text = TEMPLATE.read_text(encoding="utf-8").split("\nResources:\n")[1].split("\nOutputs:\n")[0]
    found = re.findall(r"^  (\w+):\n    Type: (\S+)\n(    Condition: (\w+))?", text, re.M)
    return Counter(kind for _, kind, _, condition in found if condition in ("", "OwnsTables"))


def describe(options, parameters):
    made = resources()
    print(f"Stack {options.stack} in {options.region}:")
    for kind, words in WORDS.items():
        print(f"  {made[kind]:3} {words}")
    print(f"  {sum(made.values()) - sum(made[kind] for kind in WORDS):3} integrations, permissions and settings")
    for name, value in sorted(parameters.items()):
        print(f"  {name} is {value}")
    print("While nobody uses it, it costs nothing but its alarms, of which an account has ten free; further ones are $0.10 a month each.")
    for people in (10, 100):
        print(f"{people} people in one room, 8 hours and 20 messages a day each: about ${cost(people):.2f} a month.")


def aws(*arguments, **options):
    return subprocess.run(["aws", *arguments], check=True, text=True, **options)


def answer(*arguments):
    return json.loads(aws(*arguments, "--output", "json", stdout=subprocess.PIPE).stdout)


def die(words):
    raise SystemExit(f"dev: {words}")


def account(region):
    """Who asks, or one clear sentence."""
    if not shutil.which("aws"):
        die("the aws command is not installed: see https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html")
    done = subprocess.run(["aws", "sts", "get-caller-identity", "--region", region, "--output", "json"], capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode != 0:
        die("the aws command has no credentials that work: run “aws configure” or “aws sso login” first")
    return json.loads(done.stdout)["Account"]


def parse_parameters(words):
    parameters = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or f"\n  {name}:" not in TEMPLATE.read_text(encoding="utf-8").split("\nConditions:\n")[0]:
            die(f"“{word}” is no NAME=VALUE of a parameter of the template")
        parameters[name] = value
    return parameters


def deploy(options):
    parameters = {"Architecture": options.arch, **parse_parameters(options.set)}
    if not options.archive.is_file():
        die(f"there is no zip at {options.archive}: ./dev aws package makes one")
    overrides = [f"{name}={value}" for name, value in sorted(parameters.items())]
    describe(options, parameters)
    if options.dry_run:
        print(f"Would upload {options.archive} ({options.archive.stat().st_size / 1e6:.1f} MB) and run:")
        print(f"  aws cloudformation deploy --stack-name {options.stack} --region {options.region} --capabilities CAPABILITY_IAM")
        print(f"    --parameter-overrides {' '.join(overrides)}")
        return
    number = account(options.region)
    bucket = options.bucket or f"dynamowave-{number}-{options.region}"
    # An endpoint of S3 that is not there yet is made; one of somebody else's is refused by S3.
    found = subprocess.run(["aws", "s3api", "head-bucket", "--bucket", bucket, "--expected-bucket-owner", number, "--region", options.region],
                           capture_output=True, check=False)
    if found.returncode != 0:
        aws("s3", "mb", f"s3://{bucket}", "--region", options.region)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(TEMPLATE, f"{folder}/template.yaml")
        shutil.copy(options.archive, f"{folder}/function.zip")
        aws("cloudformation", "package", "--template-file", f"{folder}/template.yaml", "--s3-bucket", bucket, "--s3-prefix", options.stack,
            "--output-template-file", f"{folder}/packaged.yaml", "--region", options.region, stdout=subprocess.DEVNULL)
        # It has no S3 URL in it that expires, so the same input changes nothing.
        aws("cloudformation", "deploy", "--template-file", f"{folder}/packaged.yaml", "--stack-name", options.stack, "--region", options.region,
            "--s3-bucket", bucket, "--s3-prefix", options.stack, "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset",
            "--parameter-overrides", *overrides)
    stack = answer("cloudformation", "describe-stacks", "--stack-name", options.stack, "--region", options.region)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    print(outputs["Link"])
    print(outputs["Url"])


def remove(options):
    account(options.region)
    print(f"Taking away stack {options.stack} in {options.region}, with its tables and logs")
    aws("cloudformation", "delete-stack", "--stack-name", options.stack, "--region", options.region)
    aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", options.stack, "--region", options.region)
    print("It is gone. The uploaded program stays in its S3 bucket.")


def main():
    parser = argparse.ArgumentParser(prog="./dev aws")
    commands = parser.add_subparsers(required=True)
    for name, function in (("deploy", deploy), ("remove", remove)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        command.add_argument("--stack", default="dynamowave", help="the stack's name")
        command.add_argument("--region", default=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1")
        if function is deploy:
            command.add_argument("--arch", default="x86_64", choices=("x86_64", "arm64"))
            command.add_argument("--archive", type=Path, required=True)
            command.add_argument("--bucket", help="the S3 bucket for the program")
            command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the template")
            command.add_argument("--dry-run", action="store_true", help="say what it would do")
    options = parser.parse_args()
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,40}", options.stack):
        die(f"“{options.stack}” is no name of a stack: letters, digits and “-”")
    try:
        options.function(options)
    except subprocess.CalledProcessError as error:
        die(f"“{' '.join(error.cmd[:3])}” failed")


if __name__ == "__main__":
    sys.exit(main())
