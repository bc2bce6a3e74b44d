"""Why a cell passes on what it does: how open its gate starts, for where another cell takes its place.

A gate is no cure by itself. At a forget bias of 1 an LSTM's is 0.73 open, and after 64 steps 1e-9 of its direct path is
left: less may arrive than in a plain RNN, whose weights happen to keep it.
"""

from __future__ import annotations

from gradtui_engine.analysis.gate_path import measured
from gradtui_engine.analysis.record import Record
from gradtui_engine.core.figures import rounded, short
from gradtui_engine.data.datasets import find
from gradtui_engine.experiment.resolved import Resolved

from ...model.keys import shown_keys
from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.undefined import defined

#: From this factor a step on a gate needs no opening: half of 64 steps' gradient is left.
_OPEN = 0.99


def switched(before: Record, after: Record) -> tuple[str, ...]:
    """What another network does to the gradient, and why: the same in more words and in fewer. None of a recording."""
    if before.source.experiment is None or after.source.experiment is None:
        return ()
    old, new = before.source.experiment.resolved, after.source.experiment.resolved
    one, two = (defined(record.outcome.ratio, record) for record in (before, after))
    if one is None or two is None:
        return ()
    values = {"old": old.kind.title, "new": new.kind.title, "one": short(one), "two": short(two)}
    if _fresh(after, new) and not new.kind.ring:
        values |= {"factor": short(after.outcome.average_factor), "keys": _page()}
        return (
            tr(
                "{old} → {new}: {one} → {two} arrives: fresh weights keep ×{factor} a step; {keys}: one that forgets",
                **values,
            ),
            tr("{new}: {two} arrives: fresh weights keep ×{factor} a step; {keys}: one that forgets", **values),
        )
    values["why"] = why(after, new)
    shorter = tr("{old} → {new}: {one} → {two} arrives: {why}", **values)
    brief = tr("{new}: {one} → {two} arrives: {why}", **values) if len(shorter) >= _LINE else shorter
    long = tr("{old} → {new}: {one} → {two} of the error signal arrives: {why}", **values)
    return long if len(long) < _LONG_LINE else shorter, brief


#: Cells of a line on a small terminal, and of one that has more room.
_LINE, _LONG_LINE = 80, 100


def _fresh(record: Record, resolved: Resolved) -> bool:
    """Whether enough arrives in a cell without a gate, of data that are no task: over no lag that has to be learnt
    more may arrive than through gates that start half open.
    """
    task = find(resolved.data).baseline is not None
    return resolved.kind.over_time and not resolved.kind.gated and not task and record.outcome.signal.healthy


def _page() -> str:
    """The keys of the story's page that has such a lag."""
    return f"{shown_keys('view_story')} {shown_keys('pair_lstm')}"


def why(record: Record, resolved: Resolved) -> str:
    """its gate starts 0.735 open, b opens it; empty where no gradient is left to be told of."""
    direct = measured(record.stages)
    gated = direct is not None and resolved.kind.path is not None
    factor = defined(direct if gated else record.outcome.average_factor, record)
    if factor is None:
        return ""
    if resolved.kind.ring:
        low, high = rounded(resolved.r_min, 3), rounded(resolved.r_max, 3)
        return tr("|λ| starts from {low} to {high}, ×{factor} a step", low=low, high=high, factor=short(factor))
    if _fresh(record, resolved):
        return tr(
            "no gate: fresh weights ({init}) happen to keep ×{factor} a step, and no single step has to be remembered "
            "here; {keys}, a page of the story, has an RNN that forgets over 50 steps, and learns nothing",
            init=resolved.init if resolved.sigma_w is None else "σ_w", factor=short(factor), keys=_page(),
        )  # fmt: skip
    if not gated and resolved.kind.over_time:
        return tr("no gate, its weights alone: ×{factor} a step", factor=short(factor))
    if not gated:
        return tr(
            "{stages}, ×{factor} each", stages=AXIS_WORDS[record.axis].counted(resolved.depth), factor=short(factor)
        )
    if factor >= _OPEN or resolved.pin_forget is not None:
        return tr("its gate is {factor} open", factor=short(factor))
    # A forget bias has a slider; of other cells Compare holds the gate.
    keys = ("forget_bias",) if resolved.kind.path_bias else ("view_compare", "cure_gate")
    return tr(
        "its gate starts {factor} open, {key} opens it", factor=short(factor), key=" ".join(map(shown_keys, keys))
    )
