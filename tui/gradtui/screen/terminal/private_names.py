"""The private names of Textual that gradtui rests on: all of them, and what for.

They stand in this folder alone. A test says by name which of them another Textual lacks, and another one that no other
is used; pyproject.toml pins Textual to what was tested.
"""

from __future__ import annotations

from typing import NamedTuple


class Private(NamedTuple):
    """A name in a module or a class of Textual's, "textual.app:App"."""

    owner: str
    name: str
    purpose: str


PRIVATE_NAMES = (
    Private("textual._compositor", "CompositorUpdate", "what is handed on to be displayed: ours are such updates too"),
    Private("textual._compositor", "ChopsUpdate", "its cells are read, to write only those that differ"),
    Private("textual._compositor", "LayoutUpdate", "its cells are read, to write only those that differ"),
    Private("textual._xterm_parser", "XTermParser", "reads one sequence after the other"),
    Private("textual._parser:Parser", "_timeout_time", "whether it has understood a whole sequence"),
    Private("textual.message_pump:MessagePump", "_dispatch_message", "wrapped: input cannot end the program"),
    Private("textual.app:App", "_print_error_renderables", "overridden: one line of our own, uncut"),
    Private("textual.app:App", "_display", "overridden: only what differs from the terminal's picture is written"),
    Private("textual.app:App", "_background_screens", "read: what is seen behind a dialog, for pictures"),
    Private("textual.screen:Screen", "_compositor", "asked for all cells of the screen, for pictures"),
    Private("textual.app:App", "_driver", "read: the terminal's driver, where it is ours"),
    Private("textual.app:App", "_handle_exception", "overridden: a failure is said in words of our own"),
    Private("textual.app:App", "_fatal_error", "overridden: no traceback where there are such words"),
    Private("textual.drivers.linux_driver:LinuxDriver", "_get_terminal_size", "overridden: kept within bounds"),
    Private("textual.drivers.linux_driver:LinuxDriver", "_query_in_band_window_resize", "overridden: not asked"),
    Private("textual.drivers.linux_driver:LinuxDriver", "_file", "replaced: a file that may go away"),
    Private("textual.command:CommandPalette", "_start_no_matches_countdown", "overridden: words of our own"),
    Private("textual.command:CommandPalette", "_stop_no_matches_countdown", "called by the one before"),
    Private("textual.command:CommandPalette", "_no_matches_timer", "set by it"),
    Private("textual.command:CommandPalette", "_NO_MATCHES_COUNTDOWN", "how long it waits"),
    Private("textual.command:CommandPalette", "_NO_MATCHES", "the id of what it says"),
    Private("textual.command:CommandPalette", "_list_visible", "shows it"),
    Private("textual.command:CommandPalette", "_action_command_list", "overridden: a list may not be laid out yet"),
)
