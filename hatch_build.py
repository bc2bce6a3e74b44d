"""The wheel's catalogues: gettext reads .mo files, which are made here of the .po files that translators edit."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PACKAGE = Path("tui") / "gradtui"


class CatalogueHook(BuildHookInterface[Any]):
    """An editable install reads the .po files of the checkout instead, so that they are never out of date."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        specification = importlib.util.spec_from_file_location("po", root / _PACKAGE / "text" / "po.py")
        assert specification is not None
        assert specification.loader is not None
        po = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(po)
        made = Path(tempfile.mkdtemp())
        for source in sorted((root / _PACKAGE / "locale").rglob("*.po")):
            place = source.relative_to(root / "tui").with_suffix(".mo")
            file = made / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(po.compiled(source.read_text(encoding="utf-8")))
            build_data["force_include"][str(file)] = place.as_posix()
