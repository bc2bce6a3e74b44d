"""Sweep: a plane of experiments, and what is measured in each of them."""
