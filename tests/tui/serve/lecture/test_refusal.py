"""Why there is no server, on its way from the server's process to the presenter's."""

from __future__ import annotations

import socket

import pytest

from gradtui.serve.lecture.link import pair
from gradtui.serve.present import begun, refusal
from gradtui.text.complaints import complaint
from gradtui.text.language import speaking
from gradtui_engine.core.message import Message
from gradtui_engine.core.problems import ExperimentError, Problem


def complaints_of(end: socket.socket) -> list[str]:
    """What the presenter reads where no server has begun."""
    with pytest.raises(ExperimentError) as caught:
        begun(end)
    return [complaint(problem) for problem in caught.value.problems]


def test_a_servers_problems_come_in_the_language_of_both() -> None:
    taken = Message("another program listens on {host} port {port}; 0 takes a free one", host="::1", port=22)
    ours, theirs = pair()
    with ours, theirs, speaking("zh"):
        theirs.send(refusal([Problem("--port", taken), Problem("data", "{no template}")]))
        assert complaints_of(ours) == [
            "--port：::1 的端口 22 已被别的程序占用；0 表示任取一个空闲端口",
            "data：{no template}",
        ]


def test_a_server_that_ends_without_a_word_is_told_in_the_readers_language() -> None:
    ours, theirs = pair()
    with ours, speaking("zh"):
        theirs.close()
        (line,) = complaints_of(ours)
        assert line.startswith("serve：")
        assert "日志" in line
