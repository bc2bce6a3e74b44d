"""Lessons: Markdown files whose questions are checked against what was computed.

`format` says how to write one.
"""
