"""The panes: which there are, and all that belongs to each."""

from __future__ import annotations

from .compare import compare
from .explore import activation, cell, paths, why
from .frame import bars, cache_keys, pointer
from .frame.pane import Pane
from .idea import idea
from .lab import curve, rows, slopes
from .lesson import panes
from .maths import bridge, circle, functions
from .maths import spoken as maths_readout
from .spoken import spoken
from .theory import depth, plane_or_gate, spectrum
from .theory import spoken as theory_readout

_ROWS = (
    Pane(
        "gradient",
        "gradient",
        bars.title,
        bars.view,
        "How much gradient each stage gets. A stage is a layer, or a time step of a cell. The axis stays the same "
        "during playback; the line marks 1. Bars that shrink steadily from the output to the input are a vanishing "
        "gradient; bars that grow, an exploding one. {quantity} shows other quantities on the same bars, {axis} "
        "another axis, {lock} holds the scale.",
        reads=cache_keys.bars,
        reading=spoken.bars,
        click=pointer.bar,
        said="Gradient pane: what reaches each stage, from the output down to the input.",
        shows_quantity=True,
    ),
    Pane(
        "activation",
        "activation",
        activation.title,
        activation.view,
        "What the units of the selected stage put out: how the values are spread, and each unit (row) for each "
        "sample (column). Saturated units sit where the activation is flat; dead ones pass no gradient at all. Of a "
        "layer the histogram is that of the pre-activations z, with f and f′ behind it.",
        reads=cache_keys.stage,
        reading=spoken.activation,
        click=pointer.nothing,
        said="Activation pane: what the units of the selected stage put out.",
        may_wait=True,
    ),
    Pane(
        "cell",
        "cell state",
        cell.cell_title,
        cell.cell_view,
        "The LSTM's memory: each unit's cell state through time. A row that keeps its shade remembers.",
        reads=cache_keys.unit,
        reading=spoken.cell,
        click=pointer.over_time,
        said="Cell state pane: the LSTM's memory c, step by step.",
    ),
    Pane(
        "gates",
        "gates",
        cell.gates_title,
        cell.gates_view,
        "How far the gates are open, on average. The forget gate f is the factor of the direct path: near 1, "
        "the gradient of c passes from step to step almost unchanged.",
        reads=cache_keys.stage,
        reading=spoken.gates,
        click=pointer.over_time,
        said="Gates pane: how far each gate is open, step by step; means over units and samples.",
    ),
    Pane(
        "paths",
        "two paths",
        paths.title,
        paths.view,
        "Where the cell state and its gradient come from: c is what the forget gate kept of the old one (f·c) plus "
        "what the input gate wrote (i·g). Its gradient goes back by the direct path, whose factor is f, and through "
        "h and the gates, which is an RNN's way. {unit_before} and {next_unit} choose the unit.",
        reads=cache_keys.unit,
        reading=spoken.two_paths,
        click=pointer.over_time,
        said="Two paths pane: how the gradient of c comes down each step, directly or through h and the gates.",
    ),
    Pane(
        "why",
        "why",
        why.title,
        why.view,
        "The equation of the step under the cursor, with its numbers put in: which factor this stage "
        "multiplies the gradient by, and what that has made of it so far.",
        reads=cache_keys.equation,
        reading=spoken.drawn(why.view, spoken.WIDE),
        click=pointer.nothing,
        said="Why pane: the equation of the current step, with its numbers.",
    ),
    Pane(
        "idea",
        "one idea",
        idea.title,
        idea.view,
        "Three cures against three diseases, each a chain of measured factors. The marks are the running product: how "
        "much of the gradient is left that far down. ReLU's slope, the residual's identity and the forget gate do one "
        "and the same thing: they keep the factor near 1, and so the product.",
        reads=cache_keys.anything,
        reading=spoken.drawn(idea.view),
        click=pointer.nothing,
    ),
    Pane(
        "side_a",
        "A",
        compare.title_a,
        compare.view_a,
        "Experiment A, the one that all keys change. B stands beside it on the same axis, under the same cursor.",
        reads=cache_keys.both,
        reading=spoken.bars,
        click=pointer.bar_of("side_a"),
        said="Experiment A: what reaches each stage, from the output down to the input.",
        shows_quantity=True,
    ),
    Pane(
        "side_b",
        "B",
        compare.title_b,
        compare.view_b,
        "Experiment B: A with the cures that are switched on, on the same seed, data and random numbers. While this "
        "pane is focused, the keys that change the experiment change B.",
        reads=cache_keys.both,
        reading=spoken.side_b,
        click=pointer.bar_of("side_b"),
        said="Experiment B: what reaches each stage, from the output down to the input.",
        shows_quantity=True,
        of_b=True,
    ),
    Pane(
        "both",
        "A and B",
        compare.title_both,
        compare.view_both,
        "A and B stage by stage on one axis, A's bar above B's. Where the two part is where the change works.",
        reads=cache_keys.both,
        reading=spoken.both,
        click=pointer.bar_of("both"),
        said="Experiments A and B: what reaches each stage, from the output down to the input.",
        shows_quantity=True,
    ),
    Pane(
        "difference",
        "difference",
        compare.title_difference,
        compare.difference,
        "What B differs in, what became of each, and by how much their gradients differ. Each cure has a key; ✓ says "
        "that B has it. A cure that is none is called so.",
        reads=cache_keys.both,
        reading=spoken.drawn(compare.difference),
        click=pointer.nothing,
    ),
    Pane(
        "curve",
        "curve",
        curve.title,
        curve.view,
        "f as a line, f′ as crosses. The dots are what the selected unit really got, its pre-activations z for every "
        "sample, standing on f; the bars under the axis are the z of all units. Where the bars lie, f′ is what a "
        "gradient is multiplied by. {left} and {right} choose the unit, {up} and {down} another activation: then "
        "everything is an if, at the same z. In an LSTM or GRU it is the forget (update) gate's σ, and for tanh the "
        "candidate's.",
        reads=cache_keys.lab,
        reading=maths_readout.curve,
        click=pointer.nothing,
    ),
    Pane(
        "reading",
        "reading",
        slopes.title,
        slopes.view,
        "√E f′² over all units and samples is the activation's share of the factor; times σ_w, the weights' spread, it "
        "is about the factor of the layer. Under it what was measured, and what mean field theory predicts for a "
        "normal z of the same size. In a gated cell the direct path is multiplied by the gate, not by f′.",
        reads=cache_keys.lab,
        reading=spoken.drawn(slopes.view),
        click=pointer.nothing,
    ),
    Pane(
        "rows",
        "activations",
        rows.title,
        rows.view,
        "Every activation, and what its √E f′² would be at the z of this stage; the mark in the bars is 1, where a "
        "gradient keeps its size. The first row is what the network has.",
        reads=cache_keys.lab,
        reading=maths_readout.rows,
        click=pointer.lab_row,
    ),
    Pane(
        "circular",
        "sin, cos, tan",
        functions.circular_title,
        functions.circular_view,
        "The chosen function as a line, the first terms of its Taylor series as crosses, the other two by their "
        "letters. More terms ({faster}) follow the curve further. The series of sin and cos reach everywhere, that of "
        "tan only to its pole at π/2. {up} and {down} choose the function, {left} and {right} move x; drag the number "
        "of terms.",
        reads=cache_keys.maths,
        reading=maths_readout.circular,
        click=pointer.terms,
    ),
    Pane(
        "hyperbolic",
        "sinh, cosh, tanh",
        functions.hyperbolic_title,
        functions.hyperbolic_view,
        "The twins: the same coefficients, other signs. Where sin and cos alternate, sinh and cosh have only plus; "
        "tan has only plus and tanh alternates. tanh's series ends at π/2 although the curve goes on: its pole lies "
        "off the line, at ±(π/2)i.",
        reads=cache_keys.maths,
        reading=maths_readout.hyperbolic,
        click=pointer.terms,
    ),
    Pane(
        "circle",
        "circle, hyperbola",
        circle.title,
        circle.view,
        "A point of the unit circle, (cos t, sin t), and one of the unit hyperbola, (cosh t, sinh t). In both t is "
        "twice the area of the shaded sector; on the circle that is the angle. {left} and {right} move t.",
        reads=cache_keys.maths,
        reading=maths_readout.both_curves,
        click=pointer.nothing,
    ),
    Pane(
        "bridge",
        "bridge",
        bridge.title,
        bridge.view,
        "i turns one family into the other: sinh(ix) = i sin x, both sides computed here. So sinh has a period too, "
        "the imaginary 2πi. And tan′ = 1 + tan² becomes tanh′ = 1 − tanh²: that minus makes tanh saturate, and its "
        "gradient vanish.",
        reads=cache_keys.maths,
        reading=spoken.drawn(bridge.view),
        click=pointer.nothing,
    ),
    Pane(
        "plane",
        "plane",
        plane_or_gate.plane_title,
        plane_or_gate.plane_view,
        "Mean field theory's map of all networks with this activation: σ_w, the spread of the weights, to the right, "
        "σ_b, that of the biases, upwards. On the left gradients vanish (order), on the right they explode (chaos); on "
        "the line between, the edge of chaos, the factor √χ is 1. Denser glyphs: a signal goes deeper. ◆ is this "
        "network. Gated cells have no such map: for them the pane shows the half-life of the direct path, for every "
        "bias of its gate.",
        reads=cache_keys.anything,
        reading=theory_readout.plane,
        click=pointer.nothing,
    ),
    Pane(
        "depth",
        "depth",
        depth.title,
        depth.view,
        "Theory against measurement, stage by stage: ◇ the predicted factor, ■ the measured one, ◆ where they meet; "
        "below, the products of the factors from the output down. The bar under them is how far from the input a "
        "signal is worth something: about six depth scales. Of an LSTM or GRU it is the direct path that is compared.",
        reads=cache_keys.anything,
        reading=theory_readout.depth,
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
        reading=theory_readout.spectrum,
        click=pointer.nothing,
    ),
    Pane(
        "lessons",
        "lessons",
        panes.list_title,
        panes.list_page,
        "Lessons, in order. The arrows choose one, enter opens it beside the view that it is about. Your own are "
        "Markdown files in your folder of lessons; one with a fault is listed with what is wrong.",
        reads=cache_keys.anything,
        reading=spoken.drawn(panes.list_page),
        click=pointer.nothing,
    ),
    Pane(
        "lesson",
        "lesson",
        panes.title,
        panes.view,
        "A lesson step by step. Predict before you see: the answer is checked against what this network computes, not "
        "against a book. Everything else on the screen works as ever while a lesson is open.",
        reads=cache_keys.anything,
        reading=spoken.drawn(panes.view),
        click=pointer.nothing,
    ),
)
TABLE = {each.id: each for each in _ROWS}
