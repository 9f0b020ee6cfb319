from __future__ import annotations

from datetime import UTC, datetime, timedelta

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.merging import combine_links, merge_batches, merge_snapshots
from claude_batch_tui.domain.batches.tracked import Event, Link, LinkState, Snapshot, TrackedBatch

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def tracked(batch_id, *, age, workspace, ended=False):
    created = NOW - timedelta(minutes=age)
    batch = Batch(
        id=batch_id,
        processing_status="ended" if ended else "in_progress",
        request_counts=RequestCounts(0 if ended else 3, 3 if ended else 0),
        created_at=created,
        expires_at=created + timedelta(hours=24),
        ended_at=NOW if ended else None,
    )
    return TrackedBatch(batch, profile=workspace, seen=not ended)


def snapshot(*batches, **facts):
    running = sum(not each.batch.has_ended for each in batches)
    unseen = tuple(each.batch.request_counts for each in batches if not each.seen)
    return Snapshot(batches=batches, running=running, unseen=unseen, **facts)


def test_batches_of_several_workspaces_stand_newest_first():
    a = (tracked("a1", age=1, workspace="a"), tracked("a2", age=9, workspace="a"))
    b = (tracked("b1", age=5, workspace="b"),)
    assert [each.id for each in merge_batches([a, b])] == ["a1", "b1", "a2"]


def test_a_batch_two_keys_of_one_workspace_see_is_listed_and_counted_once():
    a = snapshot(tracked("x", age=1, workspace="a"), tracked("y", age=2, workspace="a", ended=True))
    b = snapshot(tracked("x", age=1, workspace="b"), tracked("y", age=2, workspace="b", ended=True))
    found = merge_snapshots({"a": a, "b": b}, merge_batches([a.batches, b.batches]))
    assert [(each.id, each.profile) for each in found.batches] == [("x", "a"), ("y", "a")]
    assert (found.running, len(found.unseen)) == (1, 1)


def test_events_of_all_stand_in_the_order_they_happened_and_say_where():
    early, late = Event(NOW, "one"), Event(NOW + timedelta(seconds=1), "two")
    found = merge_snapshots({"a": snapshot(events=(late,)), "b": snapshot(events=(early,))}, ())
    assert [event.text for event in found.events] == ["b: one", "a: two"]


def test_a_batch_is_validated_by_the_link_of_its_own_workspace():
    live, lost = Link(LinkState.LIVE, polled_at=NOW), Link(LinkState.OFFLINE, error="gone.")
    found = merge_snapshots({"a": snapshot(link=live), "b": snapshot(link=lost)}, ())
    assert found.link_of("a") is live
    assert found.link_of("b") is lost
    assert found.link_of(None) == found.link


def test_links_sum_up_to_what_still_works_with_every_trouble_by_name():
    live, older = (
        Link(LinkState.LIVE, polled_at=NOW),
        Link(LinkState.IDLE, polled_at=NOW - timedelta(minutes=3)),
    )
    lost = Link(LinkState.OFFLINE, error="no route.")
    assert combine_links({"a": live, "b": lost}).state is LinkState.LIVE
    assert combine_links({"a": live, "b": lost}).error == "b: no route."
    assert combine_links({"a": live, "b": older}).polled_at == older.polled_at
    assert combine_links({"a": lost, "b": lost}).state is LinkState.OFFLINE
