"""Pure functions from (record, state, size) to lines of styled text; a folder a view.

A view returns a list of lines; a line is a list of (text, style) spans, where a style is a name in the palette.
"""
