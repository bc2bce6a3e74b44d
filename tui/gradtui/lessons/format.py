"""How a lesson is written: one Markdown file, with TOML where the program has to understand it.

    +++
    title = "Why a sigmoid network does not learn"
    summary = "Thirty factors of about a quarter."
    experiment = {depth = 30, activation = "sigmoid"}
    +++

    ## What does one layer do?

    Every layer multiplies the gradient by one **factor**.

    ```step
    stage = "middle"
    ask = "By how much does an average layer multiply it?"
    measure = "average_factor"
    within = 0.3
    reveal = "Measured: {average_factor}, so half is lost every {half_life} layers."
    ```

Front matter, between two lines of `+++`:

    title, summary   one line each; needed
    chapter          where the map of the course has it: vanishing, activations, initialisers, exploding, normalisation,
                     residual, gates, idea, training or maths; without one it is among your own
    pair             a pair of the story (`model/pairs.py`): its disease is A, its cure B, trained as it says
    experiment       the fields of the Experiment that differ from the default ones, or from the pair's
    view             explore (without one), idea, compare, lab, maths, theory or train
    changes          fields in which experiment B differs from A, for the view compare
    quantity         what the bars show: gradient (without one), parameters, update, std, mean, saturated, factor
    training         {field = value, …}: how A and B are trained, the fields of a Training that differ from its default

Each `## Heading` begins a step, and what follows it is what the reader sees: paragraphs, lists, **bold** and `code`.
Braces stand for a computed number: `{ratio}`, `{factor@12}`, `{b.ratio / ratio}`; `measures` lists them all.

One fenced block ```step in a step says what the step does; all of it may be left out:

    press            what the reader should press: a command ("play"), a key ("x"), or a list of them
    pair             as above, from this step on
    do               {field = value, …}: changes of the experiment as the step begins
    view, changes, quantity, training   as above, from this step on
    train            true: train at once, or, where there is a question, as soon as it is answered
    iteration        the iteration of the training that is looked at; one that nobody has trained up to is trained up to
    pane             the pane that is seen beside the lesson where not all have room
    function, terms  of the maths page: sin, cos or tan, and so many terms of their series
    row              of the lab: the activation that is looked at
    stage            the stage to select: first, middle, last or a number
    step             where the cursor goes: start, loss, stage (its gradient is there), arrived, end, or a number

and a question:

    ask              the question itself
    choices          [{say = "it vanishes", when = "ratio < 1e-3"}, …], two to six; exactly one must be true
    measure          or a number to predict, right within = 0.1 (a share of the true one) or decades = 1
                     (orders of magnitude)
    then             {field = value, …}: changes of the experiment once the question is answered
    reveal           what is said then, with computed numbers in braces

A field that is to be as it is without being set gets the value "default".
What a step changes holds for the steps after it, `then` included. The check and the numbers of `reveal` are read from
the trace after `then`; the numbers of the text from the trace before it. `conditions` gives the language of `when`.
What is measured of a training (`accuracy`, `ratio[250]`) is that of A, or `b.` of B, as `training` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradtui_engine import Experiment, ExperimentError, Problem, Training
from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.message import Message, Verbatim
from gradtui_engine.core.problems import unknown_name
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.other_names import expanded, owned
from gradtui_engine.measures.expression import Expression, expression
from gradtui_engine.measures.measurable import hindrance
from gradtui_engine.measures.of_run import gradient_stage, last_stage

from ..model.pairs import PAIRS
from . import values as v
from .blocks import Block, Misplaced, Section, sections, split_front_matter
from .lesson import PLACEHOLDER, Lesson, Question, Setup, Step

#: Key → how its value is checked.
_FRONT: dict[str, v.Check] = {
    "title": v.text,
    "summary": v.text,
    "chapter": v.chapter,
    "pair": v.pair,
    "experiment": v.table,
    "view": v.view,
    "changes": v.table,
    "quantity": v.quantity,
    "training": v.table,
}
_STEP: dict[str, v.Check] = {
    "press": v.names,
    "pair": v.pair,
    "do": v.table,
    "view": v.view,
    "changes": v.table,
    "quantity": v.quantity,
    "training": v.table,
    "train": v.switch,
    "iteration": v.iteration,
    "pane": v.pane,
    "function": v.function,
    "terms": v.terms,
    "row": v.row,
    "stage": v.stage,
    "step": v.step,
    "ask": v.text,
    "choices": v.choices,
    "measure": v.measured_number,
    "within": v.positive,
    "decades": v.positive,
    "then": v.table,
    "reveal": v.text,
}
#: What belongs to a question, and so needs one.
_OF_A_QUESTION = ("choices", "measure", "within", "decades", "then", "reveal")
_WITHIN = 0.1
_DEFAULT = "default"
_ITERATIONS = Training.iterations
#: Clamped to the last stage where only the data file knows how many there are.
_LAST = 10**9


class LessonError(ValueError):
    """A lesson that cannot be used; holds every problem, each with file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def parse(source: str, file: str, name: str = "") -> Lesson:
    """The lesson in a file's text; name is its id. Raises LessonError with everything that is wrong."""
    return _Parser(file, name or file).lesson(source)


