"""The text of files that people and other programs wrote: with or without a byte order mark."""

from __future__ import annotations

#: UTF-16 begins so; PowerShell's > writes it.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def decoded(raw: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, which is no part of it; lines end with a line feed. Raises UnicodeDecodeError."""
    text = raw.decode("utf-16" if raw.startswith(UTF_16) else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")
