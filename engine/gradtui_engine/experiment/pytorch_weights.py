"""How parameters start, in PyTorch: the table of initialisers as calls of torch.nn.init.

The weight is called by an expression, `layer.weight` or `block`, which has a row for each output and a column for each
input.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from textwrap import indent
from typing import TYPE_CHECKING

from ..core.figures import typed
from ..rules.activations import ACTIVATIONS
from ..rules.initialisers import INITIALISERS

if TYPE_CHECKING:
    from .resolved import Resolved

#: call(weight, gain, scale) → a statement, of several lines where it must; scale None is the rule's own, as in
#: `Initialiser.draw`.
Call = Callable[[str, float, float | None], str]


def _fan_in(weight: str, gain: float, scale: float | None) -> str:
    """gain / √fan_in, or the scale that was given."""
    return f"{_whole(gain)} / {weight}.shape[1] ** 0.5" if scale is None else typed(gain * scale)


def _whole(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1000 else typed(value)


def _gain(gain: float) -> str:
    return "" if gain == 1.0 else f", gain={typed(gain)}"


def _normal(weight: str, gain: float, scale: float | None) -> str:
    return f"nn.init.normal_({weight}, std={_fan_in(weight, gain, scale)})"


def _bounded(weight: str, gain: float, scale: float | None) -> str:
    bound = _fan_in(weight, gain, scale)
    return f"nn.init.uniform_({weight}, -{bound}, {bound})"


def _uniform(weight: str, gain: float, scale: float | None) -> str:
    return _bounded(weight, gain * math.sqrt(3.0), scale)


def _truncated(weight: str, gain: float, scale: float | None) -> str:
    std, cut = _fan_in(weight, gain, scale), _fan_in(weight, 2 * gain, scale)
    return f"nn.init.trunc_normal_({weight}, std={std}, a=-{cut}, b={cut})"


def _cut(weight: str, gain: float, scale: float | None) -> str:
    return f"nn.init.trunc_normal_({weight}, std={_fan_in(weight, gain, scale)})"


def _xavier(kind: str, otherwise: Call) -> Call:
    def call(weight: str, gain: float, scale: float | None) -> str:
        return f"nn.init.xavier_{kind}_({weight}{_gain(gain)})" if scale is None else otherwise(weight, gain, scale)

    return call


def _kaiming(kind: str, built_in: float, otherwise: Call) -> Call:
    """kaiming_… has gains for activations and no other: built_in is the rule's own."""

    def call(weight: str, gain: float, scale: float | None) -> str:
        if scale is not None:
            return otherwise(weight, gain, scale)
        for name, known in (("relu", math.sqrt(2.0)), ("linear", 1.0)):
            if math.isclose(gain * built_in, known, rel_tol=1e-12):
                return f'nn.init.kaiming_{kind}_({weight}, nonlinearity="{name}")'
        return otherwise(weight, gain * built_in, None)

    return call


def _orthogonal(weight: str, gain: float, scale: float | None) -> str:
    return f"nn.init.orthogonal_({weight}{_gain(gain)})"


def _identity(weight: str, gain: float, scale: float | None) -> str:
    eye = f"nn.init.eye_({weight})" if gain == 1.0 else f"{weight}.data.copy_({typed(gain)} * torch.eye(len({weight})))"
    square = f"if {weight}.shape[0] == {weight}.shape[1]:"
    return "\n".join([square, f"    {eye}", "else:", f"    nn.init.xavier_normal_({weight}{_gain(gain)})"])


def _constant(weight: str, gain: float, scale: float | None) -> str:
    return f"nn.init.constant_({weight}, {_fan_in(weight, gain, scale)})"


def _zeros(weight: str, gain: float, scale: float | None) -> str:
    return f"nn.init.zeros_({weight})"


#: Initialiser → its call. Those of a module (`pytorch`) have reset_parameters() besides.
CALLS: Mapping[str, Call] = {
    "normal": _normal,
    "uniform": _bounded,
    "pytorch": _bounded,
    "truncated_normal": _truncated,
    "trunc_normal": _cut,
    "xavier_normal": _xavier("normal", _normal),
    "xavier_uniform": _xavier("uniform", _uniform),
    "he_normal": _kaiming("normal", math.sqrt(2.0), _normal),
    "he_uniform": _kaiming("uniform", math.sqrt(2.0), _uniform),
    "lecun_normal": _kaiming("normal", 1.0, _normal),
    "lecun_uniform": _kaiming("uniform", 1.0, _uniform),
    "orthogonal": _orthogonal,
    "identity": _identity,
    "lsuv": _orthogonal,
    "constant": _constant,
    "zeros": _zeros,
}


