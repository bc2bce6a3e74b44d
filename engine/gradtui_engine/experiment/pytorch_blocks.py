"""A residual block in PyTorch: the modules of its branch, what is learned beside them, and the line of forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..cells.residual_blocks import (
    ACTIVATION,
    DROPOUT,
    JOIN,
    LINEAR,
    RESIDUALS,
    blocks,
    parts_of_layer,
    scales,
    weights_scale,
)
from ..cells.settings import units_of
from ..core.figures import typed
from . import pytorch_names as names
from .pytorch_line import Line

if TYPE_CHECKING:
    from .resolved import Resolved


def activation_of(now: Resolved) -> str:
    return names.ACTIVATIONS[now.activation].format(slope=typed(now.slope or 0.0))


def norm_of(now: Resolved) -> str:
    """The module, or one for each hidden layer where these are not equally wide."""
    if not now.widths:
        return names.NORMS[now.norm].format(width=now.width)
    widths = ", ".join(map(str, now.widths))
    return f"[{names.NORMS[now.norm].format(width='units')} for units in ({widths},)]"


#: Row of the table of residuals → what is made once for each block, and the sum of branch and skip; {branch} and {skip}
#: are the numbers that multiply them.
_JOINS: dict[str, tuple[tuple[str, ...], str]] = {
    "add": ((), "h + layer(h)"),
    "scaled": ((), "h + {branch}layer(h)"),
    "rezero": (("alpha = nn.Parameter(torch.full((1,), {start}))",), "h + alpha * layer(h)"),
    "layer_scale": (("gamma = nn.Parameter(torch.full(({width},), {start}))",), "h + gamma * layer(h)"),
    "deepnorm": ((), "{skip}h + layer(h)"),
    "highway": (
        ("gate = nn.Linear({width}, {width})", "nn.init.constant_(gate.bias, {bias})"),
        "gate(h).sigmoid() * layer(h) + (1 - gate(h).sigmoid()) * h",
    ),
}  # fmt: skip


def snippets(now: Resolved) -> Iterator[Line]:
    """Statements, each with where it stands."""
    row = RESIDUALS[now.residual]
    if not row.joins:
        yield Line("h = layer(h)", "in forward, without h +")
        return
    inside, outside = _branch(now)
    on_skip, on_branch = scales(now)
    made, sum_ = _JOINS[row.name]
    numbers = {
        "width": _widths_of_block(now)[0], "start": typed(on_branch), "bias": typed(now.highway_bias),
        "skip": _times(on_skip),
        "branch": _times(on_branch),
    }  # fmt: skip
    yield Line(f"layer = nn.Sequential({', '.join(inside)})")
    if row.weights is not None:
        share = typed(weights_scale(now))
        yield Line(
            f"for m in layer:\n    if isinstance(m, nn.Linear):\n        m.weight.data *= {share}",
            "after the weights have been started",
        )
    for code in made:
        yield Line(code.format(**numbers), "one for each block")
    if outside:
        yield Line(f"after = nn.Sequential({', '.join(outside)})")
    joined = sum_.format(**numbers)
    yield Line(f"h = {f'after({joined})' if outside else joined}", "in forward, where h and layer(h) are as wide")


def _times(number: float) -> str:
    return "" if number == 1.0 else f"{typed(number)} * "


def _branch(now: Resolved) -> tuple[list[str], list[str]]:
    """The modules of a block before its skip joins, and after."""
    parts = [part for _ in range(now.residual_span - 1) for part in parts_of_layer(now, True, ends=False)]
    parts += parts_of_layer(now, True, ends=True)
    widths, modules = _widths_of_block(now), list[str]()
    for part in parts:
        if part == LINEAR:
            modules.append(f"nn.Linear({widths[0]}, {widths[1]})")
            del widths[0]
        elif part in _CALLS:
            modules.append(_CALLS[part](now))
        else:
            modules.append("" if part == JOIN else names.NORMS[now.norm].format(width=widths[0]))
    join = parts.index(JOIN)
    return modules[:join], modules[join + 1 :]


#: The parts of a layer that are as wide as what they read, whatever that is.
_CALLS: Mapping[str, Callable[[Resolved], str]] = {
    ACTIVATION: activation_of,
    DROPOUT: lambda now: names.DROPOUTS[now.dropout_kind].format(rate=typed(now.dropout)),
}


def _widths_of_block(now: Resolved) -> list[int]:
    """The units of what the first block with a skip reads, and of each of its layers."""
    for first, last, skip in blocks(now, now.inputs or 0):
        if skip:
            return [units_of(now, last), *(units_of(now, layer) for layer in range(first, last + 1))]
    return [now.width] * (now.residual_span + 1)
