"""In a sentence: what a stage does to the gradient."""

from __future__ import annotations

from collections.abc import Callable

from gradtui_engine.core.figures import percent, rounded, short

from ...text.language import tr
from ...text.undefined import defined
from ..frame.scene import Scene
from .response import Response, response_of


def sentence(scene: Scene) -> str:
    """What the slope is, what it lets through, and what the whole stage makes of it; empty where nobody knows."""
    response = response_of(scene)
    if response is None:
        return _at_the_start(scene) if scene.stage == 0 else ""
    told = _of_gate(scene, response) if response.row is None else _of_slope(scene, response)
    return " ".join(text for text in (told, _in_all(scene)) if text)


def _at_the_start(scene: Scene) -> str:
    return _AT_THE_START[scene.record.axis]()


_AT_THE_START: dict[str, Callable[[], str]] = {
    "layer": lambda: tr("The input itself: no slope, and nothing that could learn."),
    "block": lambda: tr("The embedded tokens: no slope yet."),
    "time": lambda: tr("The state before the first step: no slope yet."),
    "module": lambda: "",
}


def _of_slope(scene: Scene, response: Response) -> str:
    assert response.row is not None
    name, levels = response.row.in_a_sentence, response.levels
    values = {"name": name, "high": rounded(response.high, 3), "mean": short(response.mean)}
    if len(levels) == 1:
        return tr("The slope of {name} is {high} everywhere: it changes no gradient.", **values)
    if levels:
        low, high = levels
        values |= {"low": rounded(low, 3), "high": rounded(high, 3), "on": percent(response.share_of(high))}
        told = tr("The slope of {name} is {high} where a unit is on, {low} where it is off: here {on} are on", **values)
    else:
        told = tr("The slope of {name} is at most {high}: here {mean} on average", **values)
    kept = defined(scene.stages[scene.stage - 1].factors.get("activation"), scene.record)
    if kept is None:
        return tr("{told}.", told=told)
    return tr("{told}, and {share} of the gradient gets through (×{kept}).", told=told, share=percent(kept),
              kept=short(kept))  # fmt: skip


def _of_gate(scene: Scene, response: Response) -> str:
    """The gate is the slope of the direct path."""
    mean = response.mean
    values = {"gate": tr(response.part), "symbol": response.symbol, "mean": short(mean), "share": percent(mean)}
    if response.pinned:
        held = scene.resolved.pin_forget
        return tr("The direct path multiplies the gradient by {symbol}, which is held at {mean}.",
                  symbol=response.symbol, mean=short(held))  # fmt: skip
    return tr("The direct path multiplies the gradient by the {gate}, {symbol}: here {mean} on average, so it keeps "
              "{share} of it.", **values)  # fmt: skip


def _in_all(scene: Scene) -> str:
    """The whole factor, of the state that the verdict follows."""
    below = scene.stages[scene.stage - 1]
    factor = defined(below.factors.get("cell") if scene.follows_cell else below.factor, scene.record)
    return "" if factor is None else _IN_ALL[scene.record.axis](short(factor))


_IN_ALL: dict[str, Callable[[str], str]] = {
    "layer": lambda factor: tr("With the weights the whole layer multiplies it by {factor}.", factor=factor),
    "block": lambda factor: tr("The whole block multiplies it by {factor}.", factor=factor),
    "time": lambda factor: tr("The whole step multiplies it by {factor}.", factor=factor),
    "module": lambda factor: tr("The whole module multiplies it by {factor}.", factor=factor),
}
