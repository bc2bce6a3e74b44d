"""What gradtui takes of Textual that is private: listed, there, and used in one folder alone."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import textwrap
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import textual
from textual.app import App
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

import gradtui
from gradtui.screen.terminal.private_names import PRIVATE_NAMES, Private

ROOT = Path(gradtui.__file__).parent
FOLDER = ROOT / "screen" / "terminal"
LISTED = {private.name for private in PRIVATE_NAMES}
PRIVATE = re.compile(r"_[A-Za-z][A-Za-z0-9_]*$").match


@pytest.mark.parametrize("private", PRIVATE_NAMES, ids=lambda private: f"{private.owner} {private.name}")
def test_this_textual_has_the_name(private: Private) -> None:
    module, _, cls = private.owner.partition(":")
    owner = importlib.import_module(module)
    if cls:
        owner = getattr(owner, cls)
    # What is set in a method alone is found in the source.
    assert hasattr(owner, private.name) or f"self.{private.name} " in _source(owner), private.purpose


@functools.cache
def _source(owner: object) -> str:
    bases = inspect.getmro(owner) if inspect.isclass(owner) else ()
    return "".join(inspect.getsource(base) for base in bases if base.__module__.startswith("textual"))


def test_textual_is_pinned_to_what_was_tested() -> None:
    project = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text())["project"]
    (pinned,) = [one for one in project["dependencies"] if one.startswith("textual")]
    assert pinned == "textual~=8.2.8"
    assert version("textual").startswith("8.2.")


@functools.cache
def textuals_own() -> frozenset[str]:
    """Every private name that Textual gives to a class or an object of its own."""
    given = re.compile(r"def (_\w+)|self\.(_\w+)(?:: [^=\n]+)? = |^    (_\w+)(?:: [^=\n]+)?(?: = |$)", re.MULTILINE)
    sources = (path.read_text() for path in Path(textual.__file__).parent.rglob("*.py"))
    return frozenset(name for source in sources for found in given.findall(source) for name in found if PRIVATE(name))


def used(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Private names that a module reads, writes or overrides of what it imports, with their lines."""
    own = _defined(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual."):
            if any(part.startswith("_") for part in (node.module or "").split(".")):
                yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Attribute) and PRIVATE(node.attr) and node.attr not in own:
            yield node.attr, node.lineno


def _defined(tree: ast.Module) -> set[str]:
    """The names that a module's functions, and its classes and their objects, have."""
    nodes = list(ast.walk(tree))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    set_on_self = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node)
    }
    bodies = [node.body for node in nodes if isinstance(node, ast.ClassDef)]
    targets = [
        target
        for body in bodies
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return functions | set_on_self | {target.id for target in targets if isinstance(target, ast.Name)}


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def test_no_other_private_name_of_textual_is_used_nor_any_outside_of_the_folder() -> None:
    strays = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in ROOT.rglob("*.py")
        for name, line in used(ast.parse(path.read_text()))
        # `os._exit` is Python's.
        if name in textuals_own() - {"_exit"}
        if name not in LISTED or path.parent != FOLDER
    ]
    assert strays == []


def ours() -> Iterator[type]:
    """Every class of gradtui's that is one of Textual's too."""
    for module in pkgutil.walk_packages([str(ROOT)], "gradtui."):
        if module.name.partition(".")[2].startswith(("screen", "serve.kiosk")):
            for _, cls in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if cls.__module__ == module.name and issubclass(cls, DOMNode | Driver):
                    yield cls


def test_no_name_of_ours_is_by_chance_one_of_textuals_too() -> None:
    """Textual's own would be lost, and its methods would read ours."""
    chances = []
    for cls in ours():
        bases = [base for base in inspect.getmro(cls) if base.__module__.startswith("textual")]
        theirs = set[str]().union(*map(_names, bases))
        listed = LISTED if cls.__module__.startswith("gradtui.screen.terminal.") else set[str]()
        chances += [f"{cls.__qualname__}.{name}" for name in _names(cls) & theirs - listed]
    assert chances == []


@functools.cache
def _names(cls: type) -> frozenset[str]:
    """The private names that a class defines, or gives its objects."""
    return frozenset(filter(PRIVATE, _defined(ast.parse(textwrap.dedent(inspect.getsource(cls))))))


# -- what is public in name only ---------------------------------------------------------------------------


def test_the_methods_that_are_built_upon_do_what_they_did() -> None:
    for name in ("run_input_thread", "process_message", "disable_input", "start_application_mode", "write"):
        assert callable(getattr(LinuxDriver, name)), name
    in_use = LinuxDriver.__init__.__code__.co_names + LinuxDriver.start_application_mode.__code__.co_names
    assert {"_file", "fileno", "exit_event", "_writer_thread", "_key_thread"} <= set(in_use)
    display = App._display.__code__.co_names
    assert {"_driver", "post_display_hook", "_end_update"} <= set(display)
