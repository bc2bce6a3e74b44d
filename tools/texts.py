"""Every text of the program, and the catalogues of translations: `make texts` brings tui/gradtui/locale up to date.

Which strings are texts is said by types: a parameter, a field or a variable annotated `English` holds texts, and every
literal that is given to it belongs into the catalogues. `tr("…")` and `Message("…")` are no exceptions, their parameter
is annotated so, and neither is a row of a table: `note: English` in the class makes a text of the note of each row.
`FieldName` is the same with a context of its own. A new text needs nothing else; a new translation is empty until
somebody writes it, and `make test` fails until then.
"""

from __future__ import annotations

import ast
import functools
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT / "engine" / "gradtui_engine", ROOT / "tui" / "gradtui")
LOCALES = ROOT / "tui" / "gradtui" / "locale"
#: Annotation → the context (gettext's msgctxt) of the texts that it marks.
MARKS: dict[str, str | None] = {"English": None, "FieldName": "field"}
#: The function whose first two texts are one text's singular and plural.
PLURAL = "plural"
#: Lines of the header that say when and by whom: git knows, and every change would clash with every other one.
_DATED = tuple(
    f'"{name}'.encode()
    for name in ("Project-Id", "Report", "POT-", "PO-", "Last-Translator", "Language-Team", "Generated-By")
)
#: Generic types whose items are all of one type.
_SEQUENCES = frozenset({"tuple", "list", "set", "frozenset", "Iterable", "Sequence", "Iterator", "Collection"})
_MAPPINGS = frozenset({"dict", "Mapping"})


class Text(NamedTuple):
    """A text as gettext knows it, and where it stands: path from the root, and line."""

    english: str
    plural: str
    context: str | None
    path: str
    line: int


# -- what is declared --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    name: str
    annotation: ast.expr | None


@dataclass(frozen=True)
class Callee:
    """A function or class: the module that it stands in, and what it takes, in order."""

    module: str
    parameters: tuple[Parameter, ...]

    @functools.cached_property
    def takes_texts(self) -> bool:
        return any(marked(each.annotation) for each in self.parameters)


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of the tree: to walk it takes 1 s for all modules, and everything here looks at all of them."""
        return tuple(ast.walk(self.tree))

    @functools.cached_property
    def imports(self) -> dict[str, str]:
        """Name here → module.name there, of what is imported by name."""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom):
                parts = package.split(".") if node.level else []
                base = ".".join([*parts[: len(parts) - max(node.level - 1, 0)], *filter(None, [node.module])])
                names |= {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}
        return names


def marked(annotation: ast.expr | None) -> bool:
    """Whether a type says that what it holds are texts, or has texts in it."""
    return annotation is not None and any(
        isinstance(node, ast.Name) and node.id in MARKS for node in ast.walk(annotation)
    )


@functools.cache
def modules() -> tuple[Module, ...]:
    found = []
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            parts = path.relative_to(source.parent).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


@functools.cache
def callees() -> dict[str, tuple[Callee, ...]]:
    """Name → everything of that name."""
    classes = {node.name: node for module in modules() for node in module.nodes if isinstance(node, ast.ClassDef)}
    found: dict[str, list[Callee]] = {}
    for module in modules():
        for node in module.nodes:
            if isinstance(node, ast.ClassDef):
                callee = Callee(module.name, tuple(_taken(node, classes)))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                callee = Callee(module.name, tuple(_parameters(node)))
            else:
                continue
            found.setdefault(node.name, []).append(callee)
    return {name: tuple(each) for name, each in found.items()}


def _taken(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> Iterator[Parameter]:
    """What a class is called with: the parameters of its constructor, or its fields after those of its bases."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name in ("__init__", "__new__"):
            yield from _parameters(statement)
            return
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes and classes[base.id] is not node:
            yield from _taken(classes[base.id], classes)
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield Parameter(statement.target.id, statement.annotation)


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Parameter]:
    taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    for argument in taken:
        if argument.arg not in ("self", "cls"):
            yield Parameter(argument.arg, argument.annotation)


