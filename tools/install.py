"""Install gradtui from this clone, saying in words what is being done: `python tools/install.py FOLDER [EXTRAS]`.

For `make`, on a Python that has nothing installed: the standard library alone. FOLDER becomes a virtual environment;
EXTRAS are pyproject.toml's, with commas between them. uv does it where there is one; else pip, without compiling: of
2,200 modules the program imports a third, which Python compiles by itself when they are first imported.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: By who installs, how long it takes: on two cores 11 s and 1 s, on a slow line up to six times that.
PATIENCE = {"pip": "ten seconds to a minute (uv, if you have it, takes one)", "uv": "a few seconds"}
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_COLLECTING = re.compile(r"Collecting ([A-Za-z0-9._-]+)")
_DOWNLOADING = re.compile(r"\s+Downloading ([A-Za-z0-9._]+)-\S+ \(([\d.]+ [kMG]B)\)")


def say(text: str) -> None:
    print(text, flush=True)


def packages(extras: str) -> list[str]:
    """The names of what pyproject.toml asks for, without the versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = (project["optional-dependencies"][extra] for extra in extras.split(",") if extra)
    asked = itertools.chain(project["dependencies"], *optional)
    return [match[0] for match in map(_NAME.match, asked) if match]


def plan(folder: Path, extras: str) -> tuple[str, list[list[str]]]:
    """Who installs, and the commands: the environment, then all that is in it."""
    python, what = str(folder / "bin" / "python"), f".[{extras}]" if extras else "."
    if uv := shutil.which("uv"):
        # An environment that is there keeps what a person has put into it; --seed: a new one has pip.
        make = [uv, "venv", "--quiet", "--seed", "--allow-existing", "--python", sys.executable, str(folder)]
        return "uv", [make, [uv, "pip", "install", "--quiet", "--python", python, "--editable", what]]
    flags = ["--disable-pip-version-check", "--no-input", "--no-compile", "--prefer-binary", "--progress-bar", "off"]
    make = [sys.executable, "-m", "venv", str(folder)]
    return "pip", [make, [python, "-m", "pip", "install", *flags, "--editable", what]]


def told(lines: Iterable[str]) -> Iterator[str]:
    """Of what pip prints, what a person who waits wants to know: which package it is at, and how large it is."""
    for line in lines:
        if match := _DOWNLOADING.match(line):
            yield f"  {match[1].replace('_', '-').lower()}, {match[2]}"
        elif match := _COLLECTING.match(line):
            yield f"  looking for {match[1]}"
        elif line.startswith("Installing collected packages:"):
            yield f"  unpacking {line.count(',') + 1} packages"


def run(command: list[str]) -> None:
    """Run it, and tell how far it is; what it printed where it fails, and the program's end."""
    printed = list[str]()

    def lines(output: Iterable[str]) -> Iterator[str]:
        for line in output:
            printed.append(line)
            yield line

    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        for text in told(lines(process.stdout)):
            say(text)
    if process.returncode:
        say("".join(printed))
        say(f"gradtui is not installed: {' '.join(command)} failed")
        raise SystemExit(2)


def main() -> None:
    folder, extras = Path(sys.argv[1]), "".join(sys.argv[2:3])
    began = time.monotonic()
    names, (installer, commands) = packages(extras), plan(folder.absolute(), extras)
    say(f"Installing gradtui into {folder}, which happens once, with {installer}: {PATIENCE[installer]}.")
    say(f"It needs {len(names)} packages and what they need: {', '.join(names)}")
    for command in commands:
        run(command)
    say(f"Installed in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
