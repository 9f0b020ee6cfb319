"""The evidence for what cbtui promises, in one command: `python -m tests.faults [PART ...]`, long; `--quick` for a few rounds."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from faults.command import main

sys.exit(main())
