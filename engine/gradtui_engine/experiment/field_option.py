"""One field of an Experiment, made with its Option: the files beside this one have them by what they are of.

They follow one another as bases (`NetworkFields`, `WeightFields`, `LayerFields`, `TokenFields`, `DataFields`,
`UpdateFields`), so that the order of the files is that of the fields in help, form, TOML and JSON.
"""

from __future__ import annotations

from typing import Any

from ..core import options as core_options
from ..core.fields import Kind, Value
from ..core.message import English


def field_option(default: Value, help: English, kind: Kind, cells: tuple[str, ...] = ()) -> Any:
    """A field of an experiment with its option, whose help the form shows in the reader's language."""
    return core_options.option(default, help, kind, cells)
