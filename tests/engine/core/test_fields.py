"""What one field accepts from text, and what each option says of itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.fields import Choice, Integer, Number, Rejected
from gradtui_engine.core.options import Option, flag
from gradtui_engine.experiment.experiment import options
from tests.engine.helpers import drawn
from tests.engine.strategies import accepted
from tests.examples import in_one

every_option = in_one(("name", "each"), options().items())
WHOLE, REAL = Integer(1, 100), Number(-1.0, 1e30)
NAMED = Choice(lambda: ("relu", "tanh"), "csv:")


@every_option
@drawn(30)
@given(data=st.data())
def test_a_value_is_read_back_from_its_own_text(name: str, each: Option, data: st.DataObject) -> None:
    value = data.draw(accepted(each.kind))
    assert each.kind.parse(str(value)) == value == each.kind.check(value)


@every_option
def test_every_option_says_what_it_means_what_it_allows_and_for_which_cells(name: str, each: Option) -> None:
    assert each.help
    assert each.kind.allowed
    assert set(each.cells) <= set(CELLS.names)
    assert flag(name) == "--" + name.replace("_", "-")


def test_an_option_without_cells_applies_to_all_and_one_with_cells_to_those() -> None:
    fields = options()
    assert all(fields["width"].applies_to(cell) for cell in CELLS)
    assert [cell for cell in CELLS if fields["depth"].applies_to(cell)] == ["mlp", "transformer"]
    assert [cell for cell in CELLS if fields["forget_bias"].applies_to(cell)] == ["lstm"]


def test_what_the_cell_and_the_data_decide_may_be_left_to_them_and_the_rest_has_a_default() -> None:
    left = [name for name in options() if options()[name].is_optional]
    assert {"activation", "data", "loss", "batch", "steps", "inputs"} <= set(left)
    plain = Experiment()
    assert not [name for name in options() if name not in left and getattr(plain, name) is None]


@pytest.mark.parametrize("text", ["", "x", "1.5", "0", "101", "1e2", "0x10", "nan", "-5", "9" * 5000])
def test_text_that_is_no_whole_number_in_range_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="given; allowed: a whole number from 1 to 100"):
        WHOLE.parse(text)


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1e31", "1e999", "-1.01", "1,5"])
def test_text_that_is_no_number_in_range_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match=r"given; allowed: a number from -1 to 1e30"):
        REAL.parse(text)


@pytest.mark.parametrize("kind", [Number(0.0, 1.0, "auto"), options()["gain"].kind])
def test_a_number_may_have_one_word_that_stands_for_it(kind: Number) -> None:
    assert kind.parse("auto") == kind.check("auto") == "auto"
    assert kind.allowed.endswith(", or auto")
    for wrong in ("Auto", "", "automatic"):
        with pytest.raises(Rejected):
            kind.parse(wrong)


@pytest.mark.parametrize(
    ("name", "slip", "meant"),
    [("loss_scale", "dynamc", "dynamic"), ("loss_scale", "nnoe", "none"), ("gain", "atuo", "auto")],
)
def test_a_slip_in_the_word_that_stands_for_a_number_is_told_the_word(name: str, slip: str, meant: str) -> None:
    for read in (options()[name].kind.parse, options()[name].kind.check):
        with pytest.raises(Rejected, match=f"{slip}' given; allowed: a number from .*; did you mean '{meant}'\\?$"):
            read(slip)
        with pytest.raises(Rejected, match=r"given; allowed: a number from .*(auto|none)$"):
            read("1,5")


@pytest.mark.parametrize(("text", "value"), [("7", 7), (" 7 ", 7), ("+7", 7), ("100", 100)])
def test_a_whole_number_is_read_as_python_reads_it(text: str, value: int) -> None:
    assert WHOLE.parse(text) == value


@pytest.mark.parametrize(("text", "value"), [("7", 7.0), ("-1", -1.0), ("1e-3", 0.001), (".5", 0.5), ("1e30", 1e30)])
def test_a_number_is_read_as_python_reads_it(text: str, value: float) -> None:
    assert REAL.parse(text) == value


def test_a_choice_takes_its_names_and_the_open_form_as_they_are_written() -> None:
    assert NAMED.parse("relu") == "relu"
    assert NAMED.parse("csv:a b") == "csv:a b"
    for wrong, words in (("csv:", "names no file; give csv:PATH"), ("Relu", "did you mean 'relu'?"), ("", "unknown")):
        with pytest.raises(Rejected) as caught:
            NAMED.parse(wrong)
        assert words in str(caught.value)
