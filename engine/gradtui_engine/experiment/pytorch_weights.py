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
from ..program.program import Place
from ..rules.activations import ACTIVATIONS
from ..rules.draws import TRUNCATED_VARIANCE
from .weight_rules import WeightRule, weight_rule

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


def _truncated_of_one(weight: str, gain: float, scale: float | None) -> str:
    return _truncated(weight, gain / math.sqrt(TRUNCATED_VARIANCE), scale)


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


#: Initialiser → its call. Those of a module (`torch_default`) have reset_parameters() besides.
CALLS: Mapping[str, Call] = {
    "normal": _normal,
    "uniform": _bounded,
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
    "torch_default": _bounded,
    "keras_default": _xavier("uniform", _uniform),
    "flax_default": _truncated_of_one,
}


def snippets(resolved: Resolved) -> tuple[str, ...]:
    """Statements that start every weight and bias as the experiment does, but for what is added to a gate's bias."""
    if resolved.kind.over_time:
        by_data = weight_rule(resolved, "output").row.data_dependent
        scaling = (_scaling(resolved, ("output",)),) if by_data else ()
        return (_of_cell(resolved), *_started(resolved, "output", "output"), *scaling)
    output = _weight(resolved, "output.weight", "output")
    same = output.replace("output.", "layer.") == _weight(resolved, "layer.weight", "layer")
    loop = ["for layer in model.modules():", "    if isinstance(layer, nn.Linear):"]
    loop += [indent(text, " " * 8) for text in _started(resolved, "layer", "layer")]
    if resolved.kind.tokens:
        loop.append(_of_attention(resolved))
    scaled = tuple(place for place in _OF_LAYERS if weight_rule(resolved, place).row.data_dependent)
    rest = () if same or scaled == _OF_LAYERS else (output,)
    return ("\n".join(loop), *rest, *((_scaling(resolved, scaled),) if scaled else ()))


#: Where the weights of a network of layers stand.
_OF_LAYERS: tuple[Place, ...] = ("layer", "output")


def _started(resolved: Resolved, layer: str, place: Place) -> list[str]:
    """The statements for one nn.Linear."""
    weight = _weight(resolved, f"{layer}.weight", place)
    if resolved.module_rule is not None and resolved.sigma_b is None:
        return [f"{layer}.reset_parameters()", *([] if _is_pytorchs(weight_rule(resolved, place)) else [weight])]
    return [weight, _bias(resolved, f"{layer}.bias")]


def _is_pytorchs(rule: WeightRule) -> bool:
    """Whether reset_parameters() has drawn the weight already."""
    return rule.row.of_module is not None and rule.scale is None and rule.gain == 1.0


def _of_attention(resolved: Resolved) -> str:
    """The weights of queries, keys and values, which nn.MultiheadAttention has as one parameter of its own."""
    if _is_pytorchs(weight_rule(resolved)):
        # PyTorch starts the biases of an attention at 0; reset_parameters() of its output has drawn them.
        start = ["layer.self_attn._reset_parameters()"]
    else:
        block = indent(_weight(resolved, "block", "layer"), " " * 4)
        start = [f"for block in layer.self_attn.in_proj_weight.data.chunk(3):\n{block}"]
        start.append(_bias(resolved, "layer.self_attn.in_proj_bias"))
    return "\n".join(["for layer in encoder.layers:", *(indent(text, " " * 4) for text in start)])


