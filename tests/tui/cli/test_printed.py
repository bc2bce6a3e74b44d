"""What is printed where the output is poorer than the texts: all in ASCII, and English where letters are lacking."""

from __future__ import annotations

import io
import os
import re
import sys
import tomllib
from pathlib import Path

import pytest
from rich.cells import cell_len

import gradtui
from gradtui.cli import printed
from gradtui.cli.main import main
from gradtui.text import glyphs, language, process
from gradtui_engine.analysis import published_figures
from gradtui_engine.analysis.published_figures import Figure
from tests.examples import covering
from tests.tui.helpers import Command, Done, odd_numbers, run_process

LESSON = Path(str(gradtui.__file__)).parent / "lessons" / "en" / "01-reading-the-screen.md"
#: Every command that prints, with as many symbols in it as it can have.
LINES = (
    "run --depth 6 --plot --jacobian",
    "run --cell lstm --data gaussian --steps 5 --plot",
    "run --depth 2 --print-config",
    "run --json --depth 2",
    "run --help",
    "run --depth 0 --activation rleu",
    "run --cell lstm --data gaussian --steps 3 --depth 4",
    "data table.csv",
    "run --data csv:table.csv --depth 2",
    "doctor --depth 8 --width 8 --batch 4 --activation linear --train 2",
    "check --depth 2 --width 4 --batch 3",
    "theory",
    "presets",
    f"lessons {LESSON}",
    "config",
    "--help",
    "--version",
)


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a;b;y\n" + "".join(f"{n},5;{n % 3};{n % 2}\n" for n in range(8)), encoding="utf-8")
    monkeypatch.setattr(process, "_in_force", process.current())
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "PYTHONIOENCODING", "PYTHONUTF8"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    # The real figures take seconds.
    rows = [
        Figure("σ_w² = 1: √χ ≈ ½", 0.5, 0.5, 1e-3, "Poole et al. 2016 – Σ f′", exact=exact) for exact in (True, False)
    ]
    monkeypatch.setattr(published_figures, "figures", lambda: iter(rows))


