"""The house: the engine knows nothing of a terminal, and its public names are there."""

from __future__ import annotations

import pickle
import pkgutil
from importlib import resources

import gradtui_engine
from gradtui_engine import Experiment
from tests.engine.helpers import fresh_python

# What the engine must not know, and what it must not make a user wait for.
FOREIGN = ["textual", "rich", "plotext", "gradtui", "autograd", "hypothesis", "torch", "scipy", "pandas"]
MODULES = sorted(module.name for module in pkgutil.walk_packages(gradtui_engine.__path__, "gradtui_engine."))


def test_the_engine_and_a_run_of_it_load_nothing_of_a_terminal() -> None:
    code = (
        "import sys, gradtui_engine\n"
        "trace = gradtui_engine.simulate(gradtui_engine.Experiment(depth=2, width=3))\n"
        "trace.outcome, [stage.activation for stage in trace.stages]\n"
        f"print(sorted(set({FOREIGN}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    assert fresh_python(code) == "[]"


def test_no_module_of_the_engine_loads_anything_of_a_terminal() -> None:
    imports = "\n".join(f"import {module}" for module in MODULES)
    code = f"import sys\n{imports}\nprint(sorted(set({FOREIGN}) & {{name.split('.')[0] for name in sys.modules}}))"
    assert fresh_python(code) == "[]"


def test_an_experiment_goes_to_another_process_and_comes_back() -> None:
    experiment = Experiment(cell="lstm", width=7, forget_bias=2.0)
    code = (
        "import pickle\n"
        f"experiment = pickle.loads({pickle.dumps(experiment)!r})\n"
        "print(pickle.dumps(experiment.replace(width=8)).hex())"
    )
    assert pickle.loads(bytes.fromhex(fresh_python(code))) == experiment.replace(width=8)


def test_every_public_name_is_there_and_the_readmes_ones_are_public() -> None:
    assert all(hasattr(gradtui_engine, name) for name in gradtui_engine.__all__)
    assert list(gradtui_engine.__all__) == sorted(gradtui_engine.__all__)
    assert {"Experiment", "build", "simulate", "Network", "Trace", "Step", "Outcome"} <= set(gradtui_engine.__all__)


def test_every_public_name_and_module_says_what_it_is() -> None:
    assert gradtui_engine.__doc__
    undocumented = [name for name in gradtui_engine.__all__ if not getattr(gradtui_engine, name).__doc__]
    assert not undocumented


def test_the_package_says_that_it_is_typed() -> None:
    assert (resources.files("gradtui_engine") / "py.typed").is_file()
