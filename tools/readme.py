"""Write the generated parts of README.md: `python tools/readme.py`. A test compares them with what it would write."""

from __future__ import annotations

from pathlib import Path

from gradtui.commands import key_table
from gradtui_engine.experiment import Experiment, options
from gradtui_engine.spelling import flag

README = Path(__file__).parents[1] / "README.md"


def option_table() -> str:
    """Every field as a Markdown table: option, default, what it means, what is allowed."""
    lines = ["| option | default | what it means |", "|---|---|---|"]
    for name, each in options().items():
        default = Experiment.__dataclass_fields__[name].default
        shown = "" if default is None else f"`{default}`"
        allowed = each.kind.allowed
        only = f" ({', '.join(each.cells)})" if each.cells else ""
        lines.append(f"| `{flag(name)}` | {shown} | {each.help}{only}: {allowed} |")
    return "\n".join(lines)


PARTS = {"keys": key_table, "options": option_table}


def generated(text: str) -> str:
    """The page with every part between its marks made anew."""
    for name, make in PARTS.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, rest = text.split(start)
        after = rest.split(end)[1]
        text = f"{before}{start}{make()}\n{end}{after}"
    return text


def main() -> None:
    README.write_text(generated(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
