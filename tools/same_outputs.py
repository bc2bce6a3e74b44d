"""Whether every headless output is what it was: `python tools/same_outputs.py OLD_CHECKOUT [COUNT]`.

For a change that is to change no number. Runs `run`, `run --json`, `run --save` and `doctor --json` of every preset and
of COUNT (60) experiments drawn by Hypothesis (`check` of these too), and `theory`, once with the code of this checkout
and once with that of another one. Prints each difference, with the command that shows it; exit status 1 if there is
one. Counted, and no difference, are keys and arrays that this checkout adds, numbers that differ in their last digits
alone (less than 1e-12 of them), and commands of a name that the other checkout does not know yet.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parents[1]


def commands(count: int) -> list[list[str]]:
    """The command lines, each a list of arguments; an experiment is drawn by the tests' own strategy."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from tests.engine.strategies import small_experiments

    from gradtui.model.presets import PRESETS

    options = [["--preset", name] for name in PRESETS]
    drawn: list[list[str]] = []

    @seed(20261130)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(small_experiments())
    def draw(experiment: Any) -> None:
        drawn.append(experiment.to_arguments())

    draw()
    options += drawn[:count]
    lines = [["theory"]]
    for arguments in options:
        lines += [
            ["run", *arguments, "--json"],
            ["run", *arguments, "--save", "run.npz"],
            ["run", *arguments],
            ["doctor", *arguments, "--json", "--train", "20"],
        ]
        # Central differences of a preset's network would take minutes.
        lines += [["check", *arguments]] if arguments[0] != "--preset" else []
    return lines


def outputs(lines: list[list[str]]) -> list[dict[str, Any]]:
    """What each command of the imported code prints and writes: status, stdout, stderr, arrays."""
    import numpy as np

    try:
        from gradtui.cli.main import main
    except ImportError:
        from gradtui.cli import main
    results = []
    for line in lines:
        out, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors), warnings.catch_warnings():
                try:
                    status = main(line)
                except SystemExit as end:
                    status = end.code
            arrays = {}
            if Path("run.npz").exists():
                with np.load("run.npz") as archive:
                    arrays = {name: [str(archive[name].dtype), archive[name].tolist()] for name in archive.files}
        results.append({"status": status, "out": _text(out), "errors": _text(errors), "arrays": arrays})
    return results


def _text(stream: io.TextIOWrapper) -> str:
    return cast(io.BytesIO, stream.buffer).getvalue().decode()


def _of(checkout: Path, lines: list[list[str]]) -> list[dict[str, Any]]:
    """The outputs of a checkout's code, computed by a process of its own."""
    environment = os.environ | {
        "PYTHONPATH": f"{checkout / 'engine'}:{checkout / 'tui'}", "COLUMNS": "200", "NO_COLOR": "1",
        "OPENBLAS_NUM_THREADS": "1", "GRADTUI_CONFIG": os.devnull,
    }  # fmt: skip
    process = subprocess.run(
        [sys.executable, __file__, "--outputs"], input=json.dumps(lines), capture_output=True, text=True,
        env=environment, check=False,
    )  # fmt: skip
    if process.returncode:
        raise SystemExit(f"{checkout}: {process.stderr[-2000:]}")
    return json.loads(process.stdout)  # type: ignore[no-any-return]


#: Relative; rounding in another order changes the last two or three of float64's 16 digits.
_LAST_DIGITS = 1e-12


def differences(before: Any, after: Any, place: str, added: Counter[str]) -> Iterator[str]:
    """Where two JSON values differ, as sentences; what is only in the second is counted under its key."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key not in after:
                yield f"{place}.{key} is gone"
            else:
                yield from differences(value, after[key], f"{place}.{key}", added)
        added.update(key for key in after if key not in before)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (value, now) in enumerate(zip(before, after, strict=True)):
            yield from differences(value, now, f"{place}[{index}]", added)
    elif isinstance(before, float) and isinstance(after, float) and math.isclose(before, after, rel_tol=_LAST_DIGITS):
        added["last digits"] += before != after
    elif before != after and not (before != before and after != after):  # both nan
        yield f"{place}: {str(before)[:200]!r} → {str(after)[:200]!r}"


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        # Seconds that something took are no output of the engine; a frame is as wide as its table.
        return [re.sub(r"\b\d+(\.\d+)? m?s\b", "…", line) for line in text.splitlines()]


def main() -> int:
    if sys.argv[1:] == ["--outputs"]:
        print(json.dumps(outputs(json.load(sys.stdin))))
        return 0
    old, count = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 60
    sys.path[:0] = [str(ROOT), str(ROOT / "engine"), str(ROOT / "tui")]
    lines = commands(count)
    added: Counter[str] = Counter()
    different = unknown = 0
    for line, before, after in zip(lines, _of(old, lines), _of(ROOT, lines), strict=True):
        if before["status"] == 2 and " is unknown; allowed: " in before["errors"]:
            unknown += 1
            continue
        for key in ("out", "errors"):
            before[key], after[key] = _document(before[key]), _document(after[key])
        sentences = list(differences(before, after, "", added))
        different += bool(sentences)
        for sentence in sentences[:5]:
            print(f"gradtui {' '.join(line)}\n    {sentence}")
    print(f"{len(lines)} commands, {different} differ, {unknown} unknown there; {dict(added)}")
    return different > 0


if __name__ == "__main__":
    raise SystemExit(main())
