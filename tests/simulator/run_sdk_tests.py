"""The SDK's own test files of batches, models and token counts, run against the simulator. On demand: it downloads the SDK.

    python tests/simulator/run_sdk_tests.py [VERSION]

It makes an environment of its own in a temporary folder, starts `cbtui simulate --any-key --any-model`, puts the batch and the
model that those tests name there before each test, and ends with pytest's own closing line and code.

anthropic 2.14.0, 30 November 2026: 437 passed, 30 failed. The 30 are ten runs each of three tests that say at once all that a
call can say, which the simulator refuses: `after_id` with `before_id`; `inference_geo="inference_geo"`;
`billing_policy` without its beta.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from claude_batch_tui.simulator import SimulatorProcess

FILES = (
    "messages/test_batches.py",
    "beta/messages/test_batches.py",
    "test_models.py",
    "beta/test_models.py",
    "test_messages.py",
    "beta/test_messages.py",
)
SEED = '''
import json, os, urllib.request
import pytest

def call(what, body):
    request = urllib.request.Request(os.environ["TEST_API_BASE_URL"] + "/_simulator/" + what, json.dumps(body).encode())
    urllib.request.urlopen(request, timeout=30).read()

@pytest.fixture(autouse=True)
def seeded(request):
    """A batch that has ended, or for a test of cancel one that has not."""
    duration = 3600 if "cancel" in request.node.name else 60
    call("add", {"id": "message_batch_id", "age": 600, "duration": duration})
    for name in ("model_id", "before_id", "after_id"):
        call("models", {"id": name})
'''


def main() -> int:
    """Run them all; the code of pytest."""
    version = f"=={sys.argv[1]}" if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as name, SimulatorProcess("--any-key", "--any-model") as simulator:
        folder = Path(name)
        python = folder / "venv" / "bin" / "python"
        _run(sys.executable, "-m", "venv", str(folder / "venv"))
        _run(
            str(python),
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            "anthropic",
            "-d",
            name,
            f"anthropic{version}",
        )
        archive = next(folder.glob("anthropic-*.tar.gz"))
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        source = folder / archive.name.removesuffix(".tar.gz")
        locked = [
            line for line in (source / "requirements-dev.lock").read_text().splitlines() if "==" in line
        ]
        (folder / "needed.txt").write_text("\n".join(line for line in locked if not line.startswith("-e")))
        _run(
            str(python), "-m", "pip", "install", "-q", "-r", str(folder / "needed.txt"), f"{source}[aiohttp]"
        )
        (source / "seed_simulator.py").write_text(SEED)
        print(archive.name, "against the simulator")
        tests = [f"tests/api_resources/{file}" for file in FILES]
        return subprocess.run(
            [python, "-m", "pytest", "-q", "-n", "0", "-p", "seed_simulator", *tests],
            cwd=source,
            env={**os.environ, "TEST_API_BASE_URL": simulator.base_url},
            check=False,
        ).returncode


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
