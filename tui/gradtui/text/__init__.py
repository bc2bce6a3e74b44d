"""How numbers, lines and sentences are written, in any language and any font."""