def on(encoding: str, line: str, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Done:
    """`gradtui LINE` on streams of this encoding, as the bytes that were written; UTF-8 is decoded."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2)]
    with monkeypatch.context() as patch:
        for name, value in ({"PYTHONIOENCODING": encoding} | variables).items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        try:
            status = main(line.split())
        except SystemExit as stop:
            status = int(stop.code or 0)
    out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)  # type: ignore[attr-defined]
    return Done(status, out, err)


def without_copied(text: str) -> str:
    """Without the commands and the lines of Python that the doctor prints to be copied."""
    return re.sub(r"^ {4}.*\n", "", text, flags=re.MULTILINE)


@covering(line=LINES, encoding=["ascii", "latin-1", "cp437"])
def test_every_symbol_has_a_spelling_in_ascii(line: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rich, poor = on("utf-8", line, monkeypatch), on(encoding, line, monkeypatch)
    assert poor.status == rich.status
    for ours, theirs in ((poor.out, rich.out), (poor.err, rich.err)):
        assert ours.isascii()
        assert ours.count("?") == theirs.count("?")
        if "--json" not in line:
            assert not re.search(r"\\[xuU]", ours)
        # Arguments and documents have Python's own spelling.
        if not {"--json", "--print-config", "config", "presets"} & set(line.split()):
            assert not odd_numbers(without_copied(ours))
    assert (poor.out, poor.err) != ("", "")


def test_tables_are_aligned_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """√ and σ take several letters: columns measured before would be torn."""
    rows = on("ascii", "run --depth 4", monkeypatch).out.split("\n\n")[1].splitlines()
    ends = {row.rindex("|") for row in rows[1:]}
    assert len(ends) == 1
    doctor = on("ascii", "doctor --depth 12 --width 16 --batch 8 --train 1", monkeypatch).out
    assert max(map(cell_len, without_copied(doctor).splitlines())) <= 120


def test_bars_and_curves_are_drawn_in_the_glyphs_that_are_asked_for(command: Command) -> None:
    drawn = {name: command("run", "--depth", 4, "--plot", "--glyphs", name).out for name in glyphs.GLYPHS}
    assert "█" in drawn["block"]
    assert "⣿" in drawn["braille"]
    assert not re.search("[▀-▟─-╿σ√∂]", drawn["braille"])
    assert drawn["ascii"].isascii()
    assert "#" in drawn["ascii"]
    # The same numbers in each, whatever is drawn.
    numbers = {tuple(re.findall(r"\d[\d.e-]*", text.split("\n\n")[0])) for text in drawn.values()}
    assert len(numbers) == 1


@pytest.mark.parametrize(
    "line", ["run --depth 2", "doctor --depth 2 --train 0", "check --depth 1 --width 2", "theory --glyphs x"]
)
def test_every_command_that_prints_takes_a_set_of_glyphs(line: str, command: Command) -> None:
    done = command(*line.split(), *([] if "--glyphs" in line else ["--glyphs", "ascii"]))
    assert (done.out + done.err).isascii()
    if "--glyphs x" in line:
        assert done.problems == ["gradtui theory: --glyphs: 'x' is unknown; allowed: block, braille, ascii"]


def test_blocks_that_are_asked_for_where_there_are_none_are_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    assert on("ascii", "run --depth 2 --glyphs block", monkeypatch).out.isascii()


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "LANG": "en_GB.UTF-8"},
        {"LANG": "C", "LC_ALL": "", "LC_CTYPE": ""},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_in_a_plain_locale_a_process_prints_ascii_though_python_would_write_utf_8(environment: dict[str, str]) -> None:
    done = run_process("run", "--depth", "2", **environment)
    assert (done.status, done.err) == (0, "")
    assert done.out.isascii()
    assert "|dL/dh|" in done.out


# -- what another program reads ----------------------------------------------------------------------------


def test_a_document_keeps_its_values_in_ascii(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """é becomes no e: the file would be another one."""
    file = tmp_path / "données 😀 # 1.csv"
    file.write_text("a,b\n" + "".join(f"{n},{n * n % 7}.5\n" for n in range(8)), encoding="utf-8")
    arguments = ["run", "--data", f"csv:{file}", "--print-config"]
    with monkeypatch.context() as patch:
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
        patch.setenv("PYTHONIOENCODING", "ascii")
        patch.setattr(sys, "stdout", stream)
        assert main(arguments) == 0
    text = stream.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
    assert tomllib.loads(text)["data"] == f"csv:{file}"


@pytest.mark.parametrize(("variables", "name"), [({"LC_ALL": "C"}, r"gr\xf6\xdfe"), ({"LC_ALL": "C.UTF-8"}, "größe")])
def test_letters_of_a_persons_own_are_themselves_or_their_escapes(
    variables: dict[str, str], name: str, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """ö is no o: --drop would not find the column."""
    (tmp_path / "t.csv").write_text("größe,y\n" + "".join(f"{n},{n % 2}\n" for n in range(8)), encoding="utf-8")
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    for glyph_set in ((), ("--glyphs", "ascii")):
        assert name in command("data", tmp_path / "t.csv", *glyph_set).out


def test_comments_of_a_document_are_spelt_and_values_escaped() -> None:
    with glyphs.drawing(glyphs.ASCII):
        shown = printed.toml('data = "csv:é # √"  # σ_w\n# √½ = "é"\ndepth = 3 # ∂\n')
    assert shown == 'data = "csv:\\u00e9 # \\u221a"  # sigma_w\n# sqrt 1/2 = "é"\ndepth = 3 # d\n'
    assert printed.toml("# √\n") == "# √\n"


def test_a_path_is_printed_as_it_is(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "σ.toml"
    path.write_text("", encoding="utf-8")
    monkeypatch.setenv("GRADTUI_CONFIG", str(path))
    assert command("config", "--path", "--glyphs", "ascii").out == f"{path}\n"


# -- languages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "big5"])
def test_chinese_is_english_where_the_encoding_lacks_its_letters(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = on(encoding, "run --depth 2", monkeypatch, LANG="zh_CN.UTF-8")
    assert "healthy" in done.out
    assert done.out.isascii()
    assert "English instead" in done.err
    assert len(done.problems) == 1


def test_chinese_stays_where_the_encoding_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    done = on("gb18030", "run --depth 2", monkeypatch, LANG="zh_CN.GB18030")
    assert "健康" in done.out
    assert done.err == ""


@pytest.mark.parametrize("name", ["zh_TW.UTF-8", "zh_HK.UTF-8", "zh_MO", "zh_Hant", "zh_Hant_TW.UTF-8", "zh-Hant-HK"])
def test_readers_of_traditional_characters_are_told_that_ours_are_simplified(
    name: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", name)
    done = command("run", "--depth", "2")
    assert "健康" in done.out
    assert done.problems == ["gradtui run: 這裡的中文是簡體字；英文：--lang en；不再顯示這一行：--lang zh"]
    assert "簡體字" in command("config", "--show").out
    tomllib.loads(command("config").out)
    for lang in language.LANGUAGES:
        assert command("run", "--depth", "2", "--lang", lang).err == ""


@pytest.mark.parametrize("name", ["zh_CN.UTF-8", "zh_SG.UTF-8", "zh", "zh_Hans_HK.UTF-8", "en_HK.UTF-8", "C.UTF-8", ""])
def test_others_are_told_nothing(name: str, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", name)
    assert command("run", "--depth", "2").err == ""
    assert "簡" not in command("config").out


def test_the_streams_are_put_back() -> None:
    before = sys.stdout, sys.stderr
    with printed.printing(os.environ):
        assert sys.stdout is not before[0]
        assert printed.exactly(sys.stdout) is before[0]
    assert (sys.stdout, sys.stderr) == before


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_was_closed_before_is_no_failure(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`gradtui run >&-`: Python has None in its place."""
    monkeypatch.setattr(sys, stream, None)
    assert main(["run", "--depth", "1", "--width", "2"]) == 0
