"""`python -m gradtui`."""

import sys

from .cli.main import main

sys.exit(main())
