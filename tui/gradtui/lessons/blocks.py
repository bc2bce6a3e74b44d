"""A lesson's file taken apart: front matter, sections, fenced blocks, each with the line where it stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from gradtui_engine.core.fields import Rejected
from gradtui_engine.core.message import Message

from ..text.markdown import reader

FENCE = "+++"
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


class Misplaced(Rejected):
    """A fault at a line of the file."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the file: its text, and the number of its first line (1 is the file's first)."""

    source: str
    line: int

    def line_of(self, key: str) -> int:
        """The line of a TOML key, or the block's first one."""
        match = re.search(rf"^[ \t]*\[?{re.escape(key)}\b", self.source, re.MULTILINE)
        return self.line + self.source[: match.start()].count("\n") if match else self.line

    def has(self, key: str) -> bool:
        """Whether a TOML key is written in it, rightly or wrongly."""
        return re.search(rf"^[ \t]*\[?{re.escape(key)}\b", self.source, re.MULTILINE) is not None

    def values(self) -> dict[str, Any]:
        """The block as TOML. Raises Misplaced."""
        try:
            return tomllib.loads(self.source)
        except ValueError as error:
            place = _AT_LINE.search(str(error))
            # Without a number it is the end of the block that came too early.
            number = int(place[1]) if place else self.source.rstrip().count("\n") + 1
            what = _AT_LINE.sub("", str(error)).strip()
            line = self.line + number - 1
            raise Misplaced(line, Message("is not TOML: {problem}", problem=what)) from None
        except RecursionError:
            raise Misplaced(self.line, Message("is not TOML: nested too deeply")) from None


@dataclass(frozen=True, slots=True)
class Section:
    """What a heading leads: its text without the step blocks, and these."""

    title: str
    line: int
    text: str
    blocks: tuple[Block, ...]


def split_front_matter(source: str) -> tuple[Block, Block]:
    """The front matter and the rest. Raises Misplaced where there is none."""
    lines = source.removeprefix("\ufeff").splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if not lines or lines[start].strip() != FENCE:
        raise Misplaced(
            start + 1, Message("a lesson begins with front matter: TOML between two lines of {fence}", fence=FENCE)
        )
    end = next((number for number in range(start + 1, len(lines)) if lines[number].strip() == FENCE), None)
    if end is None:
        raise Misplaced(start + 1, Message("the front matter has no end: a second line of {fence}", fence=FENCE))
    front, body = lines[start + 1 : end], lines[end + 1 :]
    return Block("\n".join(front), start + 2), Block("\n".join(body), end + 2)


def sections(body: Block) -> tuple[str, list[Section]]:
    """What stands before the first `##`, and the sections that begin with one."""
    lines = body.source.split("\n")
    tokens = reader().parse(body.source)
    heads = [
        (token.map[0], token.map[1], tokens[number + 1].content)
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0 and token.map
    ]
    fences = [
        (token.map[0], token.map[1], token.content)
        for token in tokens
        if token.type == "fence" and token.map and token.info.strip() == "step"
    ]
    ends = [*(head[0] for head in heads), len(lines)][1:] if heads else []
    pieces = []
    for (start, after, title), end in zip(heads, ends, strict=True):
        inside = [fence for fence in fences if start <= fence[0] < end]
        hidden = {number for first, last, _ in inside for number in range(first, last)}
        text = "\n".join(line for number, line in enumerate(lines[after:end], after) if number not in hidden)
        blocks = tuple(Block(content, body.line + first + 1) for first, _, content in inside)
        pieces.append(Section(title, body.line + start, text.strip(), blocks))
    before = "\n".join(lines[: heads[0][0] if heads else len(lines)]).strip()
    return before, pieces
