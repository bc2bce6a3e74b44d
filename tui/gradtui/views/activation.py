"""The activation pane: the selected stage's outputs as a histogram and as units × samples."""

from __future__ import annotations

from gradtui_engine.activations import ACTIVATIONS

from ..formats import percent, short
from .heat import heat_rows, histogram, legend, shade_range
from .scene import Scene
from .spans import Line, first_fit, first_title, page


def title(scene: Scene, width: int) -> str:
    name = scene.name(scene.stage)
    if scene.stage == 0:
        what = name
    elif scene.over_time:
        what = f"hidden state h · {name}"
    else:
        what = f"activations · {name} · a = {ACTIVATIONS[scene.trace.experiment.activation_name].symbol}(z)"
    return first_title(width, what, name)


def view(scene: Scene, width: int, height: int) -> list[Line]:
    stage = scene.stages[scene.stage]
    values = scene.trace.values[scene.trace.program.stages[scene.stage]]
    numbers = stage.activation
    shown = (
        ("mean ", "mean ", (short(numbers.mean), "text")),
        ("  std ", " std ", (short(numbers.std), "text")),
        ("  saturated ", " sat. ", (percent(numbers.saturated), "vanishing" if numbers.saturated > 0.5 else "text")),
        ("  dead ", " dead ", (percent(numbers.dead), "vanishing" if numbers.dead > 0.5 else "text")),
    )
    wide = [span for long_name, _, value in shown for span in ((long_name, "label"), value)]
    narrow = [span for _, name, value in shown for span in ((name, "label"), value)]
    # Names shorten first; then whole numbers are left out, from the right.
    lines = [first_fit(width, wide, *(narrow[: 2 * count] for count in range(len(shown), -1, -1)))]
    rest = height - 1
    tall = 2 if rest < 11 else min(6, rest // 4)
    if rest >= 4:
        lines += histogram(values, min(width, 64), tall)
        rest = height - len(lines)
    if rest >= 2:
        low, high = shade_range(values)
        units, samples = min(values.shape[1], rest - 1), min(values.shape[0], width)
        key = legend(low, high)
        lines.append(
            first_fit(
                width,
                [
                    (
                        f"units 1–{units} of {values.shape[1]} ↓ × samples 1–{samples} of {values.shape[0]} →  ",
                        "label",
                    ),
                    *key,
                ],
                [(f"{units} of {values.shape[1]} units ↓ × samples →  ", "label"), *key],
                [("units ↓ samples →  ", "label"), *key],
                key,
                [],
            )
        )
        lines += heat_rows(values[:samples, :units].T, low, high)
    return page(lines, width, height)
