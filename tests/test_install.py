"""What `make` does on a fresh clone: it says what it installs, and takes the quickest installer there is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.tooling import ROOT, tool

INSTALL = tool("install")
#: What pip 23.2 prints, without --quiet.
PIP = """\
Obtaining file:///home/ada/gradtui
  Installing build dependencies: started
  Installing build dependencies: finished with status 'done'
Collecting markdown-it-py>=3 (from gradtui==0.1.0)
  Downloading markdown_it_py-3.0.0-py3-none-any.whl.metadata (6.9 kB)
Collecting numpy>=1.26 (from gradtui==0.1.0)
  Downloading numpy-2.3.5-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl (16.9 MB)
Building wheels for collected packages: gradtui
Installing collected packages: numpy, markdown-it-py, gradtui
Successfully installed gradtui-0.1.0 markdown-it-py-3.0.0 numpy-2.3.5
"""


def test_it_tells_which_package_it_is_at_and_how_large_it_is() -> None:
    assert list(INSTALL.told(PIP.splitlines())) == [
        "  looking for markdown-it-py",
        "  markdown-it-py, 6.9 kB",
        "  looking for numpy",
        "  numpy, 16.9 MB",
        "  unpacking 3 packages",
    ]


def test_the_packages_are_those_of_the_project() -> None:
    assert "textual" in INSTALL.packages("")
    assert "pytest" not in INSTALL.packages("")
    assert {"textual", "pytest", "mypy"} <= set(INSTALL.packages("dev"))
    assert "torch" not in INSTALL.packages("dev")
    assert {"textual", "pytest", "torch", "transformers"} <= set(INSTALL.packages("dev,torch-tests"))


@pytest.mark.parametrize(("found", "installer"), [("/usr/bin/uv", "uv"), (None, "pip")])
def test_uv_is_used_where_there_is_one(found: str | None, installer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: found if name == "uv" else None)
    chosen, (make, fill) = INSTALL.plan(Path("/x/.venv"), "dev")
    assert chosen == installer
    assert chosen in INSTALL.PATIENCE
    assert make[0] == (found or sys.executable)
    assert fill[-2:] == ["--editable", ".[dev]"]


def test_what_fails_is_shown_whole_and_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        INSTALL.run([sys.executable, "-c", "import sys; print('ERROR: no space left'); sys.exit(1)"])
    assert end.value.code == 2
    said = capsys.readouterr().out
    assert "ERROR: no space left" in said
    assert "gradtui is not installed" in said


def test_make_installs_by_it() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert makefile.count("$(INSTALL)") == 3
    assert "tools/install.py $(VENV)" in makefile
