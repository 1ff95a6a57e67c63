"""Access tokens of an instance that is measured for longer than they are good."""

import json
from pathlib import Path

import pytest

from benchmarks import instances
from benchmarks.instances import Measured


def test_whoever_is_asked_for_has_the_answer_also_when_all_tokens_are_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def call(_: Measured, *__: str, given: list[str]) -> str:
        asked.append(given)
        return json.dumps({name: f"{name}, {len(asked)}" for name in given})

    monkeypatch.setattr(Measured, "call", call)
    made = Measured(tmp_path)
    assert made.tokens(["user0", "author1"]) == ["user0, 1", "author1, 1"]
    assert made.tokens(["author1"]) == ["author1, 1"]
    monkeypatch.setattr(instances, "TOKEN_AGE", -1.0)
    assert made.tokens(["author1"]) == ["author1, 2"]
    assert asked == [["user0", "author1"], ["author1", "user0"]]
