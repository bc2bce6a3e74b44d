"""Private names that serve uses: each is still there, and no other is used."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import gradtui.serve
from gradtui.serve.ssh import asyncssh_limits
from gradtui.serve.ssh.asyncssh_limits import PRIVATE_NAMES, Private

FOLDER = Path(gradtui.serve.__path__[0])
#: Documented, whatever it is called.
_DOCUMENTED = {"_exit", "_replace"}


def known(row: Private) -> set[str]:
    """The names of its owner: a module's, or a class's with those that its instances are made with."""
    module, _, name = row.owner.partition(":")
    owner = importlib.import_module(module)
    if not name:
        return set(dir(owner))
    owner = getattr(owner, name)
    made_with = [getattr(vars(base).get("__init__"), "__code__", None) for base in owner.__mro__]
    return set(dir(owner)).union(*(code.co_names for code in made_with if code is not None))


@pytest.mark.parametrize("row", PRIVATE_NAMES, ids=lambda row: row.name)
def test_the_name_is_there(row: Private) -> None:
    assert row.name in known(row), f"{row.owner} has no {row.name} any more: {row.purpose}"


def used(path: Path) -> set[str]:
    """Private names of others than the module's own objects."""
    tree = ast.parse(path.read_text())
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    } - own - _DOCUMENTED  # fmt: skip


def test_private_names_are_used_in_one_file_alone_and_all_are_listed() -> None:
    found = {path: names for path in FOLDER.rglob("*.py") if (names := used(path))}
    assert set(found) == {Path(asyncssh_limits.__file__)}, found
    assert found[Path(asyncssh_limits.__file__)] == {row.name for row in PRIVATE_NAMES if row.name[0] == "_"}


def test_the_bounded_inflater_is_what_asyncssh_takes() -> None:
    compression = importlib.import_module("asyncssh.compression")
    assert compression.get_decompressor(b"zlib@openssh.com") is not None
