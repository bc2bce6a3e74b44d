"""The biases of gates in PyTorch: what is added to them, what chrono draws, and a gate that is held."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..core.figures import typed
from ..core.message import Message
from .pytorch_line import Line

if TYPE_CHECKING:
    from .resolved import Resolved

#: The fields that are added.
ADDED = ("forget_bias", "input_bias", "update_bias")
#: The fields that say where eigenvalues start.
RING = ("r_min", "r_max", "max_phase")


def added(was: Resolved, now: Resolved, anew: bool) -> Iterator[Line]:
    """What is added to the biases of gates. anew: they have just been started."""
    drawn = now.sigma_b is not None or now.module_rule is not None or now.gate_init == "chrono"
    for letter, field, sign in now.kind.offsets:
        more = sign * (getattr(now, field) - (getattr(was, field) if was.cell == now.cell else 0.0))
        if more:
            gate = next(each.name for each in now.kind.gates if each.letter == letter)
            rows = _rows(now, letter)
            biases = [f"{now.cell}.{now.kind.biases[0]}_l{layer}" for layer in range(now.layers)]
            if drawn:
                yield from (Line(f"{bias}.data[{rows}] += {typed(more)}", gate) for bias in biases)
                continue
            yield from (
                Line(f"{bias}.data[{rows}].fill_({typed(sign * getattr(now, field))})", gate) for bias in biases
            )
            others = (
                []
                if anew
                else [bias.replace(now.kind.biases[0], name) for name in now.kind.biases[1:] for bias in biases]
            )
            yield from (Line(f"{bias}.data[{rows}].zero_()") for bias in others)


def timed(now: Resolved) -> Iterator[Line]:
    """Chrono initialisation, added to biases that have just been started."""
    if now.gate_init != "chrono" or now.chrono_steps is None:
        return
    for layer in range(now.layers) if now.kind.chrono else ():
        bias = f"{now.cell}.{now.kind.biases[0]}_l{layer}.data"
        lines = [f"lives = torch.empty({now.width}).uniform_(1.0, {typed(now.chrono_steps - 1.0)}).log()"]
        lines += [f"{bias}[{_rows(now, letter)}] {'+' if sign > 0 else '-'}= lives" for letter, sign in now.kind.chrono]
        yield Line("\n".join(lines), Message("chrono: each unit remembers for a time of its own"))


def _rows(now: Resolved, letter: str) -> str:
    """The rows of a gate in the weights and biases of a cell."""
    first, last = now.kind.rows(letter, now.width)
    return f"{first}:{last}"


def pin(was: Resolved, now: Resolved) -> Iterator[Line]:
    path, pin_forget = now.kind.path, now.pin_forget
    if path is None:
        return
    offset = now.kind.path_offset
    rows, value = _rows(now, path.gate), offset.sign * getattr(now, offset.field) if offset is not None else 0.0
    if pin_forget is None:
        for layer in range(now.layers):
            code = f"{now.cell}.{now.kind.biases[0]}_l{layer}.data[{rows}].fill_({typed(value)})"
            yield Line(code, "the gate's bias, learned; without the hook")
        return
    held = {0.0: "-math.inf", 1.0: "math.inf"}.get(pin_forget) or typed(math.log(pin_forget / (1 - pin_forget)))
    lines = [
        f"for name, w in {now.cell}.named_parameters():",
        f'    w.data[{rows}] = {held} if name.startswith("{now.kind.biases[0]}") else 0.0',
        f"    w.register_hook(lambda g: g.index_fill(0, torch.arange({rows.replace(':', ', ')}), 0.0))",
    ]
    yield Line(
        "\n".join(lines), Message("{gate} is {value} whatever it reads", gate=path.gate, value=typed(pin_forget))
    )
