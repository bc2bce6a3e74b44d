"""Memory is used again once nobody can read it, and never before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gradtui_engine import Trace, build
from gradtui_engine.cells.table import CELLS
from gradtui_engine.core.progress import Cancelled
from gradtui_engine.run.network import Network
from tests.engine.helpers import small

every_cell = pytest.mark.parametrize("cell", CELLS.names)


def address(trace: Trace) -> int:
    return int(trace.values["loss"].__array_interface__["data"][0])


def other(network: Network) -> Network:
    """The same network with other parameters."""
    return network.with_parameters({name: array + 1 for name, array in network.parameters.items()})


@every_cell
def test_memory_is_used_again_once_nobody_reads_it(cell: str) -> None:
    network = build(small(cell))
    trace = network.run()
    before = address(trace)
    del trace
    assert address(network.run()) == before


@every_cell
def test_a_trace_that_is_read_is_not_written_over(cell: str) -> None:
    network = build(small(cell))
    traces = [network.run() for _ in range(4)]
    assert len({address(each) for each in traces}) == len(traces)


@every_cell
@pytest.mark.parametrize("kind", ["values", "gradients", "parameter_gradients"])
def test_an_array_outlives_its_trace_and_every_later_run(cell: str, kind: str) -> None:
    network = build(small(cell))
    for name in getattr(network.run(), kind):
        array = getattr(network.run(), kind)[name]
        view, kept = array[...], array.tobytes()
        del array
        address(network.run())
        assert view.tobytes() == kept


@every_cell
def test_a_run_that_is_stopped_leaves_the_network_as_it_was(cell: str) -> None:
    network = build(small(cell))
    wanted = network.run().loss

    def stop(share: float) -> None:
        raise Cancelled

    for _ in range(3):
        with pytest.raises(Cancelled):
            network.run(stop)
    assert network.run().loss == wanted


@every_cell
def test_threads_do_not_share_memory(cell: str) -> None:
    network = build(small(cell))
    wanted = network.run().parameter_gradients["output.weight"].tobytes()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: network.run().parameter_gradients["output.weight"].tobytes(), range(40)))
    assert set(found) == {wanted}


@every_cell
def test_a_network_with_other_parameters_has_memory_of_its_own(cell: str) -> None:
    network = build(small(cell))
    trace = network.run()
    kept = {name: array.copy() for name, array in trace.values.items()}
    other(network).run()
    assert all(np.array_equal(array, kept[name], equal_nan=True) for name, array in trace.values.items())
