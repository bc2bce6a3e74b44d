"""The end of an iteration: what clipping and the optimiser make of the gradients."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.nested import copied
from ..core.numerics import Array, norm, ratio
from ..rules.clipping import CLIPPINGS
from ..rules.optimisers import OPTIMISERS, Chain, Settings
from .layer_rates import rates_of

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved
    from .moment import Moment


def chain_of(resolved: Resolved) -> Chain:
    """The optimiser of an experiment."""
    return OPTIMISERS[resolved.optimizer].build(Settings(resolved.momentum, resolved.weight_decay))


@dataclass(frozen=True, eq=False)
class Update:
    """By parameter name; worked out when it is first asked for, once for a trace and all of its stages.

    Without a moment the optimiser is fresh; a moment's state is left as it is.
    """

    resolved: Resolved
    parameters: Mapping[str, Array]
    gradients: Mapping[str, Array]
    moment: Moment | None = None

    @functools.cached_property
    def clipped(self) -> dict[str, Array]:
        """The gradients that the optimiser gets: the clipped ones, or the very gradients."""
        row = CLIPPINGS[self.resolved.clip]
        with np.errstate(all="ignore"):
            return row.clip(self.gradients, self.parameters, self.resolved.clip_threshold or 0.0, None)

    @functools.cached_property
    def rates(self) -> float | dict[str, float]:
        """η, or each parameter's by name, where a layer has its own."""
        return rates_of(self.resolved, self.parameters)

    def rate(self, name: str) -> float:
        """The learning rate of one parameter."""
        rates = self.rates
        return rates[name] if isinstance(rates, dict) else rates

    @functools.cached_property
    def updates(self) -> dict[str, Array]:
        """What the optimiser adds to each parameter."""
        chain, moment = chain_of(self.resolved), self.moment
        state = chain.init(self.parameters) if moment is None else copied(moment.optimiser)
        updates = {name: np.empty_like(gradient) for name, gradient in self.gradients.items()}
        with np.errstate(all="ignore"):
            chain.update(self.clipped, state, self.parameters, self.rates, updates)
        for array in updates.values():
            array.setflags(write=False)
        return updates

    def updated(self, name: str) -> Array:
        """The parameter after the update."""
        with np.errstate(all="ignore"):
            return np.asarray(self.parameters[name] + self.updates[name])

    def ratio(self, name: str) -> float:
        """‖update‖ / ‖parameter‖: about 1e-3 is healthy (CS231n)."""
        return ratio(norm(self.updates[name]), norm(self.parameters[name]))