class _Parser:
    """Reads one file, keeps every problem, and goes on with what stood before where something is wrong."""

    def __init__(self, file: str, name: str) -> None:
        self.file, self.name = file, name
        self.problems: list[Problem] = []
        #: Where a problem is: "front matter", or a step.
        self.place: str = Message("front matter")
        self.experiment = Experiment()
        self.changes: dict[str, Any] = {}
        self.plan: dict[str, Any] = {}
        self.view, self.quantity = "explore", "gradient"

    def lesson(self, source: str) -> Lesson:
        try:
            front, body = split_front_matter(source)
        except Misplaced as error:
            self.problem(error.line, error.message)
            raise LessonError(self.problems) from None
        values = self._front(front)
        before, parts = sections(body)
        self.place = Message("the text")
        if before:
            self.problem(body.line, Message("what stands before the first ## heading belongs to no step"))
        if not parts:
            self.problem(body.line, Message("there is no step; each begins with a ## heading"))
        steps = [self._step(number, part) for number, part in enumerate(parts, 1)]
        if self.problems:
            raise LessonError(self.problems)
        return Lesson(self.name, values["title"], values["summary"], tuple(steps), self.file, values.get("chapter", ""))

    def problem(self, line: int, message: str, key: str = "") -> None:
        """Keep a problem, with the line and the step where it is."""
        text = Message("{place}: {problem}", place=self.place, problem=message)
        if key:
            text = Message("{place}, {key}: {problem}", place=self.place, key=Verbatim(key), problem=message)
        self.problems.append(Problem(f"{self.file}:{line}", text))

    def _front(self, block: Block) -> dict[str, Any]:
        values = self._checked(block, _FRONT)
        for key in ("title", "summary"):
            if key not in values:
                # One that is there but wrong has been reported already.
                if not block.has(key):
                    self.problem(block.line, Message("is missing"), key)
                values[key] = ""
        self._pair(values)
        self._change(block, "experiment", values.get("experiment", {}))
        self._remain(block, values)
        return values

    def _checked(self, block: Block, checks: dict[str, v.Check]) -> dict[str, Any]:
        """The block's values, those that are wrong left out."""
        try:
            values = block.values()
        except Misplaced as error:
            self.problem(error.line, error.message)
            return {}
        accepted = {}
        for key, value in values.items():
            try:
                if key not in checks:
                    raise Rejected(unknown_name(key, tuple(checks)))
                accepted[key] = checks[key](value)
            except Rejected as error:
                self.problem(block.line_of(key), error.message, key if key in checks else "")
        return accepted

    # -- what holds from a step on ---------------------------------------------------------------------

    def _pair(self, values: dict[str, Any]) -> None:
        """Begin with a pair's network, what its cure changes, and how it is trained."""
        if "pair" in values:
            pair = PAIRS[values["pair"]]
            self.experiment, self.changes, self.plan = pair.experiment, dict(pair.changes), dict(pair.plan)

    def _change(self, block: Block, key: str, fields: dict[str, Any]) -> None:
        """Change the experiment, or say why that cannot be."""
        changed = self._replaced(block, key, self.experiment, fields)
        self.experiment = changed or self.experiment

    def _replaced(self, block: Block, key: str, base: Experiment, fields: dict[str, Any]) -> Experiment | None:
        line = block.line_of(key)
        for unknown in owned(fields, options(), base.cell).problems:
            self.problem(line, unknown.message, key)
        try:
            return base.replace(**_fields(fields, base.cell))
        except ExperimentError as error:
            for problem in error.problems:
                self.problem(line, problem.message, f"{key}.{problem.field}")
            return None

    def _remain(self, block: Block, values: dict[str, Any]) -> None:
        """View, quantity, B's changes and the plan, which stay until another step says otherwise."""
        self.view = values.get("view", self.view)
        self.quantity = values.get("quantity", self.quantity)
        self.changes = values.get("changes", self.changes)
        if self.changes and self._replaced(block, "changes", self.experiment, self.changes) is None:
            self.changes = {}
        self.changes = _fields(self.changes, self.experiment.cell)
        self.plan = values.get("training", self.plan)
        if self.plan:
            self._check_plan(block)

    def _check_plan(self, block: Block) -> None:
        """Whether A and B can be trained like this; a plan that neither of them can have is given up."""
        for experiment in {self.experiment, self.experiment.replace(**self.changes)}:
            try:
                Training.from_mapping({**experiment.given(), "training": self.plan})
            except ExperimentError as error:
                for problem in error.problems:
                    field = problem.field.removeprefix("training.")
                    self.problem(block.line_of("training"), problem.message, f"training.{field}")
                self.plan = {}
                return

    def _setup(self, values: dict[str, Any], *, answered: bool = True) -> Setup:
        place = values.get("stage")
        if isinstance(place, str):
            # The stages that can be selected are those that a gradient norm is measured at.
            last = last_stage(self.experiment)
            place = gradient_stage(place, self.experiment.cell, _LAST if last is None else last)
        return Setup(
            self.experiment,
            tuple(self.changes.items()),
            self.view,
            self.quantity,
            place,
            values.get("step"),
            tuple(self.plan.items()),
            answered and bool(values.get("train")),
            values.get("iteration"),
            values.get("function", ""),
            values.get("terms", 0),
            values.get("row", ""),
            values.get("pane", ""),
        )

    # -- a step ----------------------------------------------------------------------------------------

    def _step(self, number: int, part: Section) -> Step:
        self.place = Message("step {number}", number=number)
        if len(part.blocks) > 1:
            self.problem(part.blocks[1].line, Message("one step block at the most"))
        block = part.blocks[0] if part.blocks else Block("", part.line)
        values = self._checked(block, _STEP)
        self._pair(values)
        self._change(block, "do", values.get("do", {}))
        self._remain(block, values)
        # What is trained shows what the question asks: it waits for the answer.
        before = self._setup(values, answered="ask" not in values)
        self._placeholders(part.line, part.text, "")
        question = self._question(block, values)
        after = before
        if "then" in values:
            self._change(block, "then", values["then"])
            self._remain(block, {})
            after = self._setup(values)
        elif question is not None:
            # Nothing changes: the cursor stays where the reader has moved it while thinking.
            after = self._setup({"train": values.get("train")})
        if question is not None:
            self._question_measures(block, question)
        return Step(part.title, part.text, before, after, values.get("press", ()), question)

    def _question(self, block: Block, values: dict[str, Any]) -> Question | None:
        written = [key for key in _OF_A_QUESTION if key in values]
        if "ask" not in values:
            if written and not block.has("ask"):
                self.problem(block.line_of(written[0]), Message("belongs to a question: there is no ask"), written[0])
            return None
        if ("choices" in values) == ("measure" in values) and block.has("choices") == block.has("measure"):
            self.problem(block.line_of("ask"), Message("a question has either choices or a measure"), "ask")
        limits = [key for key in ("within", "decades") if key in values]
        if len(limits) == 2 or (limits and "choices" in values):
            self.problem(block.line_of(limits[-1]), Message("a measure has either within or decades"), limits[-1])
        within = values.get("within", None if limits or "measure" not in values else _WITHIN)
        return Question(
            values["ask"],
            values.get("choices", ()),
            values.get("measure"),
            within,
            values.get("decades"),
            values.get("reveal", ""),
        )

    def _question_measures(self, block: Block, question: Question) -> None:
        """Whether everything that the check and the reveal ask for can be measured after the answer."""
        for choice in question.choices:
            for claim in choice.when.expressions:
                self._measurable(block.line_of("choices"), claim, "choices")
        if question.measure is not None:
            self._measurable(block.line_of("measure"), question.measure, "measure")
        self._placeholders(block.line_of("reveal"), question.reveal, "reveal")

    def _placeholders(self, line: int, text: str, key: str) -> None:
        for name in PLACEHOLDER.findall(text):
            try:
                self._measurable(line, expression(name), key)
            except Rejected as error:
                self.problem(line, Message("{{{given}}}: {problem}", given=name, problem=error.message), key)

    def _measurable(self, line: int, wanted: Expression, key: str) -> None:
        for operand in wanted.operands:
            name = Verbatim(operand.text)
            if operand.of_b and not self.changes:
                self.problem(line, Message("{name}: there is no experiment B; changes makes one", name=name), key)
                continue
            experiment = self.experiment.replace(**self.changes) if operand.of_b else self.experiment
            message = hindrance(operand, experiment, self.plan.get("iterations", _ITERATIONS))
            if message:
                self.problem(line, message, key)


def _fields(given: dict[str, Any], cell: str) -> dict[str, Any]:
    """The fields among those given, by their own names. TOML has no word for "not set": a lesson says "default"."""
    rows = options()
    values = owned(given, rows, cell).values
    return expanded({name: rows[name].default if value == _DEFAULT else value for name, value in values.items()}, rows)
