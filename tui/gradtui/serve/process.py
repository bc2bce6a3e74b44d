"""The server's own process, without the engine: `python -m gradtui.serve.process DESCRIPTOR`, which has its options.

Options are read with all of the program: 28 MB, NumPy's among them, that a front never uses again (70 MB resident, and
42 without). So the command, when it has read them, becomes this program; the process stays the same one.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":
    # Until the server listens to it: ctrl+c while modules are imported is no traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import asyncio
import os
import sys
from typing import NoReturn

from gradtui_engine.core.problems import ExperimentError

from ..text import language
from ..text.complaints import complaint
from .server_options import ServerOptions


def become(options: ServerOptions) -> NoReturn:
    """Go on as a server with these options."""
    descriptor = os.memfd_create("server options", 0)
    with os.fdopen(os.dup(descriptor), "w", encoding="utf-8") as file:
        file.write(options.text())
    os.set_inheritable(descriptor, True)
    sys.stdout.flush()
    sys.stderr.flush()
    # -P: what lies in the folder where the server is started is not imported.
    os.execv(sys.executable, [sys.executable, "-P", "-m", __name__, str(descriptor)])


def main() -> int:
    """Serve until a signal ends it; the exit status."""
    descriptor = int(sys.argv[1])
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, encoding="utf-8") as file:
        options = ServerOptions.of_text(file.read())
    language.use(options.language)
    from .server import Server, many_files
    from .ssh.hostkey import fingerprint, host_key

    many_files()
    try:
        key = host_key(options.key_file)
        return asyncio.run(Server(options, sys.stdout).run(key, fingerprint(key)))
    except ExperimentError as error:
        for problem in error.problems:
            print(f"gradtui serve: {complaint(problem)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    status = main()
    # The report's thread may still be held up by a terminal that takes nothing; Python would wait for it.
    os._exit(status)
