"""What a name is called elsewhere: PyTorch's, Keras' and JAX' names for the rows of the tables and for the options.

A name is read without regard to capitals, `_` and `-`, with or without the module that it stands in (`torch.nn.`,
`tf.keras.layers.`, `optax.`), and as a call too, whose parameters are other fields: `SGD(lr=0.1, momentum=0.9)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from .fields import Rejected, Spelled, given
from .figures import typed
from .message import English, Message
from .problems import nearest as nearest_spelling

if TYPE_CHECKING:
    import ast

#: The first word of a module's path → whose it is.
_FAMILIES = {
    **dict.fromkeys(("torch", "nn", "f", "optim"), "torch"),
    **dict.fromkeys(("tf", "tensorflow", "keras"), "keras"),
    **dict.fromkeys(("np", "numpy"), "numpy"),
    "sklearn": "sklearn",
    **dict.fromkeys(("jax", "jnn", "optax", "flax", "linen", "nnx", "jnp", "hk", "haiku"), "jax"),
}
_CALL = re.compile(r"([A-Za-z_][\w.\-]*)\s*\((.*)\)", re.DOTALL)
#: Longer texts are no name, and are not parsed.
_LONGEST = 300

T = TypeVar("T")

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Aliases:
    """What else a row (or an option) is called.

    names mean exactly the row: they are taken. near are names of things that there are not here, for which the row is
    the nearest by meaning: it is offered. Of a call, order has the parameters that may stand without a name, fields the
    field of each parameter, fixed the values that a parameter without a field can have: those that it has here.
    By a name (as `key` makes it), a family (torch, keras, jax), both (jax:gelu) or a module (keras.layers): sets has
    the fields that the name decides, remarks what is not quite the same there, needs the parameters without which it
    means something else. In the families of unlike the row's name is another thing: there it is only offered.
    """

    names: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    sets: Mapping[str, Parameters] = field(default_factory=dict)
    remarks: Mapping[str, English] = field(default_factory=dict)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()


NO_ALIASES = Aliases()


@dataclass(frozen=True, slots=True)
class _Word:
    """A text taken apart: whose name it is and in which module ("" where that is not said), the name's key, and what it
    is called with.
    """

    family: str
    module: str
    key: str
    unnamed: tuple[ast.expr, ...] = ()
    named: Mapping[str, ast.expr] = field(default_factory=dict)


def key(name: str) -> str:
    """A name without what does not count: LeakyReLU, leaky-relu and leaky_relu_ have one key."""
    return re.sub(r"[\s_\-]", "", name).lower()


class Names:
    """The names of some rows, each with what else it is called."""

    def __init__(self, aliases: Mapping[str, Aliases]) -> None:
        self._aliases = dict(aliases)
        self._exact: dict[str, list[str]] = {}
        self._near: dict[str, str] = {}
        for own, others in self._aliases.items():
            for name in (own, *others.names):
                rows = self._exact.setdefault(key(name), [])
                if own not in rows:
                    rows.append(own)
            for name in others.near:
                self._near.setdefault(key(name), own)

    def called(self, text: str) -> tuple[str, ...]:
        """The own names of the rows that are called so."""
        return tuple(self._exact.get(key(text), ()))

    def meaning(self, text: str) -> Spelled | None:
        """The row's own name for a text, with the fields that it decides; None where no row is exactly that.

        Raises Rejected where the name is known but is called with what there is no field for.
        """
        word = _taken_apart(text)
        if word is None:
            return None
        fitting: list[tuple[int, str, dict[str, Any]]] = []
        refused: list[Rejected] = []
        for own in self._exact.get(word.key, ()):
            others = self._aliases[own]
            needs = _of(others.needs, word, ())
            try:
                values = _parameters(text, word, others)
                if word.family not in others.unlike and all(values.get(name) for name in needs):
                    fitting.append((len(needs), own, _fields(text, values, others)))
            except Rejected as error:
                refused.append(error)
        if not fitting:
            if refused:
                raise refused[0]
            return None
        _, own, fields = max(fitting, key=lambda row: row[0])
        others = self._aliases[own]
        return Spelled(own, text, {**_of(others.sets, word, {}), **fields}, _of(others.remarks, word, ""))

    def by_meaning(self, text: str) -> str | None:
        """The name that is nearest by its meaning; None where the text is not known."""
        word = _taken_apart(text)
        if word is None:
            return None
        rows = self._exact.get(word.key, [])
        alike = [own for own in rows if word.family not in self._aliases[own].unlike]
        return next(iter((*alike, *rows)), self._near.get(word.key))

    def nearest(self, text: str, allowed: Iterable[str]) -> str | None:
        """The allowed name that is nearest: by meaning first, then by spelling, of other names too."""
        allowed = tuple(allowed)
        meant = self.by_meaning(text)
        if meant in allowed:
            return meant
        spellings = {name: own for own, others in self._aliases.items() if own in allowed for name in others.names}
        match = nearest_spelling(text, (*allowed, *spellings))
        return spellings.get(match, match) if match is not None and match not in allowed else match


def _taken_apart(text: str) -> _Word | None:
    if len(text) > _LONGEST:
        return None
    call = _CALL.fullmatch(text.strip())
    path, arguments = call.groups() if call else (text.strip(), "")
    *modules, name = path.split(".")
    family = _FAMILIES.get(modules[0].lower(), "") if modules else ""
    module = modules[-1] if modules else ""
    if not name or (modules and not family):
        return None
    # PyTorch's names of what works in place: kaiming_uniform_.
    if not family and name.endswith("_"):
        family = "torch"
    if not arguments.strip():
        return _Word(family, module, key(name))
    import ast  # 0.3 MB of a served session that nobody else needs

    try:
        parsed = ast.parse(f"f({arguments})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(parsed, ast.Call):
        return None
    named = {each.arg: each.value for each in parsed.keywords if each.arg is not None}
    return _Word(family, module, key(name), tuple(parsed.args), named)


def written(value: Any) -> str:
    """A value as it is typed in a call."""
    return typed(value) if isinstance(value, float) else repr(value)


def _of(rows: Mapping[str, T], word: _Word, default: T) -> T:
    """What is said of a name in a family, of the name, of the module or of the family, the first that there is."""
    keys = (f"{word.family}:{word.key}", word.key, f"{word.family}.{word.module}", word.family)
    return next((rows[each] for each in keys if each in rows), default)


def _parameters(text: str, word: _Word, aliases: Aliases) -> dict[str, Any]:
    """The values of a call by parameter. What it is to change, a name and no value, is left out: here it is all."""
    order, unnamed = list(aliases.order), list(word.unnamed)
    if order and order[0] == "params":
        del order[0]
    # clip_grad_norm_(model.parameters(), 1.0), kaiming_uniform_(layer.weight)
    if unnamed and type(unnamed[0]).__name__ in ("Name", "Attribute", "Call", "Subscript"):
        del unnamed[0]
    if len(unnamed) > len(order):
        raise Rejected(Message("{given} has more parameters than there are fields for here", given=given(text)))
    nodes = {**dict(zip(order, unnamed, strict=False)), **word.named}
    nodes.pop("params", None)
    values: dict[str, Any] = {}
    if not nodes:
        return values
    import ast

    for name, node in nodes.items():
        try:
            values[name] = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            message = Message("{parameter} of {given} is no value", parameter=name, given=given(text))
            raise Rejected(message) from None
    return values


def _fields(text: str, values: Parameters, aliases: Aliases) -> dict[str, Any]:
    """The fields that a call's parameters are. Raises Rejected for one that is none."""
    fields = {}
    for name, value in values.items():
        if name in aliases.fields:
            fields[aliases.fields[name]] = value
        elif name not in aliases.fixed:
            message = Message(
                "{parameter} of {given} has no field here; allowed: {allowed}",
                parameter=name, given=given(text), allowed=", ".join((*aliases.fields, *aliases.fixed)) or "–",
            )  # fmt: skip
            raise Rejected(message)
        elif value not in aliases.fixed[name]:
            fixed = " / ".join(map(written, aliases.fixed[name]))
            message = Message(
                "{parameter} of {given} is always {fixed} here", parameter=name, given=given(text), fixed=fixed
            )
            raise Rejected(message)
    return fields
