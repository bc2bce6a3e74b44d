"""All trainings of the zoo, faults first; and those that were written after the rules, which the bench alone tries."""

from __future__ import annotations

from . import (
    faults_numbers,
    faults_reach,
    faults_signal,
    faults_time,
    faults_updates,
    healthy_kinds,
    healthy_loops,
    healthy_nets,
    healthy_precision,
    healthy_sequences,
    healthy_shapes,
    healthy_teachers,
    held_out_faults,
    held_out_healthy,
)
from .training import Training

_GROUPS = (
    faults_numbers,
    faults_signal,
    faults_time,
    faults_updates,
    faults_reach,
    healthy_nets,
    healthy_shapes,
    healthy_sequences,
    healthy_kinds,
    healthy_teachers,
    healthy_loops,
    healthy_precision,
)

TRAININGS: tuple[Training, ...] = tuple(training for group in _GROUPS for training in group.ZOO.trainings)
HELD_OUT: tuple[Training, ...] = (*held_out_faults.ZOO.trainings, *held_out_healthy.ZOO.trainings)
QUICK: tuple[Training, ...] = tuple(training for training in TRAININGS if training.quick)

#: The kinds of findings that a fault of the zoo must have.
KINDS: tuple[str, ...] = (
    "non_finite",
    "exploding",
    "vanishing",
    "exploding_time",
    "vanishing_time",
    "dead",
    "saturated",
    "bad_init",
    "symmetric",
    "update_too_large",
    "update_too_small",
    "update_lost",
    "underflow",
    "scaler_stuck",
    "stale_gradient",
    "no_gradient",
    "not_updated",
    "not_optimized",
    "loss_spike",
    "loss_rises",
    "loss_flat",
    "frozen",
)
