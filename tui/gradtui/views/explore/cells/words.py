"""What a row of words says: of a cell, what its gates do and what its operations come to in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from gradtui_engine.core.message import English

from ..explain_helpers import Explain


@dataclass(frozen=True, slots=True)
class GateWords:
    """A gate in words: its letter, and what it does, up to a colon what it is called.

    formula is what it is of h_(t−1) and x_t; empty where another gate stands between.
    """

    letter: str
    meaning: English
    formula: str = ""


@dataclass(frozen=True, slots=True)
class CellWords:
    """A cell in words. step is the explanation of a time step, forward and backward.

    gates are in the order in which people ask about them. projection is what all time steps are multiplied by at once;
    shared is how the gradients of the weights come about, which all time steps share.
    """

    cell: str
    projection: str
    step: tuple[Explain, Explain]
    gates: tuple[GateWords, ...] = ()
    shared: str = "∂L/∂W_hh = Σ_t δ_tᵀ h_(t−1)"
