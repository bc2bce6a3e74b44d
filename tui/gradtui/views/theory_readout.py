"""The panes of the Theory view in sentences, without their drawings: what `readout` says of them."""

from __future__ import annotations

from collections.abc import Iterator

from ..formats import short
from ..language import tr
from . import theory_depth, theory_gate, theory_plane, theory_spectrum
from .scene import Scene
from .spans import text_of
from .theory_chain import is_gated, measured_chain, predicted_chain


def plane(scene: Scene) -> Iterator[str]:
    for _, text in (theory_gate if is_gated(scene) else theory_plane).reading(scene):
        yield text


def depth(scene: Scene) -> Iterator[str]:
    """The reading, then a line per stage from the output down."""
    for _, text in theory_depth.reading(scene):
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
    numbers = theory_spectrum.numbers(scene)
    if numbers:
        yield ", ".join(text_of(line) for line in numbers)
    for _, text in theory_spectrum.reading(scene):
        yield text
