"""The end of an iteration: what clipping and the optimiser make of the gradients."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.nested import copied
from ..core.numerics import Array, norm, ratio
from ..program.rounding import Emulation
from ..rules.clipping import CLIPPINGS
from ..rules.optimisers import OPTIMISERS, Chain, Settings
from .layer_rates import rates_of

if TYPE_CHECKING:
    from ..experiment.resolved import Resolved
    from .moment import Moment


def chain_of(resolved: Resolved) -> Chain:
    """The optimiser of an experiment."""
    return OPTIMISERS[resolved.optimizer].build(Settings(resolved.momentum, resolved.weight_decay))


def _as_weights(resolved: Resolved) -> Callable[[Mapping[str, Array]], dict[str, Array]]:
    """Arrays as those of the weights: rounded, where weights are of an emulated type."""
    if not resolved.rounds_weights:
        return dict
    emulation = Emulation(resolved.dtype)
    return lambda arrays: {name: emulation.dressed(array) for name, array in arrays.items()}


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
    def is_skipped(self) -> bool:
        """Whether a dynamic loss scale leaves this step out, as a gradient is not finite."""
        return self.resolved.adapts_loss_scale and not all(
            bool(np.isfinite(gradient).all()) for gradient in self.gradients.values()
        )

    @functools.cached_property
    def updates(self) -> dict[str, Array]:
        """What the optimiser adds to each parameter."""
        chain, moment = chain_of(self.resolved), self.moment
        updates = {name: np.empty_like(gradient) for name, gradient in self.gradients.items()}
        dressed = _as_weights(self.resolved)
        parameters = dressed(self.parameters)
        if moment is None:
            state = chain.init(parameters)
        else:
            made, averages = copied(moment.optimiser)
            state = made, tuple(map(dressed, averages))
        with np.errstate(all="ignore"):
            if self.is_skipped:
                for array in updates.values():
                    array.fill(0)
            else:
                chain.update(dressed(self.clipped), state, parameters, self.rates, dressed(updates))
        for array in updates.values():
            array.setflags(write=False)
        return updates

    def updated(self, name: str) -> Array:
        """The parameter after the update."""
        with np.errstate(all="ignore"):
            moved = np.asarray(self.parameters[name] + self.updates[name])
        return self.resolved.number_type.cast(moved) if self.resolved.rounds_weights else moved

    def ratio(self, name: str) -> float:
        """‖update‖ / ‖parameter‖: about 1e-3 is healthy (CS231n)."""
        return ratio(norm(self.updates[name]), norm(self.parameters[name]))
