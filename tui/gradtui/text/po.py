"""A gettext catalogue, from the text that translators edit (.po) to the bytes that gettext reads (.mo).

A checkout has the text alone and reads it at start; what is installed has the bytes, made when the wheel is built
(hatch_build.py, which loads this file by itself: it imports nothing of the package).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator

_MAGIC = 0x950412DE


def compiled(text: str) -> bytes:
    """The catalogue as gettext's binary format (GNU gettext manual, "The Format of GNU MO Files"), revision 0.

    Texts in the order of their bytes, each with its length and place. There is no table of hashes: Python reads none.
    """
    entries = sorted((key.encode(), said.encode()) for key, said in _entries(text))
    keys, texts = [key for key, _ in entries], [said for _, said in entries]
    header = 7 * 4
    places, data = [], b""
    start = header + 2 * 8 * len(entries)
    for message in (*keys, *texts):
        places.append((len(message), start + len(data)))
        data += message + b"\0"
    numbers = (_MAGIC, 0, len(entries), header, header + 8 * len(entries), 0, start)
    return struct.pack("<7I", *numbers) + b"".join(struct.pack("<2I", *place) for place in places) + data


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """(key, translation) of every text that is translated and sure: context and plural are parts of the key.

    The header has an empty key.
    """
    for block in text.split("\n\n"):
        fields, fuzzy = _fields(block)
        said = "\0".join(value for name, value in fields.items() if name.startswith("msgstr"))
        if "msgid" not in fields or not said or (fuzzy and fields["msgid"]):
            continue
        key = fields["msgid"]
        if "msgctxt" in fields:
            key = f"{fields['msgctxt']}\4{key}"
        if "msgid_plural" in fields:
            key = f"{key}\0{fields['msgid_plural']}"
        yield key, said


def _fields(block: str) -> tuple[dict[str, str], bool]:
    """The strings of one entry by their keywords, and whether it is marked as unsure. Escapes are those of JSON."""
    fields: dict[str, str] = {}
    fuzzy, name = False, ""
    for line in block.splitlines():
        if line.startswith("#"):
            fuzzy |= line.startswith("#,") and "fuzzy" in line
        elif line.startswith('"'):
            fields[name] += json.loads(line)
        elif line:
            name, _, value = line.partition(" ")
            fields[name] = json.loads(value)
    return fields, fuzzy
