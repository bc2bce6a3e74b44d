"""An experiment like a recorded training, while it is put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.message import English
from ..recordings.header import Header
from ..recordings.recording import Recording
from .networks import RecordedNetwork


@dataclass(frozen=True, eq=False, slots=True)
class Likeness:
    """fields are the experiment's; taken and missing say what of the recording they have, and what they cannot have."""

    recording: Recording
    network: RecordedNetwork
    fields: dict[str, Any] = field(default_factory=dict)
    taken: list[English] = field(default_factory=list)
    missing: list[English] = field(default_factory=list)

    @property
    def header(self) -> Header:
        return self.recording.header

    @property
    def over_time(self) -> bool:
        return self.network.cell != "mlp"

    def of(self, names: Sequence[str]) -> dict[str, Any]:
        """Those of these fields that are there."""
        return {name: self.fields[name] for name in names if name in self.fields}
