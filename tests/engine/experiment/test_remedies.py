"""What applies a remedy: options of the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui_engine import Experiment
from gradtui_engine.analysis.outcome import KINDS, SOUND_KINDS
from gradtui_engine.core.options import flag
from gradtui_engine.experiment.experiment import options
from gradtui_engine.experiment.remedies import remedies_for
from gradtui_engine.experiment.remedy import Remedy
from gradtui_engine.experiment.training import Training
from gradtui_engine.experiment.training import options as training_options
from tests.engine.helpers import drawn
from tests.engine.strategies import valid_experiments

ILL = [kind for kind in KINDS if kind not in SOUND_KINDS]
BY_FLAG = {row.flag: row for row in (*options().values(), *training_options().values())}


def remedy(name: str, experiment: Experiment, kind: str = "vanishing") -> Remedy:
    (found,) = [each for each in remedies_for(experiment, (kind,)) if each.name == name]
    return found


@drawn(60)
@given(valid_experiments(), st.sampled_from(ILL))
def test_the_options_of_a_remedy_beside_the_experiments_own_are_the_remedy(experiment: Experiment, kind: str) -> None:
    for each in remedies_for(experiment, (kind,)):
        words, gone = each.arguments(experiment), each.left_out(experiment)
        rows = [(BY_FLAG[option], text) for option, text in zip(words[::2], words[1::2], strict=True)]
        given = experiment.given() | {row.name: row.kind.parse(text) for row, text in rows}
        kept = {name: value for name, value in given.items() if flag(name) not in gone}
        own = {name: kept.pop(name) for name in each.training}
        changed = each.applied(Training(experiment=experiment))
        assert Training(**own).replace(experiment=changed.experiment) == changed  # type: ignore[arg-type]
        # What follows from others and is given as what it comes to is the same run.
        left = {"asks_for_update"}
        for name in changed.experiment.to_mapping().keys() - left:
            assert getattr(Experiment(**kept).resolved, name) == getattr(changed.experiment.resolved, name), each.name


@pytest.mark.parametrize(
    ("name", "experiment", "wanted", "gone"),
    [
        ("relu + he", Experiment(), "--activation relu --init he_normal", []),
        ("relu + he", Experiment(activation="relu", gain=3.0), "--init he_normal --gain 1.0", []),
        ("relu + he", Experiment(sigma_w=1.2), "--activation relu --init he_normal", ["--sigma-w"]),
        ("layer norm", Experiment(), "--norm layer", []),
        ("warmup", Experiment(), "--schedule warmup --warmup 50", []),
        ("a tenth of the rate", Experiment(learning_rate=0.5), "--learning-rate 0.05", []),
        ("orthogonal, gain auto", Experiment(cell="rnn"), "--init orthogonal --gain auto", []),
        ("forget bias 4", Experiment(cell="lstm"), "--forget-bias 4.0", []),
        ("gru", Experiment(cell="lstm"), "--cell gru", []),
        ("lstm", Experiment(cell="gru"), "--cell lstm", []),
        ("clip by norm", Experiment(cell="lstm"), "--clip norm", []),
    ],
)
def test_the_options_are_those_that_one_would_type(
    name: str, experiment: Experiment, wanted: str, gone: list[str]
) -> None:
    found = remedy(name, experiment)
    assert " ".join(found.arguments(experiment)) == wanted
    assert found.left_out(experiment) == gone


def test_what_follows_again_from_the_others_is_said_with_its_value() -> None:
    experiment = Experiment(residual="scaled", residual_scale=0.0, depth=16)
    found = remedy("β = 1/√depth", experiment, "cut_off")
    assert found.arguments(experiment) == ["--residual-scale", "0.25"]


@pytest.mark.parametrize("kind", ["vanishing", "exploding", "diverging"])
def test_what_is_offered_includes_what_everybody_reaches_for(kind: str) -> None:
    deep = {each.name for each in remedies_for(Experiment(activation="tanh"), (kind,))}
    assert deep >= {"layer norm", "warmup", "adam", "clip by norm", "a tenth of the rate"}
    if kind != "diverging":
        assert deep >= {"leaky relu + he", "gelu + he", "selu + lecun"}
    for cell, other in (("lstm", "gru"), ("gru", "lstm"), ("rnn", "lstm")):
        names = {each.name for each in remedies_for(Experiment(cell=cell), (kind,))}
        assert names >= {"clip by norm", "warmup", "adam"}
        if kind != "diverging":
            assert names >= {"orthogonal, gain auto", other}
    if kind == "vanishing":
        assert "forget bias 4" in {each.name for each in remedies_for(Experiment(cell="lstm"), (kind,))}


@pytest.mark.parametrize("cell", ["mlp", "lstm"])
def test_what_the_first_gradient_asks_for_comes_before_what_later_steps_need(cell: str) -> None:
    names = [each.name for each in remedies_for(Experiment(cell=cell), ("vanishing",))]
    later = ["adam", "warmup", "a tenth of the rate"]
    assert [name for name in names if name in later] == later
    assert names.index("adam") > len(names) - 1 - len(later) - 1
