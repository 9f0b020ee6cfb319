#!/usr/bin/env bash
# Belief:   a result of a type this SDK does not know is an error, or at least not of the class of those that succeeded.
# anthropic 2.14.0: results() gives MessageBatchSucceededResult with message None; a content block of an unknown type is
#           a TextBlock with text None. Code that matches by class counts them as answers.
# Output:   MessageBatchSucceededResult None | TextBlock None
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q anthropic==2.14.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from anthropic import Anthropic

BATCH = {
    "id": "msgbatch_1", "type": "message_batch", "processing_status": "ended",
    "request_counts": {"processing": 0, "succeeded": 2, "errored": 0, "canceled": 0, "expired": 0},
    "created_at": "2026-11-20T18:37:24Z", "expires_at": "2026-11-21T18:37:24Z", "ended_at": "2026-11-20T18:40:00Z",
    "cancel_initiated_at": None, "archived_at": None,
}
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5", "stop_sequence": None,
    "content": [{"type": "hologram", "frames": 3}], "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
LINES = [
    {"custom_id": "a", "result": {"type": "deferred", "reason": "later"}},
    {"custom_id": "b", "result": {"type": "succeeded", "message": MESSAGE}},
]


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        url = f"http://127.0.0.1:{self.server.server_port}/v1/messages/batches/msgbatch_1/results"
        whole = "".join(json.dumps(line) + "\n" for line in LINES)
        body = (whole if self.path.endswith("/results") else json.dumps({**BATCH, "results_url": url})).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Anthropic(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}", max_retries=0)
unknown, known = [line.result for line in client.messages.batches.results("msgbatch_1")]
block = known.message.content[0]
seen = (type(unknown).__name__, unknown.message, type(block).__name__, block.text)
print(seen[0], seen[1], "|", seen[2], seen[3])
sys.exit(seen != ("MessageBatchSucceededResult", None, "TextBlock", None))
PYTHON
