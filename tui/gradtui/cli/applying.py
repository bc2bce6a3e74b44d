"""How remedies are applied, printed: the options of each, and the lines of PyTorch."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from textwrap import indent
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ..text.language import tr

if TYPE_CHECKING:
    from gradtui_engine.experiment.remedy import Remedy
    from gradtui_engine.experiment.resolved import Resolved
    from gradtui_engine.experiment.training import Training


def print_applied(console: Console, remedies: Iterable[Remedy], training: Training, read: Resolved) -> None:
    """Each remedy by name with the options that apply it to this training, and under it what does in PyTorch.

    Lines of code are not broken, so that they can be copied.
    """
    heading = tr("options and PyTorch (where the network is model, and its last nn.Linear output)")
    console.print(Text(heading, "bold"))
    for remedy in remedies:
        words = shlex.join(remedy.arguments(training.experiment))
        gone = shlex.join(remedy.left_out(training.experiment))
        options = " ".join(filter(None, (words, tr("without {options}", options=gone) if gone else "")))
        console.print(Text(f"{tr(remedy.name)}: {options}", "cyan"), soft_wrap=True)
        for line in remedy.pytorch(training, read):
            console.print(Text(indent(line.text(tr(line.where)), "    ")), soft_wrap=True)
