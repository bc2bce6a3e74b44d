"""Two checkpoints of one model: what has changed from the first to the second, parameter by parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ...core.figures import many, of_it, short
from ...core.message import Message
from .checkpoint import Checkpoint
from .roles import roles_of
from .tensor import Tensor
from .told import Remark, named

#: A parameter whose change is so many times another's median stands out.
_MUCH = 30.0
_GROWN = 10.0


@dataclass(frozen=True, slots=True)
class Change:
    """One tensor before and after: its norms ‖W‖, ‖ΔW‖ / ‖W before‖ (nan where that is 0), the share of its numbers
    that are the same to the bit, and how many are not finite afterwards."""

    name: str
    kind: str
    shape: tuple[int, ...]
    before: float
    after: float
    relative: float
    same: float
    non_finite: int

    @property
    def is_unchanged(self) -> bool:
        return self.same == 1.0


@dataclass(frozen=True)
class Changes:
    """What changed; names that only one of the two has, or with another shape."""

    a: Checkpoint
    b: Checkpoint
    rows: tuple[Change, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    reshaped: tuple[str, ...]


def changes(a: Checkpoint, b: Checkpoint, told: Callable[[float], None] = lambda share: None) -> Changes:
    """Compare two checkpoints by the names of their tensors."""
    shared = [name for name in a.tensors if name in b.tensors]
    alike = [name for name in shared if a.tensors[name].shape == b.tensors[name].shape]
    kinds = {role.name: role.kind for role in roles_of(a.tensors)}
    rows = []
    for done, name in enumerate(alike, start=1):
        if a.tensors[name].dtype.is_float and a.tensors[name].size:
            rows.append(_change(name, kinds[name], a.tensors[name], b.tensors[name]))
        told(done / len(alike))
    return Changes(
        a, b, tuple(rows),
        tuple(name for name in a.tensors if name not in b.tensors),
        tuple(name for name in b.tensors if name not in a.tensors),
        tuple(name for name in shared if name not in alike),
    )  # fmt: skip


def _change(name: str, kind: str, a: Tensor, b: Tensor) -> Change:
    before = after = moved = 0.0
    same = non_finite = 0
    with np.errstate(all="ignore"):
        for one, other in zip(a.parts(), b.parts(), strict=True):
            before += float((one.real**2 + one.imag**2).sum())
            after += float((other.real**2 + other.imag**2).sum())
            moved += float((np.abs(other - one) ** 2).sum())
            same += int(((one == other) | (np.isnan(one) & np.isnan(other))).sum())
            non_finite += int((~np.isfinite(other)).sum())
        relative = math.sqrt(moved / before) if before > 0 else math.nan if moved > 0 else 0.0
    return Change(name, kind, a.shape, math.sqrt(before), math.sqrt(after), relative, same / a.size, non_finite)


def remarks_of(changes: Changes) -> tuple[Remark, ...]:
    """What is to be said of a pair."""
    return tuple(remark for rule in _RULES for remark in rule(changes))


def _broken(changes: Changes) -> Iterator[Remark]:
    names = tuple(row.name for row in changes.rows if row.non_finite)
    if names:
        total = sum(row.non_finite for row in changes.rows)
        yield Remark(
            "non_finite", names,
            Message("nan or inf in B: {total} numbers, in {names}", total=total, names=named(names)),
        )  # fmt: skip


def _differ(changes: Changes) -> Iterator[Remark]:
    if not changes.rows:
        yield Remark("no_match", (), Message("no tensor of A has the name and shape of one of B"))
    if changes.only_a:
        yield Remark("only_a", changes.only_a, Message("only A has {names}", names=named(changes.only_a)))
    if changes.only_b:
        yield Remark("only_b", changes.only_b, Message("only B has {names}", names=named(changes.only_b)))
    if changes.reshaped:
        names = named(changes.reshaped)
        yield Remark("reshaped", changes.reshaped, Message("of another shape in B: {names}", names=names))


def _unchanged(changes: Changes) -> Iterator[Remark]:
    trained = [row for row in changes.rows if row.kind != "buffer"]
    names = tuple(row.name for row in trained if row.is_unchanged)
    if names and len(names) == len(trained):
        yield Remark("unchanged", names, Message("nothing has changed: A and B have the same numbers"))
    elif names:
        message = Message(
            "{count} of {total} parameters have not changed, frozen or without a gradient: {names}",
            count=len(names), total=len(trained), names=named(names),
        )  # fmt: skip
        yield Remark("unchanged", names, message)


def _moved(changes: Changes) -> Iterator[Remark]:
    moved = [row for row in changes.rows if row.kind != "buffer" and not row.is_unchanged and row.relative > 0]
    if not moved:
        return
    usual = float(np.median([row.relative for row in moved]))
    most = max(moved, key=lambda row: row.relative if math.isfinite(row.relative) else math.inf)
    yield Remark(
        "moved", (most.name,),
        Message(
            "parameters have moved by {usual} of their norm (median ‖ΔW‖ / ‖W‖); the most: {name}, by {most}",
            usual=short(usual), name=most.name, most=short(most.relative),
        ),
    )  # fmt: skip
    far = tuple(row.name for row in moved if row.kind not in ("bias", "scale") and row.relative > _MUCH * usual)
    if far:
        message = Message("moved more than {times} times as much: {names}", times=many(_MUCH), names=named(far))
        yield Remark("much", far, message)


def _grown(changes: Changes) -> Iterator[Remark]:
    for row in changes.rows:
        if row.kind in ("bias", "buffer") or row.before <= 0 or not math.isfinite(row.after):
            continue
        if not 1 / _GROWN < row.after / row.before < _GROWN:
            ratio = of_it(row.after / row.before)
            yield Remark("grown", (row.name,), Message("{name}: its norm is {ratio}", name=row.name, ratio=ratio))


_RULES = (_broken, _differ, _unchanged, _moved, _grown)
