"""The chains of the one idea: pairs, three on a sheet, each as what is left of the error signal on its way down."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from gradtui_engine import Experiment
from gradtui_engine.analysis.record import Record
from gradtui_engine.core.message import English
from gradtui_engine.core.numerics import ratio
from gradtui_engine.program.program import first_learning

from ...model.needs import Simulation
from ...model.pair import Pair
from ...model.pairs import PAIRS
from ...model.state import State
from ...model.today import TODAY
from ...text.scale import LogScale
from ..frame.shares import factors_of, style_of


@dataclass(frozen=True, slots=True)
class Chain:
    """A pair, with the symbol beside the words that make it the same idea as the others: in many words, and in one."""

    pair: Pair
    formula: str
    symbol: English
    brief: English

    def experiments(self, seed: int) -> tuple[Experiment, Experiment]:
        """Disease and cure."""
        return self.pair.experiment.replace(seed=seed), self.pair.other.replace(seed=seed)


#: The sheets: three pairs of the story, and three of today's networks.
SHEETS = (
    (
        Chain(PAIRS["relu"], "f′ = 1", "the slope is 1: f′ = 1", "slope: f′ = 1"),
        Chain(PAIRS["residual"], "I + βJ", "the skip adds 1: I + βJ", "skip: I + βJ"),
        Chain(PAIRS["lstm"], "f_t ≈ 1", "the forget gate: f_t ≈ 1", "gate: f_t ≈ 1"),
    ),
    (
        Chain(TODAY["transformer"], "I + βJ", "the residual stream: I + βJ", "stream: I + βJ"),
        Chain(TODAY["lru"], "|λ| ≈ 1", "the state's eigenvalues: |λ| ≈ 1", "λ: |λ| ≈ 1"),
        Chain(TODAY["highway"], "1 − t ≈ 1", "the carry gate: 1 − t ≈ 1", "gate: 1 − t ≈ 1"),
    ),
)


def chains_of(state: State) -> tuple[Chain, ...]:
    """Those of the sheet that is shown."""
    return SHEETS[state.sheet]


def needs(state: State) -> tuple[Simulation, ...]:
    """Six experiments, on the seed of the person's own."""
    seed = state.experiment.seed
    return tuple(Simulation(experiment) for chain in chains_of(state) for experiment in chain.experiments(seed))


def running_products(record: Record) -> list[float]:
    """What is left at each stage of the gradient at the last one: of ∂L/∂c for an LSTM, else of ∂L/∂h."""
    if record.stages[-1].cell_gradient_norm is None:
        return list(record.decay.running_product)
    norms = [stage.cell_gradient_norm or 0.0 for stage in record.stages]
    return [ratio(value, norms[-1]) for value in norms]


@dataclass(frozen=True, eq=False)
class Product:
    """One side of a chain, as far as it has been multiplied.

    values are the running products of all stages; first is the first stage that learns.
    """

    record: Record

    @functools.cached_property
    def values(self) -> list[float]:
        return running_products(self.record)

    @functools.cached_property
    def factors(self) -> tuple[float | None, ...]:
        """What each stage multiplies by; the last one nothing."""
        return factors_of(self.values, self.record)

    @property
    def first(self) -> int:
        return first_learning(self.record.axis, self.last)

    @property
    def last(self) -> int:
        return len(self.values) - 1

    @property
    def style(self) -> str:
        """The colour of the verdict on what arrives at the first stage that learns."""
        return style_of(self.values[self.first], self.record)

    @property
    def learning(self) -> list[float]:
        """The values that are drawn."""
        return self.values[self.first :]


def scales(sides: list[tuple[Product, Product]]) -> list[LogScale]:
    """The axis of each chain, its own: on a shared one those that lose least would be stubs."""
    return [LogScale.of(value for side in pair for value in side.learning) for pair in sides]
