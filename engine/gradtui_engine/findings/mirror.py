"""The mirror of a recorded training: the closest Experiment, what of the recording it has, and what it cannot have."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.message import English, Message
from ..core.problems import ExperimentError, Problem
from ..experiment.experiment import Experiment
from ..recordings.header import Header
from ..recordings.recording import Recording
from . import mirrored_network, mirrored_training
from .likeness import Likeness
from .networks import RecordedNetwork, class_of, network_of

#: In this order: the scale of weights is read beside the activation.
_PARTS = (
    mirrored_network.shape,
    mirrored_network.norm,
    mirrored_network.residual,
    mirrored_network.start,
    mirrored_training.data,
    mirrored_training.update,
)


@dataclass(frozen=True, slots=True)
class Mirror:
    """The closest experiment; what was taken over into it, and what could not be."""

    experiment: Experiment
    taken: tuple[English, ...]
    missing: tuple[English, ...]


def mirror(recording: Recording) -> Mirror:
    """The experiment that comes closest to a recorded training. Raises ExperimentError where none is near."""
    header = recording.header
    if header.given is not None:
        taken = Message("the whole experiment: it stands in the record, which is one of gradtui's own")
        return Mirror(Experiment.from_mapping(header.given), (taken,), ())
    like = Likeness(recording, _near(header, _name(recording)))
    for part in _PARTS:
        part(like)
    if like.over_time:
        like.missing.append(Message("whether every time step has a loss: the last one alone is taken"))
    like.missing.append(Message("the seed: other random numbers of the same scales"))
    return Mirror(Experiment(**like.fields), tuple(like.taken), tuple(like.missing))


def _name(recording: Recording) -> str:
    return recording.files[0] if recording.files else "RUN.jsonl"


def _near(header: Header, name: str) -> RecordedNetwork:
    """The network of the record. Raises ExperimentError, saying why no experiment is near."""
    network = network_of(header)
    if not header.modules:
        message = Message("no experiment is near: there is no model in it, as in every log of numbers by the step")
        raise ExperimentError([Problem(name, message)])
    if network is None or not network.hidden:
        message = Message("no experiment is near: there are MLPs, RNNs, LSTMs and GRUs, and this model is none")
        raise ExperimentError([Problem(name, message)])
    convolution = next((row for row in header.modules if "Conv" in class_of(row)), None)
    if convolution is not None:
        message = Message(
            "no experiment is near: {module} is a {kind}, of which there are none",
            module=convolution.name or "–", kind=convolution.kind,
        )  # fmt: skip
        raise ExperimentError([Problem(name, message)])
    if network.cell != "mlp" and any("reverse" in row.name for row in header.parameters):
        message = Message("no experiment is near: the model reads in both directions, an experiment in one")
        raise ExperimentError([Problem(name, message)])
    return network
