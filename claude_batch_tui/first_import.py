"""The first import of something large, while a screen is shown."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collections, and with what is there at the end passed over by later ones.

    Modules stay, and a full collection that looks at those of the SDK and of Textual stops every thread for 0.1 s.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
