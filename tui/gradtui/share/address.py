"""The address of what is on the screen: the command that opens the same experiment, view and cursor elsewhere.

One row for each field of the state that is worth sharing: its option, what it accepts, and the event that restores it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradtui_engine import Experiment, ExperimentError, Problem
from gradtui_engine.analysis.record import Source
from gradtui_engine.core.fields import Choice, Integer, Kind, Rejected, Switch, Text, given, not_allowed
from gradtui_engine.core.message import Message
from gradtui_engine.core.options import Manner, Option, flag
from gradtui_engine.core.problems import unknown_name
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.other_names import expanded, owned
from gradtui_engine.experiment.training import Training
from gradtui_engine.experiment.training import options as training_options
from gradtui_engine.rules.activations import ACTIVATIONS

from ..lessons import library
from ..lessons.naming import LessonName
from ..model import events as e
from ..model.maths import MOST_ANGLE, MOST_TERMS
from ..model.names import AXES, QUANTITIES, SHEETS, VIEWS, WAVE_END
from ..model.panes_of import PANE_NAMES, panes_of
from ..model.presets import PRESETS, about, experiment_values, screen_values
from ..model.progress import Progress
from ..model.state import Changes, State
from ..model.sweeps import sweep_of
from ..model.timeline import Grain, Timeline
from ..model.training_moves import opened
from ..model.trainings import recorded
from ..model.update import update
from ..text import scale
from ..text.language import current as language

_MANY = 10**9
#: The state's field that the options of a training are in, as pairs.
_PLAN = "plan"
#: And those of a sweep, whose options have its name before theirs.
_SWEEP = "sweep"
_MANNER = Manner(allowed=": ")
#: The view that opens where nothing is said of it.
_VIEW = "explore"


@dataclass(frozen=True, kw_only=True)
class ScreenOption(Option):
    """One option of the screen, with the state's field that it is about; from_one: counted from 1, as people do."""

    manner: Manner = _MANNER
    field: str = ""
    from_one: bool = False

    @property
    def of_state(self) -> str:
        return self.field or self.name

    def value_of(self, text: Any) -> Any:
        """What the state has for a text of the command line. Raises Rejected."""
        if not self.takes_value:
            return text
        if self.many:
            return tuple(str(self.kind.parse(part)) for part in text)
        value = self.kind.parse(text)
        return int(str(value)) - 1 if self.from_one else value

    def spell(self, value: Any) -> list[str]:
        """What a value of the state is as arguments."""
        return self.arguments(value + 1 if self.from_one else value)


class _Scale(Kind):
    """A scale in words, checked."""

    @property
    def form(self) -> str:
        return "SCALE"

    @property
    def allowed(self) -> str:
        spelled = {kind.replace("-", "_"): f"{kind}:LOW:HIGH" for kind in scale.SCALES}
        return Message(
            "{log} or {sign_log} in powers of ten from {least} to {most}, {linear}, with 0 between them",
            **spelled, least=scale.LEAST_POWER, most=scale.MOST_POWER,
        )  # fmt: skip

    def parse(self, text: str) -> str:
        try:
            return scale.spelled(scale.read(text))
        except ValueError:
            raise not_allowed(given(text), self.allowed) from None


def _number(low: int, high: int) -> Integer:
    return Integer(low, high)


def _name(*names: str) -> Choice:
    return Choice(lambda: names)


