"""The format of a lesson: what is read, what holds from step to step, and what is said of what is wrong."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from gradtui.lessons import format as format_module
from gradtui.lessons.check import faults, measure_table
from gradtui.lessons.format import LessonError, parse
from gradtui.lessons.lesson import Lesson
from gradtui_engine import Experiment

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "lessons.md"
FRONT = '+++\ntitle = "T"\nsummary = "S"\n{front}+++\n\n'


def lesson_of(*steps: str, front: str = "") -> Lesson:
    """A lesson of steps, each the TOML of its block."""
    body = "\n".join(f"## Step\n\nText.\n\n```step\n{each}\n```\n" for each in steps)
    return parse(FRONT.format(front=front) + body, "x.md", "x")


def problems_of(source: str) -> list[str]:
    with pytest.raises(LessonError) as error:
        parse(source, "x.md")
    return [str(each) for each in error.value.problems]


def problems_in(block: str, front: str = "") -> list[str]:
    return problems_of(FRONT.format(front=front) + f"## Step\n\nText.\n\n```step\n{block}\n```\n")


def test_the_documentation_says_what_the_format_is_by_an_example_that_is_read_and_true() -> None:
    example = re.search(r"````markdown\n(.*?)````", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    lesson = parse(example[1], "example.md", "example")
    assert len(lesson.steps) == 3
    assert not list(faults(lesson))


def test_the_example_of_the_docstring_is_read_and_true() -> None:
    documentation = format_module.__doc__ or ""
    example = textwrap.dedent(documentation[documentation.index("    +++") : documentation.index("Front matter,")])
    lesson = parse(example, "docstring", "docstring")
    assert lesson.steps[0].question is not None
    assert not list(faults(lesson))


def test_the_documentation_lists_every_key_and_every_measure() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    assert f"<!-- measures -->\n{measure_table()}\n<!-- /measures -->" in text
    for key in (*format_module._FRONT, *format_module._STEP):
        assert f"`{key}`" in text, key
        assert re.search(rf"\b{key}\b", format_module.__doc__ or ""), key


def test_a_step_is_a_heading_its_text_and_its_block() -> None:
    source = (
        FRONT.format(front="") + "## One `two`\n\nA **b**.\n\n- c\n\n```step\npress = 'x'\n```\n\nAfter.\n\n## Next\n"
    )
    first, second = parse(source, "x.md").steps
    assert first.title == "One `two`"
    assert [line for line in first.text.split("\n") if line] == ["A **b**.", "- c", "After."]
    assert first.press == ("x",)
    assert (second.title, second.text, second.question) == ("Next", "", None)


def test_a_heading_or_a_block_inside_another_code_block_is_text() -> None:
    source = FRONT.format(front="") + "## One\n\n```\n## not a step\n```\n\n### smaller\n"
    (step,) = parse(source, "x.md").steps
    assert "## not a step" in step.text
    assert "### smaller" in step.text


@pytest.mark.parametrize("change", ["\ufeff{}", "\n\n{}", "{}\n\n\n"])
def test_a_byte_order_mark_and_empty_lines_around_do_not_matter(change: str) -> None:
    assert parse(change.format(FRONT.format(front="") + "## A\n"), "x.md").steps[0].title == "A"


def test_line_ends_of_other_systems_do_not_matter() -> None:
    source = (FRONT.format(front="") + "## A\n\nText.\n\n```step\nview = 'lab'\n```\n").replace("\n", "\r\n")
    (step,) = parse(source, "x.md").steps
    assert (step.text, step.before.view) == ("Text.", "lab")


# -- what holds from step to step --------------------------------------------------------------------------


def test_what_a_step_changes_holds_for_those_after_it() -> None:
    lesson = lesson_of(
        'do = {depth = 7}\nview = "compare"\nchanges = {norm = "batch"}\nquantity = "std"',
        'ask = "?"\nmeasure = "ratio"\nthen = {activation = "relu"}\nstage = "last"\nstep = "loss"',
        "",
        'view = "explore"\nchanges = {}\nquantity = "factor"',
        front="experiment = {depth = 5}\n",
    )
    first, second, third, fourth = lesson.steps
    assert first.before.experiment == Experiment(depth=7)
    assert (first.before.view, first.before.changes, first.before.quantity) == ("compare", (("norm", "batch"),), "std")
    assert second.before.experiment == Experiment(depth=7)
    assert second.after.experiment == Experiment(depth=7, activation="relu")
    assert (second.before.stage, second.before.step) == (7, "loss")
    assert third.before.experiment == second.after.experiment
    assert (third.before.view, third.before.quantity, third.before.stage, third.before.step) == (
        "compare", "std", None, None,
    )  # fmt: skip
    assert (fourth.before.view, fourth.before.changes, fourth.before.quantity) == ("explore", (), "factor")


def test_an_answer_without_consequences_leaves_the_cursor_where_the_reader_moved_it() -> None:
    (step,) = lesson_of('ask = "?"\nmeasure = "ratio"\nstage = 3\nstep = "loss"').steps
    assert (step.before.stage, step.before.step) == (3, "loss")
    assert (step.after.stage, step.after.step) == (None, None)
    assert step.after.experiment == step.before.experiment


def test_fields_and_names_from_elsewhere_are_taken() -> None:
    lesson = lesson_of(
        "",
        'do = {lr = 0.5, optimizer = "SGD(momentum=0.5)"}\nchanges = {num_layers = 2, cell = "nn.LSTM"}',
        front='experiment = {cell = "GRU", hidden_size = 5}\n',
    )
    setup = lesson.steps[1].before
    wanted = Experiment(cell="gru", width=5, learning_rate=0.5, optimizer="momentum", momentum=0.5)
    assert setup.experiment == wanted
    assert dict(setup.changes) == {"layers": 2, "cell": "lstm"}


def test_default_makes_a_field_what_it_is_unset() -> None:
    lesson = lesson_of(
        "",
        'do = {pin_forget = "default", width = "default"}\nchanges = {forget_bias = "default"}',
        front='experiment = {cell = "lstm", pin_forget = 1.0, width = 5, forget_bias = 3.0}\n',
    )
    assert lesson.steps[0].before.experiment.pin_forget == 1.0
    assert lesson.steps[1].before.experiment == Experiment(cell="lstm", forget_bias=3.0)
    assert lesson.steps[1].before.changes == (("forget_bias", None),)


def test_a_number_is_right_within_a_tenth_unless_the_lesson_says_otherwise() -> None:
    ask = 'ask = "?"\nmeasure = "ratio"\n'
    questions = [each.question for each in lesson_of(ask, ask + "within = 0.3", ask + "decades = 2").steps]
    assert [(each.within, each.decades) for each in questions if each] == [(0.1, None), (0.3, None), (None, 2.0)]


@pytest.mark.parametrize(("place", "mlp", "lstm"), [("first", 1, 0), ("middle", 5, 4), ("last", 9, 8), (2, 2, 2)])
def test_a_stage_by_name_is_the_one_that_a_measure_there_reads(place: str | int, mlp: int, lstm: int) -> None:
    block = f"stage = {place!r}"
    front = "experiment = {depth = 9}\n"
    assert lesson_of(block, front=front).steps[0].before.stage == mlp
    front = 'experiment = {cell = "lstm", data = "gaussian", steps = 8}\n'
    assert lesson_of(block, front=front).steps[0].before.stage == lstm


# -- what is wrong -----------------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, Any]] = {
    "a misspelt key": ("pres = 'x'", "x.md:11: step 1: 'pres' is unknown"),
    "its nearest match": ("pres = 'x'", "did you mean 'press'?"),
    "a view": ("view = 'explor'", "step 1, view: 'explor' is unknown"),
    "the list as a view": ("view = 'lessons'", "allowed: explore, idea"),
    "a quantity": ("quantity = 'gradients'", "did you mean 'gradient'?"),
    "a field": ("do = {depht = 3}", "step 1, do: 'depht' is unknown"),
    "a value": ("do = {activation = 'rleu'}", "step 1, do.activation: 'rleu' is unknown"),
    "a value out of range": ("do = {depth = 0}", "do.depth: 0 given; allowed: a whole number from 1"),
    "B impossible": ("changes = {cell = 'lstm', data = 'digits'}", "changes.data: 'digits' has no time axis"),
    "fields that do not go together": ("do = {norm = 'batch', batch = 1}", "do.batch: 1 given; norm batch needs"),
    "a stage": ("stage = 'midle'", "did you mean 'middle'?"),
    "a negative stage": ("stage = -1", "-1 given; allowed: first, middle, last, or a whole number"),
    "a cursor": ("step = 'arived'", "did you mean 'arrived'?"),
    "press": ("press = 3", "3 given; allowed: a command or key"),
    "text": ("ask = 3\nmeasure = 'ratio'", "step 1, ask: 3 given; allowed: text in quotes"),
    "no TOML": ("a = = 3", "x.md:11: step 1: is not TOML"),
    "no TOML, further down": ("stage = 1\n\nb = 'x", "x.md:13: step 1: is not TOML"),
    "one choice": ("ask = '?'\nchoices = [{say='a', when='ratio < 1'}]", "two to 6 of"),
    "seven choices": ("ask = '?'\nchoices = [" + "{say='a', when='ratio < 1'}," * 7 + "]", "two to 6 of"),
    "a choice without when": ("ask = '?'\nchoices = [{say='a'}, {say='b', when='ratio<1'}]", "choices: A: "),
    "a condition": (
        "ask = '?'\nchoices = [{say='a', when='ratio'}, {say='b', when='kind < 1'}]",
        "choices: A: 'ratio' compares nothing; allowed: <= >= == != < > between; B: kind is a name",
    ),
    "neither choices nor measure": ("ask = '?'", "step 1, ask: a question has either choices or a measure"),
    "both": ("ask='?'\nmeasure='ratio'\nchoices=[{say='a',when='ratio<1'},{say='b',when='ratio>1'}]", "either"),
    "a reveal without a question": ("reveal = 'x'", "x.md:11: step 1, reveal: belongs to a question"),
    "a name to predict": ("ask = '?'\nmeasure = 'kind'", "x.md:12: step 1, measure: kind is a name"),
    "two tolerances": ("ask='?'\nmeasure='ratio'\nwithin=0.1\ndecades=1", "either within or decades"),
    "a tolerance of nothing": ("ask='?'\nmeasure='ratio'\nwithin=0", "allowed: a number above 0"),
    "a placeholder": ("ask='?'\nmeasure='ratio'\nreveal='{ratoi}'", "step 1, reveal: {ratoi}: 'ratoi' is unknown"),
    "a place that there is not": ("ask='?'\nmeasure='factor@30'", "factor@30: there are stages 0 to 29"),
    "a measure of another cell": ("ask='?'\nmeasure='cell_gradient@3'", "is for lstm; the cell is mlp"),
    "B where there is none": ("ask='?'\nmeasure='b.ratio'", "b.ratio: there is no experiment B"),
    "a measure of a cell left by then": (
        "ask='?'\nmeasure='activation_factor@3'\nthen={cell='lstm'}",
        "activation_factor is for mlp; the cell is lstm",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_in_a_step_is_named_with_its_line_what_was_given_and_what_is_allowed(name: str) -> None:
    block, says = WRONG[name]
    (problem,) = problems_in(block)
    assert says in problem
    assert problem.startswith("x.md:")


def test_a_place_is_looked_up_in_the_experiment_that_it_is_measured_in() -> None:
    # After `then` there are 30 layers, and B has 40.
    block = "ask='?'\nmeasure='factor@29'\nthen={depth=30}\nreveal='{b.factor@39}'\nchanges={depth=40}"
    assert lesson_of(block, front="experiment = {depth = 5}\n")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "x.md:1: front matter: a lesson begins with front matter"),
        ("## A\n", "x.md:1: front matter: a lesson begins with front matter"),
        ("+++\ntitle = 'a'\n", "x.md:1: front matter: the front matter has no end"),
        ("+++\ntitle = 'a'\n+++\n## A\n", "x.md:2: front matter, summary: is missing"),
        ("+++\ntitle = 3\nsummary = 'a'\n+++\n## A\n", "x.md:2: front matter, title: 3 given; allowed: text in quotes"),
        ("+++\ntitle='a'\nsummary='b'\nexperiment='mlp'\n+++\n## A\n", "x.md:4: front matter, experiment: 'mlp' given"),
        ("+++\ntitle='a'\nsummary='b'\nviw='lab'\n+++\n## A\n", "x.md:4: front matter: 'viw' is unknown"),
        ("+++\ntitle='a'\nsummary='b'\n+++\nHello.\n\n## A\n", "x.md:5: the text: what stands before the first ##"),
        ("+++\ntitle='a'\nsummary='b'\n+++\n# A\n", "what stands before the first ##"),
        ("+++\ntitle='a'\nsummary='b'\n+++\n", "x.md:5: the text: there is no step"),
        (
            "+++\ntitle='a'\nsummary='b'\n+++\n## A\n\n{factor}\n",
            "x.md:5: step 1: {factor}: factor is measured at a stage",
        ),
        ("+++\ntitle='a'\nsummary='b'\n+++\n## A\n```step\n```\n```step\n```\n", "x.md:9: step 1: one step block"),
    ],
)
def test_a_fault_of_the_file_is_named_with_its_line(source: str, says: str) -> None:
    assert any(says in each for each in problems_of(source)), problems_of(source)


def test_all_faults_are_named_at_once() -> None:
    source = (
        "+++\ntitle = 3\nsumary = 'b'\nexperiment = {depht = 3, width = 0}\n+++\n"
        "## A\n\n{ratoi}\n\n```step\nview = 'explor'\npres = 'x'\n```\n\n## B\n\n```step\nask = '?'\n```\n"
    )
    found = "\n".join(problems_of(source))
    for each in (
        "title",
        "summary: is missing",
        "'sumary'",
        "'depht'",
        "experiment.width",
        "{ratoi}",
        "'explor'",
        "'pres'",
    ):
        assert each in found
    assert "step 2, ask" in found


@pytest.mark.parametrize("toml", ["title = " + "[" * 5000, "a" * 100_000, "x = 1" + "0" * 5000, "\x00"])
def test_toml_that_no_one_would_write_is_a_problem_too(toml: str) -> None:
    assert problems_of(f"+++\n{toml}\n+++\n## A\n")
    assert problems_in(toml)
