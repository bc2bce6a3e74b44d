"""The Theory view: its row and those of its panes."""

from __future__ import annotations

from ...model.theory_needs import needs
from ..frame import cache_keys, pointer
from ..frame.footers import HELP, LESSONS, PLAY, plain
from ..frame.pane import OPERATIONS, Pane
from ..frame.view import View
from . import depth, plane_or_gate, spectrum
from .layout import arrange

_PANES = (
    Pane(
        "plane",
        "plane",
        plane_or_gate.plane_title,
        plane_or_gate.plane_view,
        "Mean field theory's map of all networks with this activation: σ_w, the spread of the weights, to the right, "
        "σ_b, that of the biases, upwards. On the left gradients vanish (order), on the right they explode (chaos); on "
        "the line between, the edge of chaos, the factor √χ is 1. Between the two fainter lines a signal reaches all "
        "layers of a network as deep as this one. ◆ is this network. Gated cells have no such map: for them the pane "
        "shows the half-life of the direct path, for every bias of its gate; for an LRU its units', for every |λ|.",
        reads=cache_keys.anything,
        spoken=plane_or_gate.plane_said,
        click=pointer.nothing,
        of_experiment=True,
    ),
    Pane(
        "depth",
        "depth",
        depth.title,
        depth.view,
        "Theory against measurement, stage by stage: ◇ the predicted factor, ■ the measured one, ◆ where they meet; "
        "below, the products of the factors from the output down, bright as far as the gradient has come ({play}). The "
        "bar under them is how far from the input a signal is worth something: about six depth scales. Of a gated cell "
        "it is the direct path that is compared.",
        reads=cache_keys.anything,
        spoken=depth.said,
        click=pointer.nothing,
    ),
    Pane(
        "spectrum",
        "spectrum",
        spectrum.title,
        spectrum.view,
        "The singular values of the exact Jacobian, by which the network stretches each direction of the gradient: end "
        "to end as a histogram, and largest, mean and smallest of every stage alone. All near 1 is dynamical isometry. "
        "Values under the rounding of the largest are counted, not drawn.",
        reads=cache_keys.anything,
        spoken=spectrum.said,
        click=pointer.nothing,
        tier=OPERATIONS,
    ),
)
VIEW = View(
    "theory",
    "theory",
    "Where mean field theory puts this network, and its Jacobian's spectrum.",
    panes=_PANES,
    footer=(HELP, PLAY, *plain("next_pane", "zoom", "activation", "init", "depth"), LESSONS),
    arrange=arrange,
    needs=needs,
)
