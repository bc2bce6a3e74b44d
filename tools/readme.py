"""Write the generated parts of the pages: `python tools/readme.py`. A test compares them with what it would write.

A part stands between its marks, <!-- NAME --> and <!-- /NAME -->, and comes from the table that the program reads.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path

from gradtui.cli import sweep_plan, train_plan
from gradtui.cli.settings import KEYS, SETTINGS, Setting
from gradtui.lessons.check import measure_table
from gradtui.model.commands import BY_ID
from gradtui.model.keys import key_table
from gradtui.model.presets import PRESETS
from gradtui.serve import command
from gradtui.serve.session.limits import LIMITS
from gradtui.share import address
from gradtui.views.catalogue import VIEWS
from gradtui_engine.analysis.outcome import KINDS
from gradtui_engine.core.options import toml_value
from gradtui_engine.experiment.experiment import options
from gradtui_engine.findings.kinds import KINDS as FINDINGS
from gradtui_recorder import schema

ROOT = Path(__file__).parents[1]
#: A bar inside of a cell.
BAR = r"\|"
#: Options whose names would fill the table: the lessons' files, and the lab's activations.
_OF_MANY = ("row", "lesson")
#: The environment whose defaults are shown, and others in which a default is another one.
_USUAL: Mapping[str, str] = {"LANG": "en_GB.UTF-8"}
_ELSEWHERE: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("in a Chinese locale", {"LANG": "zh_CN.UTF-8"}),
    ("without UTF-8", {"LANG": "en_GB.ISO-8859-1"}),
    ("over SSH", {**_USUAL, "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}),
)
#: Keys for the example: more than one, another one, none.
_EXAMPLE_KEYS: Mapping[str, list[str]] = {"step": ["n", ".", "f8"], "theme": ["Q"], "suspend": []}


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |" for cells in (heading, *rows)]
    return "\n".join([lines[0], "|---" * len(heading) + "|", *lines[1:]])


def rooms() -> str:
    """The picture of the rooms: each package's layers as import-linter holds them, with what each room is for."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = {row["containers"][0]: row["layers"] for row in contracts if row["type"] == "layers"}
    lines = []
    for title, package in (("tui/gradtui", "gradtui"), ("engine/gradtui_engine", "gradtui_engine")):
        lines += [title, *(f"  {room:<12}{_purpose(f'{package}.{room}')}" for room in layers[package])]
        lines += ["      │  reads records, asks for computations", "      ▼"] if package == "gradtui" else []
    lines += ["      │  reads files of lines", "      ▼", f"recorder/gradtui_recorder: {_purpose('gradtui_recorder')}"]
    return "\n".join(["```text", *lines, "```"])


def _purpose(package: str) -> str:
    """The first line of a room's docstring."""
    return str(import_module(package).__doc__).splitlines()[0].rstrip(".")


def preset_table() -> str:
    """Every preset as a Markdown table: name, the view that it opens, its point."""
    rows = ((f"`{each.name}`", VIEWS[each.view].label, each.point) for each in PRESETS.values())
    return _table(("preset", "view", "what it shows"), rows)


def option_table() -> str:
    """Every field as a Markdown table: option, default, what it means, what is allowed."""
    rows = []
    for row in options().values():
        only = f" ({', '.join(row.cells)})" if row.cells else ""
        default = "" if row.default is None else f"`{row.default}`"
        rows.append((f"`{row.flag}`", default, f"{row.help}{only}: {row.kind.allowed}"))
    return _table(("option", "default", "what it means"), rows)


def screen_table() -> str:
    """The options of the screen as a Markdown table; the file names of the lessons would fill it."""
    rows = [(f"`{row.flag}`", row.help if row.name in _OF_MANY else row.told()) for row in address.OPTIONS]
    return _table(("option", "what it means"), [*rows, (f"`{address.B.usage}`", address.B.told())])


def training_table() -> str:
    """The options of `gradtui train` that are not the experiment's as a Markdown table."""
    return _table(("option", "what it means"), [(f"`{row.usage}`", row.told()) for row in train_plan.rows()])


def sweep_table() -> str:
    """The options of `gradtui sweep` that are neither the experiment's nor the training's as a Markdown table."""
    return _table(("option", "what it means"), [(f"`{row.usage}`", row.told()) for row in sweep_plan.OWN])


def kinds_table() -> str:
    """What a training can have come to as a Markdown table."""
    rows = ((f"`{kind.name}`", kind.source) for kind in KINDS.values() if "learning" in kind.questions)
    return _table(("kind", "what it says"), rows)


def findings_table() -> str:
    """Every kind of finding as a Markdown table: its test, what it says of the run, where the threshold comes from."""
    rows = ((f"`{kind.name}`", kind.rule, kind.cause, kind.severity, kind.source) for kind in FINDINGS.values())
    return _table(("kind", "when", "the most likely cause", "how serious", "after"), rows)


def serve_table() -> str:
    """The options of `gradtui serve` that are not the experiment's or the screen's as a Markdown table."""
    rows = ((f"`{row.usage}`", row.told()) for row in (*command.OPTIONS.values(), *LIMITS.values()))
    return _table(("option", "what it means"), rows)


def example_config() -> str:
    """A file of settings: every setting at its default, and some keys."""
    rows = [(setting.toml(setting.usual(_USUAL)), _note(setting)) for setting in SETTINGS.values()]
    keys = [(f"{name} = {toml_value(keys)}", BY_ID[name].help) for name, keys in _EXAMPLE_KEYS.items()]
    return "\n".join(["```toml", *_beside(rows), "", f"[{KEYS}]", *_beside(keys), "```"])


def _note(setting: Setting) -> str:
    default = setting.usual(_USUAL)
    others = [f"{toml_value(value)} {where}" for where, env in _ELSEWHERE if (value := setting.usual(env)) != default]
    return "; ".join([f"{setting.help}: {setting.kind.allowed}", *others])


def _beside(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(text) for text, _ in rows)
    return [f"{text.ljust(width)}  # {note}" for text, note in rows]


def schema_text() -> str:
    """What the lines of a record hold, as the format's own description has it: all behind its first paragraphs."""
    text = str(schema.__doc__)
    return re.sub(r'^"(\w+)"', r'**`"\1"`**', text[text.index('"run", the first line') :].strip(), flags=re.MULTILINE)


Parts = Mapping[str, Callable[[], str]]
#: The pages, by their paths from the root, and the parts of each.
PAGES: Mapping[str, Parts] = {
    "README.md": {
        "presets": preset_table,
        "keys": key_table,
        "config": example_config,
        "options": option_table,
        "screen": screen_table,
        "rooms": rooms,
    },
    "docs/sweeps.md": {"sweep": sweep_table},
    "docs/lessons.md": {"measures": measure_table},
    "docs/training.md": {"training": training_table, "kinds": kinds_table},
    "docs/serving.md": {"serve": serve_table},
    "docs/real-runs.md": {"findings": findings_table, "schema": schema_text},
}


def generated(text: str, parts: Parts) -> str:
    """The page with every part between its marks made anew."""
    for name, make in parts.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, rest = text.split(start)
        after = rest.split(end)[1]
        text = f"{before}{start}{make()}\n{end}{after}"
    return text


def main() -> None:
    for name, parts in PAGES.items():
        page = ROOT / name
        page.write_text(generated(page.read_text(encoding="utf-8"), parts), encoding="utf-8")


if __name__ == "__main__":
    main()
