"""The files of docs/serve are what their programs can read, and say what they are for. sshd's: see test_openssh."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gradtui.cli.reading import read
from gradtui.cli.subcommands import SUBCOMMANDS
from gradtui.serve.kiosk.kiosk import VARIABLES
from gradtui.serve.session import limits
from tests.tui.terminal import DEADLINE

DOCS = Path(__file__).parents[3] / "docs"
FILES = DOCS / "serve"
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def found(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool, path=_PATH) is None, reason=f"for want of {tool}")


def checked(*command: str) -> str:
    """Run a checker, which has nothing to complain of; what it says."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=DEADLINE, check=False, env=os.environ | {"PATH": _PATH}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((FILES / "gradtui.service").read_text())
    return parser


def sections(text: str) -> dict[str, list[list[str]]]:
    """HAProxy's language: a keyword at the margin begins a section, what is indented belongs to it."""
    found: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words and not line.startswith(" "):
            lines = found.setdefault(" ".join(words), [])
        elif words:
            lines.append(words)
    return found


def test_every_file_is_explained_in_the_guide() -> None:
    guide = (DOCS / "serving.md").read_text()
    assert [each.name for each in FILES.iterdir() if f"serve/{each.name}" not in guide] == []
    assert [name for name in re.findall(r"\(serve/([^)]+)\)", guide) if not (FILES / name).exists()] == []


def test_the_script_is_bash_and_passes_on_what_the_program_would_keep() -> None:
    script = FILES / "gradtui-kiosk"
    assert os.access(script, os.X_OK)
    checked("bash", "-n", str(script))
    names = re.search(r"for name in ([A-Z_ ]+); do", script.read_text())
    assert names is not None
    assert set(names[1].split()) <= set(VARIABLES)


def test_the_scripts_walls_are_the_defaults_of_gradtui_serve() -> None:
    usual = limits.Limits()
    text = (FILES / "gradtui-kiosk").read_text()
    walls = f"ulimit -c 0 -f 0 -n {usual.files} -t {usual.cpu} -d {usual.memory << 10}"
    assert walls in text
    assert f"seconds={usual.total:.0f}" in text


def test_the_unit_starts_what_gradtui_serve_takes(tmp_path: Path) -> None:
    program, command, *arguments = unit()["Service"]["ExecStart"].split()
    assert (program, command) == ("/opt/gradtui/bin/gradtui", "serve")
    place = arguments.index("--host-key") + 1
    assert arguments[place].startswith(f"/var/lib/{unit()['Service']['StateDirectory']}/")
    arguments[place] = str(tmp_path / "host_key")
    read(SUBCOMMANDS["serve"], [*arguments, "--allow-root"])


@found("systemd-analyze")
def test_systemd_reads_the_unit_without_a_word(tmp_path: Path) -> None:
    copy = tmp_path / "gradtui.service"
    copy.write_text((FILES / "gradtui.service").read_text().replace("/opt/gradtui/bin/gradtui", "/bin/true"))
    # Whether the manual's pages are installed is no fact of the unit.
    assert checked("systemd-analyze", "verify", "--man=no", str(copy)) == ""


def test_the_balancer_knows_its_machines_and_limits_each_visitor() -> None:
    parts = sections((FILES / "haproxy.cfg").read_text())
    assert set(parts) == {"global", "defaults", "frontend visitors", "backend machines"}
    assert ["mode", "tcp"] in parts["defaults"]
    assert ["default_backend", "machines"] in parts["frontend visitors"]
    limited = [line for line in parts["frontend visitors"] if line[:3] == ["tcp-request", "connection", "reject"]]
    assert ["sc0_conn_cur", "gt", str(limits.Limits().per_address)] in [line[5:8] for line in limited]
    assert len([line for line in parts["backend machines"] if line[0] == "server"]) == 2


@found("haproxy")
def test_haproxy_reads_its_file() -> None:
    assert "alert" not in checked("haproxy", "-c", "-f", str(FILES / "haproxy.cfg")).lower()
