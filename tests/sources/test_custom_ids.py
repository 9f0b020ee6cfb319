"""custom_ids: legal, unique, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_batch_tui.domain.requests.limits import CUSTOM_ID
from claude_batch_tui.sources import custom_ids
from claude_batch_tui.sources.custom_ids import (
    TAG_LENGTH,
    AssignedId,
    GivenIds,
    PositionIds,
    build_tag,
    clean_id,
)
from claude_batch_tui.sources.rows import RowRefusedError

raw_ids = st.text(max_size=90) | st.sampled_from(["a b", "a_b", "a:b", "a|b", "é", "è", "x" * 64, "x" * 65])


@pytest.mark.slow
@given(st.lists(raw_ids.filter(lambda raw: raw and not raw.isspace()), unique=True, max_size=30))
def test_cleaned_ids_are_legal_unique_and_lead_back(raws):
    ids = GivenIds("id")
    assigned = [ids.assign(raw, line) for line, raw in enumerate(raws, 2)]
    assert all(CUSTOM_ID.fullmatch(given.custom_id) for given in assigned)
    back = {given.custom_id: given.id for given in assigned}
    assert [back[given.custom_id] for given in assigned] == raws


@pytest.mark.slow
@given(st.from_regex(CUSTOM_ID, fullmatch=True))
def test_a_legal_id_is_never_altered(raw):
    assert clean_id(raw) == raw


def test_an_id_that_needs_cleaning_keeps_what_is_legal_of_it():
    assert clean_id("T 90 / 14").startswith("T_90_14-")
    assert clean_id("日本").startswith("id-")


def test_a_repeated_id_names_the_first_line():
    ids = GivenIds("id")
    ids.assign("a b", 2)
    with pytest.raises(RowRefusedError, match="the id 'a b' repeats that of line 2"):
        ids.assign("a b", 7)


def test_an_empty_id_is_refused():
    with pytest.raises(RowRefusedError, match="the id column 'key' is empty in this row"):
        GivenIds("the id column 'key'").assign(" ", 3)


def test_an_id_that_already_looks_cleaned_keeps_others_apart():
    ids = GivenIds("id")
    taken = clean_id("a b")
    assert ids.assign(taken, 2) == AssignedId(taken, taken)
    longer = ids.assign("a b", 3)
    assert longer.custom_id != taken
    assert CUSTOM_ID.fullmatch(longer.custom_id)
    with pytest.raises(RowRefusedError, match="repeats that of line 3"):
        ids.assign("a b", 4)


def test_ids_by_position_carry_the_tag_and_are_legal():
    tag = build_tag("ab" * 32, b"recipe")
    assert len(tag) == TAG_LENGTH
    assigned = PositionIds(tag).assign(12)
    assert assigned == AssignedId(f"row-000012-{tag}", f"row-000012-{tag}")
    assert CUSTOM_ID.fullmatch(assigned.custom_id)


def test_the_tag_depends_on_source_and_recipe_alone():
    assert build_tag("a", b"r") == build_tag("a", b"r")
    assert len({build_tag("a", b"r"), build_tag("b", b"r"), build_tag("a", b"s")}) == 3
    assert custom_ids.PREVIEW_TAG not in build_tag("a", b"r")