_AXIS = Text("FIELD=VALUES", Message("FIELD=FROM:TO[:COUNT][:log] or FIELD=VALUE,VALUE"))
_MEASURE = Text("MEASURE", Message("a measure, such as ratio, accuracy, gradient@3"))
OPTIONS = (
    ScreenOption("view", "view to open", _name(*VIEWS)),
    ScreenOption("step", "step of the trace under the cursor, 1 the first", _number(1, _MANY), from_one=True),
    ScreenOption("stage", "selected stage (layer or time step)", _number(0, _MANY), field="selected"),
    ScreenOption("unit", "selected unit, 1 the first", _number(1, _MANY), from_one=True),
    ScreenOption("grain", "what a step is", _name(*map(str, Grain))),
    ScreenOption("quantity", "what the bars show", _name(*QUANTITIES)),
    ScreenOption("axis", "the bars' axis instead of the quantity's own", _name(*AXES), field="axis_kind"),
    ScreenOption("scale", "scale that the bars hold, such as log:-18:0", _Scale(), field="lock"),
    ScreenOption("row", "activation in the lab", Choice(lambda: ACTIVATIONS.names)),
    ScreenOption("function", "function of the maths page: 1 sin, 2 cos, 3 tan", _number(1, 3), from_one=True),
    ScreenOption("terms", "terms of the Taylor series", _number(1, MOST_TERMS)),
    ScreenOption("angle", "parameter of the circle in degrees", _number(-MOST_ANGLE, MOST_ANGLE)),
    ScreenOption("wave", f"how far the story's multiplication has come, {WAVE_END} all the way", _number(0, WAVE_END)),
    ScreenOption("sheet", "sheet of One idea, 1 the first", _number(1, SHEETS), from_one=True),
    # The view decides which panes there are.
    ScreenOption("pane", f"focused pane; {PANE_NAMES}", Text("NAME", Message("a pane of the view"))),
    ScreenOption("rows", "bars over time as rows", Switch()),
    ScreenOption("interleaved", "A and B interleaved", Switch()),
    ScreenOption("own_axes", "A and B each on an axis of its own", Switch()),
    ScreenOption("units", "every unit × every sample in Explore", Switch()),
    ScreenOption("zoomed", "the focused pane alone", Switch()),
    ScreenOption("lesson", "lesson to open, by name or number", LessonName(lambda: library.names(language()))),
    ScreenOption("lesson_step", "step of the lesson, 1 the first", _number(1, _MANY), from_one=True),
    ScreenOption("iteration", "iteration of the training under the cursor, 0 the first", _number(0, _MANY)),
    ScreenOption("finding", "finding of a recording that is chosen, 1 the first", _number(1, _MANY), from_one=True),
    ScreenOption("train", "train at once", Switch(), field="training"),
    ScreenOption(
        "about", "preset whose sentence stands above the panes, while its experiment is shown",
        Choice(lambda: PRESETS.names), field="preset",
    ),
    ScreenOption("loop", "for a stand: a page of the story that is left alone for a minute turns by itself", Switch()),
    ScreenOption("kiosk", "the same as --loop", Switch(), field="loop"),
    *(
        ScreenOption(row.name, row.help, row.kind, many=row.many, flag=row.flag, field=_PLAN)
        for row in training_options().values()
    ),
    ScreenOption("sweep_x", "what is swept to the right", _AXIS, field=_SWEEP),
    ScreenOption("sweep_y", "what is swept upwards; without it, beside --sweep-x, a line", _AXIS, field=_SWEEP),
    ScreenOption("sweep_measure", "what is measured of each cell of the sweep", _MEASURE, field=_SWEEP),
    ScreenOption(
        "sweep_second", "what is shown of the same cells beside it, where there is no B", _MEASURE, field=_SWEEP
    ),
    ScreenOption("sweep_train", "iterations that each cell is trained", _number(0, 10**7), field=_SWEEP),
    ScreenOption(
        "sweep_repeats", "seeds whose median a cell shows: 0,1,2 or 0:4", Text("SEEDS", Message("seeds")), field=_SWEEP
    ),
    ScreenOption("sweep_column", "column of the cell under the cursor, 1 the first", _number(1, _MANY), field="spot_x",
                 from_one=True),
    ScreenOption("sweep_row", "row of the cell under the cursor, 1 the lowest", _number(1, _MANY), field="spot_y",
                 from_one=True),
    ScreenOption("sweep_rests", "the sweep is not computed before it is asked for", Switch(), field="resting"),
    ScreenOption(
        "branch", "B branches off A's training: from iteration K on another rate, clipping, schedule …",
        training_options()["turns"].kind, many=True, field="turns",
    ),
)  # fmt: skip
#: The options that say how the story is told.
OF_STORY = ("loop", "kiosk")
#: The option that says what B differs in, as often as there are fields.
B = ScreenOption(
    "b", "what experiment B of Compare differs in; may be given several times", Text("FIELD=VALUE"), many=True,
)  # fmt: skip


def rows() -> tuple[ScreenOption, ...]:
    """Every option of the screen."""
    return (*OPTIONS, B)


# -- from the command line ---------------------------------------------------------------------------------


