"""The experiment form without a screen: what stands in every field, and what it comes to.

What is typed is kept as text, right or wrong, so that a fault in one field costs nothing in another. An empty text
in an optional field means that it is left out: it follows from the others, or is not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradtui_engine import Experiment, ExperimentError
from gradtui_engine.core.fields import Rejected, Value
from gradtui_engine.core.message import English
from gradtui_engine.data.csv_file import PREFIX
from gradtui_engine.data.datasets import CSV
from gradtui_engine.experiment.experiment import options

from ...text.describe import label

Texts = Mapping[str, str]
Problems = Mapping[str, tuple[str, ...]]

#: The sections of the form: every field is in exactly one.
GROUPS: dict[English, tuple[str, ...]] = {
    "network": ("cell", "depth", "width", "layers", "activation", "slope"),
    "initialisation": (
        "init", "gain", "init_scale", "sigma_w", "sigma_b", "init_recurrent", "gain_recurrent", "init_output",
        "gain_output",
    ),
    "gates": (
        "forget_bias", "input_bias", "update_bias", "gate_init", "chrono_steps", "pin_forget", "r_min", "r_max",
        "max_phase",
    ),
    "normalisation and residual": (
        "dropout", "dropout_kind", "norm", "norm_position", "residual", "residual_scale",
        "residual_span", "residual_block", "highway_bias",
    ),
    "attention": ("heads", "mlp_width", "position", "query_gain"),
    "data and loss": ("data", "batch", "steps", "inputs", "readout", "output_activation", "truncate", "loss"),
    "your own table": ("target", "drop", "header", "separator", "missing", "window", "target_scale"),
    "clipping and optimiser": (
        "clip", "clip_threshold", "optimizer", "learning_rate", "learning_rate_1", "learning_rate_2", "momentum",
        "weight_decay",
    ),
    "run": ("seed", "dtype", "loss_scale", "master_weights"),
}  # fmt: skip
#: Where the form has room for two columns, the second one starts here: both are then about equally long.
SECOND_COLUMN = "data and loss"

#: How often fields that contradict each other are taken back before the experiment of the start stands in.
_ROUNDS = 3


@dataclass(frozen=True)
class FormState:
    """What stands in every field.

    first are the texts of the start; sound the last ones that were right by themselves, which stand in for a text
    that is wrong while the other fields are looked at.
    """

    start: Experiment
    first: Texts
    texts: Texts
    sound: Texts


@dataclass(frozen=True)
class Checked:
    """What the texts come to: the experiment, None where something is wrong, and all that is wrong, by field.

    guide is the nearest experiment that there is: it says what follows to what while something is wrong.
    """

    experiment: Experiment | None
    problems: Problems
    guide: Experiment


# -- texts -------------------------------------------------------------------------------------------------


def parse(field: str, text: str) -> Value:
    """The value of a text. Raises Rejected. Blanks around it do not count, but in a path, where they may be meant."""
    return options()[field].read_or_left_out(text if is_path(field, text) else text.strip())


def is_path(field: str, text: str) -> bool:
    """Whether the text is the open form of a choice: csv:PATH."""
    return options()[field].kind.is_path(text)


def of(experiment: Experiment) -> FormState:
    """The form of an experiment: what was given stands in it, and a field that was left out is empty."""
    texts = {name: options()[name].text_of(value) for name, value in experiment.to_mapping().items()}
    return FormState(experiment, texts, texts, texts)


def edit(state: FormState, field: str, text: str) -> FormState:
    """The form with another text in one field."""
    sound = state.sound if _fault(field, text) else {**state.sound, field: text}
    return replace(state, texts={**state.texts, field: text}, sound=sound)


def reset(state: FormState, field: str) -> FormState:
    """The form with the default in one field."""
    return edit(state, field, options()[field].default_text)


def undo(state: FormState, field: str) -> FormState:
    """The form with one field as it was at the start."""
    return edit(state, field, state.first[field])


def is_changed(state: FormState, field: str) -> bool:
    """Whether a field means something else than at the start: 1 and 1.0 are the same gain."""
    before, now = state.first[field], state.texts[field]
    return before != now and (bool(_fault(field, now)) or parse(field, before) != parse(field, now))


def _fault(field: str, text: str) -> str:
    """What is wrong with a text by itself, empty where nothing is."""
    try:
        parse(field, text)
    except Rejected as error:
        return error.message
    return ""


# -- reading -----------------------------------------------------------------------------------------------


def read(state: FormState) -> Checked:
    """The experiment of the texts, or every problem at once. Never raises."""
    faults = {name: fault for name, text in state.texts.items() if (fault := _fault(name, text))}
    values: dict[str, Any] = {
        name: parse(name, state.sound[name] if name in faults else text) for name, text in state.texts.items()
    }
    made = _make(values)
    problems: dict[str, tuple[str, ...]] = {name: (fault,) for name, fault in faults.items()}
    if isinstance(made, Experiment):
        return Checked(None if problems else made, _in_order(problems), made)
    for problem in made.problems:
        if problem.field not in faults:
            problems[problem.field] = (*problems.get(problem.field, ()), problem.message)
    return Checked(None, _in_order(problems), _guide(values, made) or state.start)


def _make(values: Mapping[str, Any]) -> Experiment | ExperimentError:
    try:
        return Experiment(**values)
    except ExperimentError as error:
        return error


def _guide(values: dict[str, Any], refused: ExperimentError) -> Experiment | None:
    """The experiment without the values that contradict the others, if there is one."""
    for _ in range(_ROUNDS):
        defaults = {problem.field: options()[problem.field].default for problem in refused.problems}
        values = values | defaults
        made = _make(values)
        if isinstance(made, Experiment):
            return made
        refused = made
    return None


def _in_order(problems: Mapping[str, tuple[str, ...]]) -> Problems:
    return {name: problems[name] for name in options() if name in problems}


def automatic(guide: Experiment, field: str) -> Value:
    """What an optional field is when it is left out; None where that is nothing, or a file decides."""
    try:
        without = guide.replace(**{field: None})
    except ExperimentError:
        return None
    value: Value = without.resolved.said(field)
    return value


def before(state: FormState, field: str) -> Value:
    """What a field came to at the start."""
    value: Value = state.start.resolved.said(field)
    return value


# -- names -------------------------------------------------------------------------------------------------


def position(field: str, text: str) -> int:
    """Where a text stands among the choices; a path where csv:PATH stands, an unknown name before the first."""
    names, text = options()[field].choices, CSV if is_path(field, text) else text.strip()
    return names.index(text) if text in names else -1


def turn(field: str, text: str, by: int) -> str:
    """The following name, or the one before, round and round; csv:PATH is passed over, as it wants to be typed."""
    names = [name for name in options()[field].choices if name != CSV]
    here = names.index(text.strip()) if text.strip() in names else -1 if by > 0 else 0
    return names[(here + by) % len(names)]


def jump(field: str, text: str, letter: str) -> str:
    """The next name that starts with the letter, or the text itself where none does."""
    names, here = options()[field].choices, position(field, text)
    order = (*names[here + 1 :], *names[: here + 1])
    reached = next((name for name in order if name.lower().startswith(letter.lower())), None)
    return text if reached is None else PREFIX if reached == CSV else reached


# -- the list of fields ------------------------------------------------------------------------------------


def groups_of_column(column: int) -> Iterator[str]:
    """The sections of the first (0) or the second (1) column."""
    names = list(GROUPS)
    start = names.index(SECOND_COLUMN)
    yield from names[start:] if column else names[:start]


def found(field: str, words: str, help: str) -> bool:
    """Whether a field is meant by what was typed into the filter: every word is in its name or its help."""
    text = f"{label(field)} {field} {help}".lower()
    return all(word in text for word in words.lower().split())
