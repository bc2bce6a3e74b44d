"""Numbers that a person reads are written by `core.figures` alone: no other module formats one.

What is written for machines, or as a person types it, is listed here with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "engine" / "gradtui_engine", ROOT / "tui" / "gradtui")
WRITER = "engine/gradtui_engine/core/figures.py"
#: Formats for machines: module → what reads it.
FOR_MACHINES = {
    "tui/gradtui/serve/metrics.py": "Prometheus",
    "tui/gradtui/share/exports.py": "names of files",
    "tui/gradtui/share/svg.py": "coordinates of a picture",
    "tui/gradtui/share/moving_svg.py": "CSS",
}
#: A format of a real number, or of a whole one with commas: .2g, .0%, g, ",", .3e; a width or hexadecimal is none.
NUMBER = re.compile(r"[eEfFgGn%,_]$|^,")
IN_BRACES = re.compile(r"\{[^{}]*:([^{}]*)\}")
#: The other formatter: "%.2g" % x.
OLD_STYLE = re.compile(r"%[-+ #0]*[\d*]*(?:\.[\d*]+)?[eEfFgG](?![a-z])")


def stray(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every format of a number in a module."""
    specs = [node.format_spec for node in ast.walk(tree) if isinstance(node, ast.FormattedValue) and node.format_spec]
    within = {id(part) for spec in specs for part in ast.walk(spec)}
    for spec in specs:
        text = "".join(part.value if isinstance(part, ast.Constant) else "0" for part in spec.values)  # type: ignore[attr-defined]
        if NUMBER.search(text):
            yield spec.lineno, text
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "format":
            yield node.lineno, ast.unparse(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in within:
            found = [text for text in IN_BRACES.findall(node.value) if NUMBER.search(text)]
            yield from ((node.lineno, text) for text in (*found, *OLD_STYLE.findall(node.value)))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_module_formats_a_number_but_the_one_that_writes_them(package: Path) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in package.rglob("*.py")
        if path.relative_to(ROOT).as_posix() not in (WRITER, *FOR_MACHINES)
        for line, text in stray(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        'f"{x:.2g}"',
        'f"{x:.0%}"',
        'f"{x:g}"',
        'f"{x:,}"',
        'f"{x:.{n}f}"',
        '"{:.3e}".format(x)',
        '"ratio {x:.3g}"',
        '"%.3g" % x',
        'format(x, ".2f")',
    ],
)
def test_the_search_finds_every_way_to_format(source: str) -> None:
    assert list(stray(ast.parse(source)))


@pytest.mark.parametrize("source", ['f"{x:<32}"', 'f"{x:02x}"', 'f"{x}"', '"{name}: {value}"', '"100 % of it"'])
def test_the_search_leaves_alone_what_formats_no_number(source: str) -> None:
    assert not list(stray(ast.parse(source)))


def test_what_is_excepted_still_is_there() -> None:
    for path in FOR_MACHINES:
        assert list(stray(ast.parse((ROOT / path).read_text(encoding="utf-8")))), f"{path} formats nothing any more"
