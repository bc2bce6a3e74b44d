"""The measures: what a lesson, a sweep and a document can ask of a run, of a training, of a function."""
