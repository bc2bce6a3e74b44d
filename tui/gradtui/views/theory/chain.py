"""The factors along a record as one chain with its running product: measured, and as theory predicts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradtui_engine.analysis.decay import average_factor

from ...text.undefined import defined
from ..frame.scene import Scene


@dataclass(frozen=True)
class Chain:
    """Factors of the stages (the last has none), their product from the output down, and the first that learns."""

    factors: tuple[float | None, ...]
    products: tuple[float | None, ...]
    first: int

    @classmethod
    def of(cls, factors: Sequence[float | None], first: int) -> Chain:
        """The product ends at the first stage, from the output, that has no factor."""
        chain: list[float | None] = [1.0 if len(factors) > 1 and factors[-2] is not None else None]
        for factor in reversed(factors[:-1]):
            before = chain[-1]
            chain.append(None if factor is None or before is None else before * factor)
        return cls(tuple(factors), tuple(reversed(chain)), first)

    @property
    def known(self) -> bool:
        """Whether there is any factor: of a gradient that is 0 there is none."""
        return any(factor is not None for factor in self.factors)

    def average(self) -> float | None:
        """The geometric mean down to the first stage that learns, or to where the product ends."""
        known = [index for index, product in enumerate(self.products) if product is not None]
        if len(known) < 2:
            return None
        start = max(self.first, known[0])
        return average_factor([product or 0.0 for product in self.products], start) if start < known[-1] else None


def measured_chain(scene: Scene) -> Chain:
    """Of gated cells the direct path, which theory is about. Where no gradient is left there is no factor."""
    record = scene.record
    if scene.gated:
        return Chain.of([defined(stage.factors.get("direct"), record) for stage in scene.stages], scene.first_learning)
    factors = tuple(defined(stage.factor, record) for stage in scene.stages)
    return Chain(
        factors, tuple(defined(product, record) for product in record.decay.running_product), scene.first_learning
    )


def predicted_chain(scene: Scene) -> Chain:
    return Chain.of([stage.predicted_factor for stage in scene.stages], scene.first_learning)
