"""What a username may be."""

from typing import Any

import pytest

from minitwitter.accounts.rules import RESERVED_PATH_SEGMENTS, RESERVED_TITLES, is_username, username_problems
from minitwitter.api.v1 import urls as v1
from minitwitter.urls import urlpatterns
from minitwitter.web import urls as web


def _fixed_segments(prefix: str = "") -> set[str]:
    """The first fixed segments of all addresses below a prefix of /v1/, or of all addresses below /."""
    patterns: list[Any] = v1.urlpatterns if prefix else [*urlpatterns, *web.urlpatterns]
    paths = [str(each.pattern) for each in patterns]
    return {path.removeprefix(prefix).split("/")[0] for path in paths if path.startswith(prefix)} - {""}


def test_no_username_can_hide_a_fixed_path() -> None:
    segments = _fixed_segments() | _fixed_segments("users/")
    possible_names = {segment.lower() for segment in segments if is_username(segment)}
    assert {"v1", "admin", "healthz", "me", "login", "follow"} <= possible_names
    assert possible_names <= RESERVED_PATH_SEGMENTS


@pytest.mark.parametrize("name", ["Root", "admin", "support"])
def test_an_operator_may_have_a_title_unless_it_is_a_path(name: str) -> None:
    assert [problem.code for problem in username_problems(name)] == ["reserved"]
    allowed = name.lower() in RESERVED_TITLES
    assert (username_problems(name, for_operator=True) == []) == allowed
    assert [problem.code for problem in username_problems("me", for_operator=True)] == ["reserved"]
