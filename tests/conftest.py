"""One BLAS thread, as in the program itself: more only get in each other's way at these sizes."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