def _of_cell(resolved: Resolved) -> str:
    """All parameters of a recurrent module."""
    cell, reset = resolved.cell, resolved.module_rule is not None
    entering, recurrent = (_of_gates(resolved, place) for place in ("layer", "recurrent"))
    cases = [("w.ndim == 2", entering)]
    if entering != recurrent:
        # What is left of the matrices after those that are called so reads the input.
        cases = [('name.startswith("weight_hh")', recurrent or ["pass"] * bool(entering)), *cases]
    if resolved.kind.ring:
        # What is no matrix starts by reset_parameters(); real and imaginary part share the variance.
        own = [indent(each, " " * 8) for each in (*entering, "w.data *= 0.5 ** 0.5")] if not reset or entering else []
        loop = [f"for name, w in {cell}.named_parameters():", "    if w.ndim == 2:", *own] if own else []
        return "\n".join([f"{cell}.reset_parameters()", *loop])
    first = resolved.kind.biases[0]
    if resolved.sigma_b is not None:
        cases.append((f'name.startswith("{first}")', [_bias(resolved, "w")]))
    cases = [case for case in cases if case[1]]
    zeros = ["nn.init.zeros_(w)"] if not reset or resolved.sigma_b is not None else []
    if zeros and not entering:
        cases.append(("w.ndim == 2", ["pass"]))
    lines = [f"{cell}.reset_parameters()"] if reset else []
    if not cases and not zeros:
        return lines[0]
    lines.append(f"for name, w in {cell}.named_parameters():")
    for number, (condition, statements) in enumerate(cases):
        lines += [f"    {'el' if number else ''}if {condition}:", *(indent(each, " " * 8) for each in statements)]
    lines += ["    else:", *(f"        {each}" for each in zeros)] if zeros else []
    return "\n".join(lines)


def _of_gates(resolved: Resolved, place: Place) -> list[str]:
    """The statements for one weight `w` of a cell, each gate's block of rows drawn by itself unless all are one."""
    rule, blocks = weight_rule(resolved, place), resolved.kind.blocks
    if rule.row.of_module is not None and rule.scale is None:
        # U(±gain/√n), n being the hidden units for weight_ih, too.
        return [] if rule.gain == 1.0 else [f"w.data *= {typed(rule.gain)}"]
    if blocks == 1 or rule.whole:
        return [_weight(resolved, "w", place)]
    return [f"for block in w.data.chunk({blocks}):", indent(_weight(resolved, "block", place), " " * 4)]


def _weight(resolved: Resolved, weight: str, place: Place) -> str:
    """The statement for one weight matrix."""
    rule = weight_rule(resolved, place)
    slope = resolved.slope if ACTIVATIONS[resolved.activation].slope is not None else None
    built_in = rule.row.built_in_gain
    follows = built_in != 1.0 and rule.scale is None and slope is not None and not resolved.kind.over_time
    if follows and math.isclose(rule.gain * built_in, math.sqrt(2 / (1 + (slope or 0.0) ** 2)), rel_tol=1e-12):
        kind = rule.row.name.removeprefix("he_")
        return f'nn.init.kaiming_{kind}_({weight}, a={typed(slope or 0.0)}, nonlinearity="leaky_relu")'
    return CALLS[rule.row.name](weight, rule.gain, rule.scale)


def _bias(resolved: Resolved, bias: str) -> str:
    if resolved.sigma_b is None:
        return f"nn.init.zeros_({bias})"
    return f"nn.init.normal_({bias}, std={typed(resolved.sigma_b)})"


def _scaling(resolved: Resolved, places: tuple[Place, ...]) -> str:
    """LSUV's scaling, one layer after the other in one forward pass; biases are 0 there."""
    gains = [typed(weight_rule(resolved, place).gain) for place in places]
    wanted = gains[0] if len({*gains}) == 1 else f"({gains[1]} if layer is output else {gains[0]})"
    chosen = {_OF_LAYERS: "", ("layer",): " and m is not output", ("output",): " and m is output"}[places]
    linear = "z" if resolved.sigma_b is None else "(z - layer.bias)"
    back = "z * share" if resolved.sigma_b is None else "(z - layer.bias) * share + layer.bias"
    return "\n".join(
        [
            "def scaled(layer, inputs, z):",
            f"    share = {wanted} / {linear}.std(correction=0)",
            "    layer.weight.data *= share",
            f"    return {back}",
            f"hooks = [m.register_forward_hook(scaled) for m in model.modules() if isinstance(m, nn.Linear){chosen}]",
            "with torch.no_grad():",
            "    model(inputs)",
            "for hook in hooks:",
            "    hook.remove()",
        ]
    )
