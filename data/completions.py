#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the completions of one program for bash, zsh and fish, from what its --help says of its options.

Usage: completions.py PROGRAM FOLDER"""

import os
import re
import subprocess
import sys
from pathlib import Path

# Values that are one of a few words.
WORDS = {"dialect": "dynamowave lower-case data", "log-format": "text json"}
OPTION = re.compile(r"^  (?:-(\w), )?--([a-z][a-z0-9-]*)(?:=(.+?))?(?:  +(.*))?$")
COMMAND = re.compile(r"^  ([a-z]+) [A-Z]\S*(?: \S+)*?  +(.*)$")


def read_help(program, *arguments):
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True, env=environment).stdout.splitlines()


def find_options(lines):
    """(short, long, value, words) of each; GTK's own are for programmers."""
    found, skipped = [], False
    for line in lines:
        if line and not line.startswith(" "):
            skipped = line.startswith(("GTK", "GApplication"))
        option = OPTION.match(line)
        if option and not skipped and not option[2].startswith("help-"):
            found.append(tuple(part or "" for part in option.groups()))
    return found


def long_names(options):
    return " ".join(f"--{long}" for _, long, _, _ in options)


def value_rows(options):
    """For bash: what completes the value of an option."""
    rows = {}
    for short, long, value, _ in options:
        if value:
            how = f'words="{WORDS[long]}"' if long in WORDS else "files=1" if value in ("FILE", "FOLDER") else ":"
            rows.setdefault(how, []).extend([f"--{long}"] + ([f"-{short}"] if short else []))
    return "\n".join(f"    {'|'.join(dict.fromkeys(names))}) {how}; valued=1 ;;" for how, names in rows.items())


def make_bash(name, general, commands):
    function = "_" + name.replace("-", "_")
    everything = general + [option for _, _, options in commands for option in options]
    cases = "\n".join(f'    {command}) options="{long_names(options)}" ;;' for command, _, options in commands)
    first = " ".join(command for command, _, _ in commands)
    return f"""# Completions of {name} for bash, made from its options.
{function}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command= options= words= files= valued= word
  COMPREPLY=()
  if [ "$current" = "=" ]; then
    current=
  elif [ "$previous" = "=" ]; then
    previous=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  case $previous in
{value_rows(everything) or "    '') ;;"}
  esac
  if [ -n "$files" ]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
    compopt -o filenames 2>/dev/null
    return
  elif [ -n "$valued" ]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
    return
  fi
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " {first} " in *" $word "*) command=$word; break ;; esac
  done
  case $command in
    '') options="{long_names(general)}"; case $current in -*) ;; *) options="{first}" ;; esac ;;
{cases}
  esac
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$options" -- "$current")
}}
complete -F {function} {name}
"""


def zsh_quote(text):
    return text.replace("'", "’").replace("[", "(").replace("]", ")").replace(":", "\\:")


def make_zsh_option(short, long, value, words):
    action = f"({WORDS[long]})" if long in WORDS else "_files" if value in ("FILE", "FOLDER") else " "
    tail = f":{zsh_quote(value)}:{action}" if value else ""
    spec = f"--{long}{'=' if value else ''}[{zsh_quote(words)}]{tail}"
    rows = [f"'*{spec}'"] + ([f"'*-{short}{'+' if value else ''}[{zsh_quote(words)}]{tail}'"] if short else [])
    return " \\\n      ".join(rows)


def make_zsh_options(options):
    return " \\\n      ".join(make_zsh_option(*option) for option in options)


def make_zsh(name, general, commands):
    if not commands:
        return f"#compdef {name}\n# Made from its options.\n_arguments \\\n      {make_zsh_options(general)}\n"
    described = " ".join(f"{command}\\:'{zsh_quote(words)}'" for command, words, _ in commands).replace("'", '"')
    cases = "\n".join(f"    {command})\n      _arguments \\\n      {make_zsh_options(options)} \\\n      '*:argument: ' ;;"
                      for command, _, options in commands)
    return f"""#compdef {name}
# Made from its options.
local curcontext=$curcontext state line
_arguments -C \\
      {make_zsh_options(general)} \\
      '1:command:(({described}))' \\
      '*::argument:->arguments'
case $state in
  arguments)
    case $line[1] in
{cases}
    esac ;;
esac
"""


def fish_quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def make_fish_option(name, condition, option):
    short, long, value, words = option
    how = f" -x -a {fish_quote(WORDS[long])}" if long in WORDS else " -r -F" if value in ("FILE", "FOLDER") else " -x" if value else ""
    return f"complete -c {name}{condition}{f' -s {short}' if short else ''} -l {long}{how} -d {fish_quote(words)}"


def make_fish(name, general, commands):
    rows = [f"# Completions of {name} for fish, made from its options.", f"complete -c {name} -f"]
    rows += [make_fish_option(name, " -n __fish_use_subcommand" if commands else "", option) for option in general]
    for command, words, options in commands:
        rows.append(f"complete -c {name} -n __fish_use_subcommand -a {command} -d {fish_quote(words)}")
        rows += [make_fish_option(name, f" -n '__fish_seen_subcommand_from {command}'", option) for option in options]
    return "\n".join(rows) + "\n"


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    name = Path(program).name
    told = read_help(program, "--help-all")
    commands = [(found[1], found[2], find_options(read_help(program, found[1], "--help"))) for found in map(COMMAND.match, told) if found]
    general = find_options(told)
    for file, text in ((name, make_bash(name, general, commands)), (f"_{name}", make_zsh(name, general, commands)),
                       (f"{name}.fish", make_fish(name, general, commands))):
        (folder / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