def snippets(resolved: Resolved) -> tuple[str, ...]:
    """Statements that start every weight and bias as the experiment does, but for what is added to a gate's bias."""
    if resolved.kind.over_time:
        return (_of_cell(resolved), *_of_output(resolved))
    output = _weight(resolved, "output.weight", of_output=True)
    same = output.replace("output.", "layer.") == _weight(resolved, "layer.weight")
    loop = ["for layer in model.modules():", "    if isinstance(layer, nn.Linear):"]
    loop += [indent(text, " " * 8) for text in _started(resolved, "layer")]
    rest = () if same or _scales(resolved) else (output,)
    return ("\n".join(loop), *rest, *((_scaling(resolved),) if _scales(resolved) else ()))


def _started(resolved: Resolved, layer: str, of_output: bool = False) -> list[str]:
    """The statements for one nn.Linear."""
    weight = _weight(resolved, f"{layer}.weight", of_output)
    if resolved.module_rule is not None and resolved.sigma_b is None:
        own = resolved.init_scale is None and _gain_of(resolved, of_output) == 1.0
        return [f"{layer}.reset_parameters()", *([] if own else [weight])]
    return [weight, _bias(resolved, f"{layer}.bias")]


def _of_output(resolved: Resolved) -> list[str]:
    return _started(resolved, "output", of_output=True)


def _of_cell(resolved: Resolved) -> str:
    """All parameters of a recurrent module: each gate's block of rows is drawn by itself."""
    cell, blocks = resolved.cell, resolved.kind.blocks
    reset = resolved.module_rule is not None
    lines = [f"{cell}.reset_parameters()"] if reset else []
    if reset and resolved.init_scale is None and resolved.gain_value == 1.0 and resolved.sigma_b is None:
        return lines[0]
    lines += [f"for name, w in {cell}.named_parameters():", "    if w.ndim == 2:"]
    if reset and resolved.init_scale is None:
        # U(±gain/√n), n being the hidden units for weight_ih, too.
        lines.append(f"        w.data *= {typed(resolved.gain_value)}")
    elif blocks == 1:
        lines.append(indent(_weight(resolved, "w"), " " * 8))
    else:
        lines += [f"        for block in w.data.chunk({blocks}):", indent(_weight(resolved, "block"), " " * 12)]
    first = resolved.kind.biases[0]
    if resolved.sigma_b is not None:
        lines += [f'    elif name.startswith("{first}"):', f"        {_bias(resolved, 'w')}"]
    if not reset or resolved.sigma_b is not None:
        lines += ["    else:", "        nn.init.zeros_(w)"]
    return "\n".join(lines)


def _weight(resolved: Resolved, weight: str, of_output: bool = False) -> str:
    """The statement for one weight matrix."""
    if resolved.sigma_w is not None:
        return _normal(weight, resolved.sigma_w, None)
    gain, scale = _gain_of(resolved, of_output), resolved.init_scale
    slope = resolved.slope if ACTIVATIONS[resolved.activation].slope is not None else None
    row = INITIALISERS[resolved.init]
    follows = row.built_in_gain != 1.0 and scale is None and slope is not None and not resolved.kind.over_time
    if follows and math.isclose(gain * row.built_in_gain, math.sqrt(2 / (1 + (slope or 0.0) ** 2)), rel_tol=1e-12):
        kind = row.name.removeprefix("he_")
        return f'nn.init.kaiming_{kind}_({weight}, a={typed(slope or 0.0)}, nonlinearity="leaky_relu")'
    return CALLS[resolved.init](weight, gain, scale)


def _gain_of(resolved: Resolved, of_output: bool) -> float:
    """What the rule is drawn with; the output layer is linear: what gain = "auto" takes for it is 1."""
    auto = of_output and isinstance(resolved.gain, str)
    return 1.0 / INITIALISERS[resolved.init].built_in_gain if auto else resolved.gain_value


def _bias(resolved: Resolved, bias: str) -> str:
    if resolved.sigma_b is None:
        return f"nn.init.zeros_({bias})"
    return f"nn.init.normal_({bias}, std={typed(resolved.sigma_b)})"


def _scales(resolved: Resolved) -> bool:
    return resolved.sigma_w is None and INITIALISERS[resolved.init].data_dependent


def _scaling(resolved: Resolved) -> str:
    """LSUV's scaling, one layer after the other in one forward pass; biases are 0 there."""
    wanted = typed(resolved.gain_value)
    if isinstance(resolved.gain, str) and resolved.gain_value != 1.0:
        wanted = f"(1.0 if layer is output else {wanted})"
    linear = "z" if resolved.sigma_b is None else "(z - layer.bias)"
    back = "z * share" if resolved.sigma_b is None else "(z - layer.bias) * share + layer.bias"
    return "\n".join(
        [
            "def scaled(layer, inputs, z):",
            f"    share = {wanted} / {linear}.std(correction=0)",
            "    layer.weight.data *= share",
            f"    return {back}",
            "hooks = [m.register_forward_hook(scaled) for m in model.modules() if isinstance(m, nn.Linear)]",
            "with torch.no_grad():",
            "    model(inputs)",
            "for hook in hooks:",
            "    hook.remove()",
        ]
    )
