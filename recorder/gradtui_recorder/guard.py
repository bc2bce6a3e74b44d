"""An error of the recorder's own never stops a training: it is a note in the record, and its part is switched off."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, Final

#: The parts that can be switched off alone; without "step" there are no lines.
PARTS: Final = {
    "forward": "statistics of activations",
    "gradients": "gradients of activations",
    "functions": "units behind functional activations",
    "backward": "loss and the norm of all gradients",
    "given": "losses that are given",
    "root": "the name of the loss's function",
    "parameters": "gradients of parameters",
    "updates": "sizes of updates",
    "sequences": "gradients over time",
    "scaler": "the loss scale",
    "compiled": "the numbers of a compiled model",
    "step": "step lines",
    "file": "the file",
}


class Guard:
    """Which parts still work; `note` writes why one does not."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.off: set[str] = set()
        #: What is done when there will be no more step lines.
        self.ended: Callable[[], None] = _nothing
        self._note = note

    def failed(self, part: str, error: Exception) -> None:
        """Switches a part off and says so, once."""
        if part in self.off:
            return
        self.off.add(part)
        said = " ".join(line.strip() for line in traceback.format_exception_only(error))
        where = "".join(
            f" ({frame.name}, line {frame.lineno})" for frame in traceback.extract_tb(error.__traceback__)[-1:]
        )
        try:
            self._note(f"an error of the recorder's own: {said}{where}: {PARTS[part]} are left out from here on")
        except Exception:
            self.off.update(PARTS)
        if "step" in self.off:
            self.ended()

    def runs(self, part: str) -> bool:
        return part not in self.off

    def call(self, part: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What function(*arguments) gives; None where the part is off or fails."""
        if part in self.off:
            return None
        try:
            return function(*arguments)
        except Exception as error:
            self.failed(part, error)
            return None


def _nothing() -> None:
    """Until there is a recorder, nothing is to be done."""
