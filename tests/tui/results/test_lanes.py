"""Results of another lane on the Results screen."""

from __future__ import annotations

import json

from waiting import paste, reached


async def test_what_failed_in_another_lane_is_written_as_requests_of_it(dashboard, filled, tmp_path, settled):
    filled([])
    asked = {"max_tokens": 9, "messages": [{"role": "user", "content": "Is it?"}]}
    failed = {"errorCode": 429, "errorMessage": "Too many requests"}
    answer = {"model": "claude-haiku-4-5", "content": [{"type": "text", "text": "yes"}]}
    path, target = tmp_path / "in.jsonl.out", tmp_path / "again.jsonl"
    path.write_text(
        "".join(
            json.dumps({"recordId": record, "modelInput": asked, **found}) + "\n"
            for record, found in (("r1", {"modelOutput": answer}), ("r2", {"error": failed}))
        )
    )
    app = dashboard(results=path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("R")
        await settled(pilot)
        await paste(pilot, str(target))
        await pilot.press("enter")
        await reached(pilot, target.exists)
        await settled(pilot)
    assert json.loads(target.read_text()) == {"recordId": "r2", "modelInput": asked}