def read(
    experiment: Experiment, given: Mapping[str, Any], recordings: tuple[Source, ...] = (), cell: str = ""
) -> tuple[State, tuple[e.Event, ...]]:
    """The state to open, and the events that put the cursor in place once the record is there.

    recordings are what is opened instead of the experiment, cell the kind of network that they have. Raises
    ExperimentError with every problem.
    """
    problems: list[Problem] = []
    changes = changes_of(
        given.get(B.name) or (), options(), lambda values: experiment.replace(**values), experiment.cell, problems
    )
    values: dict[str, Any] = {}
    plan: dict[str, Any] = {}
    swept: dict[str, Any] = {}
    for row in OPTIONS:
        text = given.get(row.name)
        if text is None or text is False:
            continue
        try:
            if row.of_state == _PLAN:
                plan[row.name] = row.value_of(text)
            elif row.of_state == _SWEEP:
                swept[_of_sweep(row)] = row.value_of(text)
            else:
                values[row.of_state] = row.value_of(text)
        except Rejected as error:
            problems.append(Problem(row.flag, error.message))
    problems += _of_training(experiment, plan, values.get("turns", ()))
    values |= {_PLAN: tuple(plan.items())} if plan else {}
    if swept:
        values[_SWEEP] = tuple(swept.items())
        problems += _of_sweeping(experiment, values[_SWEEP], tuple(plan.items()))
    name, at = values.pop("lesson", None), values.pop("lesson_step", None)
    # A lesson that has been refused is one fault: what needs a lesson is none beside it.
    refused = name is None and bool(given.get("lesson"))
    lesson = None if refused else _lesson(name, at, problems)
    state = State(experiment, changes, recordings, cell=cell or experiment.cell, lesson=lesson)
    step, stage, unit, pane = (values.pop(name, None) for name in ("step", "selected", "unit", "pane"))
    if "grain" in values:
        values["grain"] = Grain(values["grain"])
    if "lock" in values:
        values["lock"] = scale.read(values["lock"])
    state = opened(replace(state, **values, follows="iteration" not in values))
    panes = panes_of(state)
    if pane is not None and pane not in panes and not (refused and pane == "lesson"):
        problems.append(Problem("--pane", unknown_name(str(pane), panes)))
    if problems:
        raise ExperimentError(problems)
    state = replace(state, pane=pane or panes[0])
    cursor: list[e.Event] = []
    if step is not None:
        cursor.append(e.Jump(step=step))
    if stage is not None:
        cursor.append(e.Select(stage=stage))
    if unit is not None:
        cursor.append(e.SelectUnit(unit=unit))
    return state, tuple(cursor)


def _of_training(experiment: Experiment, plan: Mapping[str, Any], turns: tuple[str, ...]) -> Iterable[Problem]:
    """What is wrong with how it is to be trained."""
    if not plan and not turns:
        return ()
    try:
        Training(experiment=experiment, **{**plan, "turns": (*plan.get("turns", ()), *turns)})
    except ExperimentError as error:
        return [Problem(flag(problem.field), problem.message) for problem in error.problems]
    return ()


def _of_sweep(row: ScreenOption) -> str:
    """The field of a sweep's plan that an option is about."""
    return row.name.removeprefix(f"{_SWEEP}_")


def _of_sweeping(experiment: Experiment, swept: Changes, plan: Changes) -> Iterable[Problem]:
    """What is wrong with what is to be swept."""
    try:
        sweep_of(experiment, swept, plan)
    except ExperimentError as error:
        return [Problem(flag(f"{_SWEEP}_{problem.field}"), problem.message) for problem in error.problems]
    return ()


def _lesson(name: str | None, step: int | None, problems: list[Problem]) -> Progress | None:
    """Where the reader stands: in a lesson that can be read, at a step that it has; its questions are open again."""
    if name is None:
        if step is not None:
            problems.append(Problem("--lesson-step", Message("needs a lesson: --lesson NAME")))
        return None
    entry = library.find(name, language())
    if entry is None or entry.lesson is None:
        unreadable = Problem("--lesson", Message("{name} cannot be read", name=repr(name)))
        problems += entry.problems if entry is not None else (unreadable,)
        return None
    most = len(entry.lesson.steps)
    if step is not None and step >= most:
        message = Message(
            "{given} given; allowed: 1 to {most}, the steps of {name}", given=step + 1, most=most, name=name
        )
        problems.append(Problem("--lesson-step", message))
    return Progress(name, step or 0)


