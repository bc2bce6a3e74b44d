"""Pairs of today's networks, by which *One idea* goes on: a disease beside its cure, as in the story, without a page of
their own. What each arrives at, and learns, is computed by tests.
"""

from __future__ import annotations

from gradtui_engine.core.table import Table

from .pair import Pair

TODAY = Table(
    "pair of today",
    (
        # At a bias of −2 the gate carries 0.88, and what arrives is 0.02.
        Pair(
            "highway",
            "plain → Highway",
            "Highway",
            "30 layers of sigmoid",
            "the same, a gate beside each layer",
            "A forget gate in depth: each layer passes 1 − t of what it gets on as it is, and t of what it makes.",
            "the gate carries 1 − t of the signal past its layer: a forget gate, in depth",
            {"optimizer": "adam", "learning_rate": 0.003},
            {"residual": "highway", "highway_bias": -3.0},
            {"iterations": 200},
            left="plain",
            right="Highway",
        ),
    ),
)
