"""Make engine/gradtui_engine/data/digits.npz from scikit-learn's copy of the UCI digits.

Run once, by hand: `pip install scikit-learn && python tools/convert_digits.py`. The result is
deterministic, ships in the package and is checked by tests/engine/data/test_datasets.py.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "engine/gradtui_engine/data/digits.npz"


def main() -> None:
    digits = load_digits()
    images = digits.data.astype(np.uint8)
    assert np.array_equal(images, digits.data)
    assert images.shape == (1797, 64)
    np.savez_compressed(TARGET, images=images, labels=digits.target.astype(np.uint8))
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
