"""Engines of several profiles as one group, without a screen, against the simulator."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from claude_batch_tui.config import load, of_profile
from claude_batch_tui.domain.batches.tracked import LinkState, SubmissionState
from claude_batch_tui.engine import budget, poller
from claude_batch_tui.engine.budget import Budget
from claude_batch_tui.engine.group import EngineGroup
from claude_batch_tui.errors import CbtuiError, DraftError
from claude_batch_tui.services.submitting.order import SendOrder
from claude_batch_tui.simulator import Fault
from claude_batch_tui.simulator.workspaces import caller_of
from sending import agree


@pytest.fixture
def batch_of(simulator):
    """A function that puts a batch into the workspace of a profile; its id."""

    def add(profile, requests=4, *, age=0, duration=36_000):
        caller = caller_of({"x-api-key": simulator.key_of(profile)})
        return simulator.batches.add(requests, age=age, duration=duration, caller=caller).id

    return add


@pytest.fixture
def config(simulator, own_folders, monkeypatch):
    """Settings of three profiles: two workspaces, and a second key of the first."""
    file = own_folders / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    keys = {name: simulator.key_of(name) for name in ("research", "production")}
    keys["colleague"] = f"{keys['research'][:-4]}c0de"
    for name, key in keys.items():
        monkeypatch.setenv(f"{name.upper()}_KEY", key)
    file.write_text(
        "".join(
            f'[profiles.{name}]\napi_key_env = "{name.upper()}_KEY"\nbase_url = "{simulator.base_url}"\n'
            for name in keys
        )
    )
    return load({"profile": "research", "poll_interval": "1", "settle": "1"})[0]


@pytest.fixture
def watch(config, monkeypatch):
    """A function that starts a group of these profiles beside research; it is stopped afterwards.

    The simulator needs none of the seconds that are kept between requests.
    """
    monkeypatch.setattr(budget, "APART", 0.05)
    monkeypatch.setattr(poller, "ASKED_FLOOR", 0.05)
    made = []

    def start(*beside, connects=True):
        group = EngineGroup(config, [of_profile(config, name) for name in beside], on_snapshot=lambda _: None)
        made.append(group)
        group.start()
        if connects:
            group.connect()
        return group

    yield start
    for group in made:
        group.stop()


def ids(group):
    return {tracked.id for tracked in group.snapshot.batches}


def engine(group, name):
    """The engine of a profile."""
    shown = group.shown
    group.show(name)
    found = group.home
    group.show(shown)
    return found


def find(group, batch_id):
    return group.snapshot.find(batch_id)


def test_a_batch_a_run_and_an_open_submission_each_lead_to_the_engine_that_has_them(
    watch, batch_of, simulator, tmp_path, until
):
    ours, theirs = batch_of("research"), batch_of("production")
    group = watch("production")
    until(lambda: ids(group) == {ours, theirs})
    research, production = engine(group, "research"), engine(group, "production")
    assert (group.of(ours), group.of(theirs)) == (research, production)
    production.adopt([theirs], "evals")
    until(lambda: find(group, theirs).run_id is not None)
    assert group.of(find(group, theirs).run_id) is production
    requests = tmp_path / "requests.jsonl"
    requests.write_text(
        '{"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":9,'
        '"messages":[{"role":"user","content":"x"}]}}\n'
    )
    simulator.faults.next(Fault(method="POST", path=r"/batches$", status=500))
    agree(production, "t", SendOrder(requests=requests))
    until(lambda: [one.state for one in group.snapshot.submissions] == [SubmissionState.UNKNOWN])
    assert group.of(group.snapshot.submissions[0].submission_id) is production


def test_what_no_engine_has_is_asked_of_the_one_on_the_screen_and_of_the_last_one_where_all_are(
    watch, batch_of
):
    group = watch("production", connects=False)
    research, production = engine(group, "research"), engine(group, "production")
    assert group.shown is None
    group.show("research")
    assert group.of("msgbatch_nobody") is group.home is research
    group.show("production")
    assert group.of("msgbatch_nobody") is group.home is production
    group.show(None)
    assert group.of("msgbatch_nobody") is group.home is production


def test_a_batch_of_a_workspace_that_is_not_on_the_screen_is_canceled_there(
    watch, batch_of, simulator, until
):
    ours, theirs = batch_of("research"), batch_of("production")
    group = watch("production")
    until(lambda: ids(group) == {ours, theirs})
    group.show("research")
    group.of(theirs).cancel(theirs)
    until(lambda: simulator.batches.find(theirs).cancel_initiated_at)
    assert simulator.batches.find(ours).cancel_initiated_at is None
    (call,) = simulator.log.all("POST", "/cancel")
    assert call.status == 200


def test_what_is_paid_is_asked_of_the_one_engine_that_has_all_of_its_batches_or_of_none(
    watch, batch_of, until
):
    ours, more, theirs = batch_of("research"), batch_of("research"), batch_of("production")
    group = watch("production")
    until(lambda: ids(group) == {ours, more, theirs})
    assert group.owner([ours, more]) is group.of(ours)
    assert group.owner([theirs]) is group.of(theirs)
    for nobodys in ([], ["msgbatch_nobody"], [ours, theirs]):
        with pytest.raises(DraftError, match="No single one of the workspaces"):
            group.owner(nobodys)


def test_tags_and_hiding_reach_the_batches_of_every_workspace(watch, batch_of, until):
    both = [batch_of("research"), batch_of("production")]
    group = watch("production")
    until(lambda: ids(group) == set(both))
    group.tag(both, add=["eval"], remove=[])
    group.hide(both, hidden=True)
    until(lambda: all(find(group, one).tags == ("eval",) and find(group, one).hidden_at for one in both))
    group.tag(both, add=[], remove=["eval"])
    group.hide(both, hidden=False)
    until(lambda: all(find(group, one).tags == () and not find(group, one).hidden_at for one in both))
    assert not any(event.is_error for event in group.snapshot.events)


def test_all_are_one_list_newest_first_that_is_the_same_tuple_until_something_changes(watch, batch_of, until):
    older, newer = batch_of("research", age=600), batch_of("production")
    group = watch("production")
    until(lambda: ids(group) == {older, newer})
    merged = group.snapshot
    assert [tracked.id for tracked in merged.batches] == [newer, older]
    assert [tracked.profile for tracked in merged.batches] == ["production", "research"]
    assert merged.credential == "2 workspaces"
    assert group.snapshot.batches is merged.batches
    group.of(older).rename(older, "night")
    until(lambda: find(group, older).name == "night")
    group.show("research")
    assert group.snapshot is group.home.snapshot
    assert ids(group) == {older}


def test_pausing_refreshing_and_older_pages_concern_what_is_on_the_screen(watch, batch_of, simulator, until):
    for _ in range(1_001):
        batch_of("production", age=7_200, duration=60)
    batch_of("research")
    group = watch("production")
    until(lambda: all(snapshot.batches for snapshot in group.snapshots))
    research, production = engine(group, "research"), engine(group, "production")
    assert (research.snapshot.has_older, production.snapshot.has_older) == (False, True)
    group.load_older()
    until(lambda: len(production.snapshot.batches) == 1_001)
    group.show("research")
    group.pause(True)
    until(lambda: research.snapshot.link.state is LinkState.PAUSED)
    assert production.snapshot.link.state is not LinkState.PAUSED
    group.show(None)
    group.pause(True)
    until(lambda: production.snapshot.link.state is LinkState.PAUSED)
    polled = [snapshot.link.polled_at for snapshot in group.snapshots]
    group.refresh()
    until(
        lambda: all(
            snapshot.link.polled_at > before for snapshot, before in zip(group.snapshots, polled, strict=True)
        )
    )


def test_the_history_is_of_the_batches_that_are_shown(watch, batch_of, until):
    batch_of("research", 3, age=7_200, duration=60)
    batch_of("production", 5, age=7_200, duration=60)
    group = watch("production")
    until(lambda: len(group.snapshot.batches) == 2)

    def requests():
        return sum(day.requests for day in group.history(7, datetime.now(UTC)).days)

    assert requests() == 8
    group.show("research")
    assert requests() == 3


def test_two_profiles_of_one_workspace_list_its_batches_once_and_go_on_beside_each_other(
    watch, batch_of, until
):
    ended = batch_of("research", age=7_200, duration=60)
    group = watch("colleague")
    research, colleague = engine(group, "research"), engine(group, "colleague")
    until(lambda: all(snapshot.batches for snapshot in group.snapshots))
    polled = [snapshot.link.polled_at for snapshot in group.snapshots]
    group.refresh()
    until(
        lambda: all(
            snapshot.link.polled_at > before for snapshot, before in zip(group.snapshots, polled, strict=True)
        )
    )
    assert [(tracked.id, tracked.profile) for tracked in group.snapshot.batches] == [(ended, "research")]
    assert research.workspace == colleague.workspace is not None
    for name in ("research", "colleague"):
        group.show(name)
        assert group.of(ended) is group.home
        group.of(ended).rename(ended, f"by {name}")
        until(lambda name=name: find(group, ended).name == f"by {name}")
    group.of(ended).download(ended)
    until(lambda: find(group, ended).results.value == "complete")
    assert not any(event.is_error for snapshot in group.snapshots for event in snapshot.events)


def test_what_happened_is_said_once_and_where_several_are_watched_says_in_which(
    watch, batch_of, simulator, until
):
    ours, theirs = batch_of("research"), batch_of("production")
    group = watch("production")
    until(lambda: ids(group) == {ours, theirs})
    simulator.batches.finish(theirs)
    said = []
    until(lambda: said.extend(event.text for event in group.fresh_events()) or said)
    assert [text for text in said if text.startswith(f"production: {theirs} ended: ")] == said
    assert list(group.fresh_events()) == []


def test_a_profile_is_watched_from_when_it_is_first_shown(watch, batch_of, until):
    theirs = batch_of("production")
    group = watch()
    assert (group.shown, group.watched) == ("research", ["research"])
    assert group.names == ["research", "production", "colleague"]
    group.show("production")
    until(lambda: ids(group) == {theirs})
    assert group.watched == ["research", "production"]


def test_a_profile_without_a_key_says_so_and_the_others_go_on(watch, batch_of, monkeypatch, until):
    ours = batch_of("research")
    monkeypatch.delenv("PRODUCTION_KEY")
    group = watch("production")
    until(lambda: ids(group) == {ours})
    until(lambda: "PRODUCTION_KEY, which is not set" in (group.snapshot.link.error or ""))
    assert group.snapshot.links["research"].error is None
    assert group.snapshot.link.state in (LinkState.LIVE, LinkState.IDLE)


def test_a_profile_that_could_not_be_opened_does_not_hold_back_the_polls_of_the_others(watch, config):
    group = watch(connects=False)
    aside = config.data_dir.with_name("aside")
    config.data_dir.rename(aside)
    config.data_dir.write_text("no folder")
    with pytest.raises(CbtuiError):
        group.show("production")
    config.data_dir.unlink()
    aside.rename(config.data_dir)
    assert (group.shown, group.watched) == ("research", ["research"])
    assert [group._budget.wait(now) for now in (0.0, 0.1, 0.2)] == [0, 0, 0]
    group.show("production")
    assert [group._budget.wait(now) for now in (10.0, 10.0)] == pytest.approx([0, 0.05])


def test_one_budget_keeps_the_polls_of_several_workspaces_apart_and_a_single_one_free():
    shared = Budget()
    shared.join()
    assert [shared.wait(now) for now in (0.0, 0.1, 0.2)] == [0, 0, 0]
    shared.join()
    assert shared.wait(10.0) == 0
    assert shared.wait(11.0) == budget.APART - 1
    assert shared.wait(12.0) == 2 * budget.APART - 2
    assert shared.wait(100.0) == 0
