"""Presets: experiments that make one point each. `gradtui NAME` opens one; a test computes what each point claims.

In Compare the disease is A and the cure B. A famous cure that is none says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from gradtui_engine.core.options import flag
from gradtui_engine.core.table import Table

from ..text.language import tr
from .depth_presets import DEPTH_PRESETS
from .preset import Preset
from .sweep_presets import SWEEP_PRESETS
from .time_presets import CELL_PRESETS, REACH_PRESETS
from .token_presets import TOKEN_PRESETS
from .training_presets import TRAINING_PRESETS

if TYPE_CHECKING:
    from .state import State

PRESETS = Table(
    "preset",
    (
        *DEPTH_PRESETS,
        *CELL_PRESETS,
        *TOKEN_PRESETS,
        *REACH_PRESETS,
        Preset(
            "one-idea",
            "ReLU's slope, the residual's identity and the LSTM's forget gate are one idea: keep the product of "
            "factors near 1.",
            "the three cures' products",
            view="idea",
        ),
        *TRAINING_PRESETS,
        *SWEEP_PRESETS,
    ),
)


def named(word: str, files: bool = True) -> bool:
    """Whether a word of the command line is a preset; a file of that name comes first, where files are opened."""
    return word in PRESETS and not (files and Path(word).exists())


#: What of a sweep's plan only says what is shown of it.
_LOOKED_AT = ("measure", "second")


def about(state: State) -> Preset | None:
    """The preset that the screen is still about: nothing that it asked for has been changed since it was opened."""
    preset = PRESETS.get(state.preset)
    if preset is None or state.recordings or state.turns:
        return None
    plan = preset.plan_of_sweep
    own = (preset.experiment, dict(preset.changes), dict(preset.plan), plan)
    # The measures of a sweep are looked at one after the other.
    swept = {name: value for name, value in state.sweep if name not in _LOOKED_AT} if plan else {}
    swept |= {name: value for name, value in plan.items() if name in _LOOKED_AT}
    return preset if own == (state.experiment, dict(state.changes), dict(state.plan), swept) else None


def experiment_values(name: str) -> dict[str, Any]:
    """A preset's fields of the experiment, which a file or options may override."""
    return dict(PRESETS[name].fields)


def training_values(name: str) -> dict[str, Any]:
    """A preset's fields of the training, which a file or options may override."""
    return dict(PRESETS[name].plan)


def screen_values(name: str) -> dict[str, Any]:
    """A preset's options of the screen: view, quantity, what B differs in, how both are trained.

    Texts, as the command line gives them; and of which preset the sentence is shown.
    """
    preset = PRESETS[name]
    values: dict[str, Any] = {}
    if preset.view != Preset.view:
        values["view"] = preset.view
    if preset.quantity != Preset.quantity:
        values["quantity"] = preset.quantity
    if preset.stage is not None:
        values["stage"] = str(preset.stage)
    if preset.changes:
        values["b"] = [f"{field.replace('_', '-')}={value}" for field, value in preset.changes.items()]
    values |= {name: str(value) for name, value in preset.plan.items()}
    values |= {f"sweep_{name}": str(value) for name, value in preset.plan_of_sweep.items()}
    if preset.trains:
        values["train"] = True
    values["about"] = name
    return values


def arguments(name: str) -> list[str]:
    """The arguments that a preset's name stands for."""
    words = PRESETS[name].experiment.to_arguments()
    for option, value in screen_values(name).items():
        for text in value if isinstance(value, list) else [value]:
            words += [flag(option), *([] if text is True else [text])]
    # Without a word the story is told.
    return words or ["--view", PRESETS[name].view]


def listing(out: TextIO, width: int) -> int:
    """`gradtui presets`: every preset with its point and the command that it stands for."""
    import shlex

    from ..text.spans import text_of, wrap

    indent = "    "
    text = tr(
        "gradtui NAME opens a preset, and options after it change its fields: gradtui vanishing --depth 50. "
        "The last line of each is the command that the name stands for."
    )
    lines = [text_of(line) for line in wrap(text, width)]
    for preset in PRESETS.values():
        lines += ["", preset.name]
        lines += [indent + text_of(line) for line in wrap(tr(preset.point), max(20, width - len(indent)))]
        # Not wrapped: a command is there to be copied.
        lines.append(indent + shlex.join(["gradtui", *arguments(preset.name)]))
    out.write("\n".join(lines) + "\n")
    return 0
