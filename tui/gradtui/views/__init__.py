"""Views: pure functions from (trace, state, size) to lines of styled text. No Textual in here.

A view returns a list of lines; a line is a list of (text, style) spans, where a style is a name in the palette.
"""