def callee_of(call: ast.Call, module: Module) -> Callee | None:
    """What a call calls, where that takes texts: by its name, in its own module or the one that it is imported from."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    candidates = callees().get(name, ())
    origin = module.imports.get(name, f"{module.name}.{name}").rpartition(".")[0]
    near = [callee for callee in candidates if callee.module == origin] or candidates
    return next((callee for callee in near if callee.takes_texts), None)


# -- the texts ---------------------------------------------------------------------------------------------


class Unreadable(ValueError):
    """A text that is put together as it is said cannot be in a catalogue."""


def texts_of(module: Module) -> Iterator[Text]:
    """All texts of a module, as they come."""
    path = module.path.relative_to(ROOT).as_posix()
    for node in module.nodes:
        if isinstance(node, ast.AnnAssign) and node.value is not None and marked(node.annotation):
            for context, literal in literals(node.annotation, node.value, path):
                yield Text(literal.value, "", context, path, literal.lineno)
        elif isinstance(node, ast.Call):
            callee = callee_of(node, module)
            if callee is not None:
                yield from _given(node, callee, path)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for annotation, value in (*_defaults(node), *_returned(node)):
                for context, literal in literals(annotation, value, path):
                    yield Text(literal.value, "", context, path, literal.lineno)


def _given(call: ast.Call, callee: Callee, path: str) -> Iterator[Text]:
    """The texts that a call gives to its callee."""
    by_name = {each.name: each for each in callee.parameters}
    pairs = [*zip(callee.parameters, call.args, strict=False)]
    pairs += [(by_name[each.arg], each.value) for each in call.keywords if each.arg in by_name]
    if getattr(call.func, "id", "") == PLURAL:
        one, many = (value.value for _, value in pairs[:2] if isinstance(value, ast.Constant))
        yield Text(one, many, None, path, call.lineno)
        pairs = pairs[2:]
    for parameter, value in pairs:
        if marked(parameter.annotation):
            for context, literal in literals(parameter.annotation, value, path):
                yield Text(literal.value, "", context, path, literal.lineno)


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    positional = (*node.args.posonlyargs, *node.args.args)
    given = node.args.defaults
    pairs = [*zip(positional[len(positional) - len(given) :], given, strict=True)]
    pairs += [(a, value) for a, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if value]
    return ((argument.annotation, value) for argument, value in pairs)


def _returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    """What a function returns whose results are texts."""
    if marked(node.returns):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Return) and inner.value is not None:
                yield node.returns, inner.value


def literals(annotation: ast.expr | None, value: ast.expr, path: str) -> Iterator[tuple[str | None, ast.Constant]]:
    """The texts in a value of this type, each with its context."""
    if annotation is None or not marked(annotation):
        return
    if isinstance(annotation, ast.Name):
        for text in _strings(value, path):
            yield MARKS[annotation.id], text
    elif isinstance(annotation, ast.BinOp):  # str | None
        yield from literals(annotation.left, value, path)
        yield from literals(annotation.right, value, path)
    elif isinstance(annotation, ast.Subscript):
        kind = getattr(annotation.value, "id", "")
        inner = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        if kind in _MAPPINGS and isinstance(value, ast.Dict):
            for key, item in zip(value.keys, value.values, strict=True):
                if key is not None:
                    yield from literals(inner[0], key, path)
                yield from literals(inner[1], item, path)
        elif kind in _SEQUENCES and isinstance(value, ast.Tuple | ast.List | ast.Set):
            same = len(inner) == 1 or (isinstance(inner[-1], ast.Constant) and inner[-1].value is ...)
            for place, item in enumerate(value.elts):
                yield from literals(inner[0] if same else inner[place], item, path)


def _strings(value: ast.expr, path: str) -> Iterator[ast.Constant]:
    """The strings that an expression may be: of `a if x else b` both, of `x or "a"` each."""
    if isinstance(value, ast.Constant):
        if isinstance(value.value, str) and value.value:
            yield value
    elif isinstance(value, ast.IfExp):
        yield from (*_strings(value.body, path), *_strings(value.orelse, path))
    elif isinstance(value, ast.BoolOp):
        for operand in value.values:
            yield from _strings(operand, path)
    elif isinstance(value, ast.JoinedStr | ast.BinOp):
        raise Unreadable(f"{path}:{value.lineno}: {ast.unparse(value)} is no literal; give the values to a template")


@functools.cache
def extracted() -> Catalog:
    """Every text of the sources."""
    catalog = Catalog(fuzzy=False)
    for module in modules():
        for text in texts_of(module):
            catalog.add(
                (text.english, text.plural) if text.plural else text.english,
                locations=[(text.path, 0)],
                context=text.context,
            )
    return catalog


# -- the catalogues ----------------------------------------------------------------------------------------


def languages() -> list[str]:
    return sorted(path.name for path in LOCALES.iterdir() if path.is_dir())


def po_of(code: str) -> Path:
    return LOCALES / code / "LC_MESSAGES" / "gradtui.po"


def read(code: str) -> Catalog:
    with po_of(code).open("rb") as file:
        return read_po(file, locale=code, domain="gradtui")


def written(catalog: Catalog) -> bytes:
    """A catalogue as its file: sorted and unwrapped, so that one text changed is one place changed."""
    file = io.BytesIO()
    write_po(file, catalog, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(_DATED))


def updated(code: str) -> Catalog:
    """A language's catalogue with exactly the texts that there are: new ones are empty, old ones are gone."""
    catalog, texts = read(code), extracted()
    catalog.update(texts, no_fuzzy_matching=True, update_header_comment=False)
    return catalog


def lacking(catalog: Catalog, texts: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue, one line each."""
    for message in texts:
        if message.id and (message.context, _key(message.id)) not in _keys(catalog):
            yield f"lacks {message.id!r}"
    known = _keys(texts)
    for message in catalog:
        if not message.id:
            continue
        if (message.context, _key(message.id)) not in known:
            yield f"has {message.id!r}, which nothing says"
        said = message.string if isinstance(message.string, str | None) else "".join(message.string)
        if not said:
            yield f"does not translate {message.id!r}"
        if message.fuzzy:
            yield f"is not sure of {message.id!r} (fuzzy)"


def _keys(catalog: Catalog) -> set[tuple[str | None, str]]:
    return {(message.context, _key(message.id)) for message in catalog if message.id}


def _key(identity: str | Iterable[str]) -> str:
    return identity if isinstance(identity, str) else "\0".join(identity)


def main() -> int:
    status = 0
    for code in languages():
        catalog = updated(code)
        po_of(code).write_bytes(written(catalog))
        for line in lacking(catalog, extracted()):
            status = 1
            print(f"{code} {line}")
    return status


if __name__ == "__main__":
    sys.exit(main())