def changes_of(
    given: Iterable[str],
    rows: Mapping[str, Option],
    changed: Callable[[Mapping[str, Any]], object],
    cell: str,
    problems: list[Problem],
) -> Changes:
    """What B differs in, out of FIELD=VALUE texts, the fields being those of rows; what is wrong goes to problems.

    changed makes A with other values of these fields, and raises ExperimentError; cell is A's.
    """
    texts: dict[str, list[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            shape = Message("{given} given; allowed: {allowed}", given=repr(text), allowed="FIELD=VALUE")
            problems.append(Problem(B.flag, shape))
            continue
        texts.setdefault(name, []).append(value)
    by_own_names = owned(texts, rows, cell)
    problems += [Problem(B.flag, problem.message) for problem in by_own_names.problems]
    values: dict[str, Any] = {}
    for name, each in by_own_names.values.items():
        row = rows[name]
        try:
            read_all = [row.read_or_left_out(text) for text in each] if isinstance(each, list) else [each]
            values[name] = tuple(read_all) if row.many else read_all[-1]
        except Rejected as error:
            problems.append(Problem(f"{B.flag} {name}", error.message))
    values = expanded(values, rows)
    try:
        changed(values)
    except ExperimentError as error:
        problems += [Problem(f"{B.flag} {problem.field}", problem.message) for problem in error.problems]
    return tuple(values.items())


def understood(command: str) -> tuple[State, tuple[e.Event, ...]]:
    """What the screen shows of a command as `command` writes it, or of one of `gradtui train`. Raises ExperimentError,
    of what is no command of the screen as well.
    """
    rest = shlex.split(command)[1:]
    fields: dict[str, Any] = {}
    given: dict[str, Any] = {}
    if rest[:1] == ["train"]:
        given = {"view": "train", "train": True}
        rest.pop(0)
    if rest and rest[0] in PRESETS:
        preset = rest.pop(0)
        fields, given = experiment_values(preset), screen_values(preset) | given
    of_fields = {name: row for row in options().values() for name in row.flags}
    of_screen = {name: row for row in rows() for name in row.flags}
    while rest:
        name, joined, text = rest.pop(0).partition("=")
        row = of_fields.get(name) or of_screen.get(name)
        if row is None or (row.takes_value and not (joined or rest)):
            raise ExperimentError([Problem(name, Message("is unknown; --help lists the options"))])
        value: Any = (text if joined else rest.pop(0)) if row.takes_value else name == row.flag
        try:
            if name in of_fields:
                fields[row.name] = row.kind.parse(value) if row.takes_value else value
            else:
                given[row.name] = (*given.get(row.name, ()), value) if row.many else value
        except Rejected as error:
            raise ExperimentError([Problem(name, error.message)]) from None
    return read(Experiment.from_mapping(fields), given)


# -- to the command line -----------------------------------------------------------------------------------


def arguments(state: State, timeline: Timeline | None) -> list[str]:
    """The arguments that lead from a fresh start to this state."""
    words = files(state) or state.experiment.to_arguments()
    for name, value in state.changes:
        words += B.arguments([f"{name.replace('_', '-')}={'' if value is None else value}"])
    fresh = State(state.experiment, state.changes, state.recordings, cell=state.cell)
    if timeline is not None:
        fresh = update(fresh, e.Loaded(state.experiment, state.cell), timeline)
    # View and lesson decide which pane has the focus.
    usual = replace(fresh, pane=panes_of(state)[0], view=_first_view(state))
    for row, value, default in zip(OPTIONS, _shared(state), _shared(usual), strict=True):
        if value is not None and value != default and row.name != "kiosk":
            words += row.spell(scale.spelled(value) if row.of_state == "lock" else value)
    return words


def files(state: State) -> list[str]:
    """The recordings that are opened; nothing where running the experiment shows the same."""
    if len(state.recordings) == 1 and not state.nameless:
        return []
    files = dict.fromkeys(source.recording for source in state.recordings if source.recording)
    if not files:
        return []
    # Beside a recorded training an experiment is its mirror.
    return ["open" if all(source.recording for source in state.recordings) else "mirror", *files]


def _first_view(state: State) -> str:
    """The view that need not be named, as it opens by itself; of two recordings it is named in any case."""
    if len(state.recordings) > 1:
        return ""
    return "train" if recorded(state) else _VIEW


def _shared(state: State) -> list[Any]:
    """What each row says of a state."""
    lesson, step = (state.lesson.lesson, state.lesson.step) if state.lesson is not None else (None, 0)
    preset = about(state)
    of_state: dict[str, Any] = {
        "lesson": lesson, "lesson_step": step, "about": preset.name if preset is not None else ""
    }  # fmt: skip
    if recorded(state):
        # The training's own step: what was recorded may have become more meanwhile. Without it the last one is shown.
        of_state["iteration"] = None if state.follows or state.steps is None else state.steps[state.iteration]
    plan, swept = dict(state.plan), dict(state.sweep)
    given = {_PLAN: lambda row: plan.get(row.name), _SWEEP: lambda row: swept.get(_of_sweep(row))}
    return [
        of_state[row.name] if row.name in of_state
        else given[row.of_state](row) if row.of_state in given else getattr(state, row.of_state)
        for row in OPTIONS
    ]  # fmt: skip


def command(state: State, timeline: Timeline | None) -> str:
    """The whole command, ready for a POSIX shell."""
    # Without a word the story is told.
    return shlex.join(["gradtui", *(arguments(state, timeline) or ["--view", state.view])])
