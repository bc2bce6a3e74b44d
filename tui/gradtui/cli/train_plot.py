"""What `gradtui train --plot` adds: the loss over the iterations, and the gradient of every stage at each of them."""

from __future__ import annotations

from collections.abc import Sequence

from gradtui_engine.core.figures import short
from gradtui_engine.core.message import English
from gradtui_engine.program.program import first_learning
from gradtui_engine.training.snapshot import TrainingSnapshot

from ..text.language import tr
from ..text.training_plots import Curve, Map, heat_maps, loss_plot

_ROWS = 18
#: What the marks of the loss plot are, where guessing costs `losses`.
_ALONE: English = "line: the batches; o: held out; level line: guessing costs {losses}"
_RACE: English = "a, b: the batches of A, of B; A, B: held out; level line: guessing costs {losses}"


def plots(snapshots: Sequence[TrainingSnapshot], width: int, colour: bool, blocks: bool) -> list[str]:
    """The lines of both plots; A and B on one scale."""
    race = len(snapshots) > 1
    names = ["A", "B"] if race else [""]
    curves = []
    for name, snapshot in zip(names, snapshots, strict=True):
        line, point = (name.lower(), name) if race else ("", "o")
        ks = tuple(float(k) for k in range(snapshot.count))
        curves.append(Curve(ks, tuple(snapshot.columns["loss"].tolist()), line))
        if snapshot.validations:
            held = [(float(row.iteration), row.loss) for row in snapshot.validations]
            curves.append(Curve(tuple(k for k, _ in held), tuple(loss for _, loss in held), point, joined=False))
    legend = _RACE if race else _ALONE
    guesses = dict.fromkeys(snapshot.guess for snapshot in snapshots)
    lines = [tr("loss over iterations"), *loss_plot(curves, list(guesses), width, _ROWS, colour, blocks)]
    costs = tr(", ").join(short(guess) for guess in guesses)
    lines += [tr(legend, losses=costs), "", tr("‖∂L/∂h‖, stages upwards, iterations to the right")]
    maps = []
    for name, snapshot in zip(names, snapshots, strict=True):
        gradients = snapshot.columns["gradient"]
        first = first_learning(snapshot.axis, gradients.shape[1] - 1)
        maps.append(Map(name, gradients[:, first:], first))
    return [*lines, *heat_maps(maps, width)]
