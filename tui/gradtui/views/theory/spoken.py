"""The panes of the Theory view in sentences, without their drawings: what `readout` says of them."""

from __future__ import annotations

from collections.abc import Iterator

from ...text.formats import short
from ...text.language import tr
from ...text.spans import text_of
from ..frame.scene import Scene
from . import depth as depth_pane
from . import gate as gate_pane
from . import plane as plane_pane
from . import spectrum as spectrum_pane
from .chain import is_gated, measured_chain, predicted_chain


def plane(scene: Scene) -> Iterator[str]:
    for _, text in (gate_pane if is_gated(scene) else plane_pane).reading(scene):
        yield text


def depth(scene: Scene) -> Iterator[str]:
    """The reading, then a line per stage from the output down."""
    for _, text in depth_pane.reading(scene):
        yield text
    measured, predicted = measured_chain(scene), predicted_chain(scene)
    for index in range(len(scene.stages) - 2, -1, -1):
        factor, wanted = measured.factors[index], predicted.factors[index]
        product = short(measured.products[index])
        if wanted is None:
            yield tr(
                "{place}: factor {factor}, product {product}",
                place=scene.name(index),
                factor=short(factor),
                product=product,
            )
        else:
            yield tr(
                "{place}: factor {factor}, predicted {predicted}, product {product}",
                place=scene.name(index),
                factor=short(factor),
                predicted=short(wanted),
                product=product,
            )


def spectrum(scene: Scene) -> Iterator[str]:
    numbers = spectrum_pane.numbers(scene)
    if numbers:
        yield ", ".join(text_of(line) for line in numbers)
    for _, text in spectrum_pane.reading(scene):
        yield text
