"""Lessons: Markdown files whose questions are checked against the computed trace. `format` says how to write one."""
