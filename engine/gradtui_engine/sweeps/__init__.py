"""Sweeps: a plane of experiments, computed cell by cell on any executor, and kept."""
