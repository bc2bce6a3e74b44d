"""What the explanations of all recurrent cells share: the numbers of one step, and what became of the gradient."""

from __future__ import annotations

from gradtui_engine import Step
from gradtui_engine.analysis.record import Listed
from gradtui_engine.core.figures import short, subscript
from gradtui_engine.core.message import English
from gradtui_engine.core.numerics import ratio
from gradtui_engine.program.program import place_of

from ....text.language import tr
from ....text.undefined import defined
from ..explain_helpers import Notes, angle_of, instruction


def gates(listed: Listed, slot: str) -> list[float]:
    """Each gate of unit 1, sample 1, in the order of their blocks."""
    gates, count = listed.values[slot], listed.resolved.kind.blocks
    return [float(gates[0, block * (gates.shape[1] // count)]) for block in range(count)]


def times(step: Step) -> tuple[str, str]:
    """The time step and the one before, as subscripts."""
    return subscript(step.stage or 1), subscript((step.stage or 1) - 1)


def _is_read_out(listed: Listed, step: Step) -> bool:
    """Whether the step belongs to the layer whose states are the stages: the last one."""
    return instruction(listed, step).outputs[0] in listed.program.stages


def passed(listed: Listed, step: Step, position: int, symbol: str) -> str:
    """‖∂L/∂h₄₀‖ 0.1 → ‖∂L/∂h₃₉‖ 0.09, ×0.9, for the state at this position of outputs and (one later) inputs.

    From 0 there is no factor: a state can get its gradient elsewhere, ∂L/∂h of an LSTM from ∂L/∂c.
    """
    operation = instruction(listed, step)
    after, before = (
        listed.gradient_norm(name) for name in (operation.outputs[position], operation.inputs[position + 1])
    )
    t, p = times(step)
    norms = f"‖∂L/∂{symbol}{t}‖ {short(after)} → ‖∂L/∂{symbol}{p}‖ {short(before)}"
    return norms if after == 0 else f"{norms}, ×{short(ratio(before, after))}"


def arrives(listed: Listed, step: Step, states: int) -> bool:
    """Whether any gradient of the first so many outputs, the states, is not exactly 0."""
    return any(listed.gradient_norm(name) != 0 for name in instruction(listed, step).outputs[:states])


def two_paths(listed: Listed, step: Step) -> Notes:
    """The factor as direct path and gates, which the record takes apart for the last layer."""
    whole = "cell" if listed.resolved.kind.has_cell_state else "whole"
    if not _is_read_out(listed, step):
        return [("dim", tr("a lower layer: its gradient also comes from the layer above, at every step"))]
    stage = listed.stages[(step.stage or 1) - 1]
    parts = {name: short(defined(value, listed)) for name, value in stage.factors.items()}
    if stage.unknown_parts:
        unknown = tr("the parts of the factor are not known: {reason}", reason=tr(stage.unknown_parts))
        return [("strong", unknown)]
    path = listed.resolved.kind.path
    assert path is not None  # of cells with two paths
    values = {**parts, "whole": parts[whole], "way": way(listed, step), "symbol": path.symbol}
    values["angle"] = angle_of(defined(stage.factors.get("cosine"), listed))
    text = tr(_WITH_LOSS if "loss" in parts else _WITHOUT, **values)
    return [("strong", text)]


_WITHOUT: English = "{way}: direct path {symbol} {direct} with {gates} through the gates ({angle}) = ×{whole}"
_WITH_LOSS: English = (
    "{way}: direct path {symbol} {direct}, through the gates {gates}, the step's own loss {loss} = ×{whole}"
)


def way(listed: Listed, step: Step) -> str:
    """from t = 40 to t = 39."""
    above, below = (tr(place_of("time", time)) for time in ((step.stage or 1), (step.stage or 1) - 1))
    return tr("from {above} to {below}", above=above, below=below)
