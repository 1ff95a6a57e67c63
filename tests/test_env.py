"""The options: their defaults, their forms, and their page in the documentation."""

from dataclasses import fields
from pathlib import Path

import pytest

from minitwitter.env import OPTIONS, ConfigurationError, Options, load


def test_without_an_environment_every_option_has_its_default() -> None:
    options = load({})

    assert (options.host, options.port, options.workers) == ("127.0.0.1", 8000, 2)
    assert options.data_dir == Path("data").absolute()
    assert (options.public_read, options.registration, options.tweet_length) == (True, "open", 280)
    assert options.allowed_hosts == ()


def test_every_option_has_a_field_and_the_reverse() -> None:
    assert {field.name for field in fields(Options)} == set(OPTIONS)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load({"MINITWITTER_PORT": " ", "MINITWITTER_PUBLIC_READ": ""}) == load({})


def test_lists_are_separated_by_commas() -> None:
    assert load({"MINITWITTER_ALLOWED_HOSTS": "a.example, b.example,,"}).allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(("value", "meant"), [("on", True), ("TRUE", True), ("1", True), ("off", False), ("No", False)])
def test_switches_are_on_or_off(value: str, meant: bool) -> None:
    assert load({"MINITWITTER_PUBLIC_READ": value}).public_read is meant


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MINITWITTER_PORT", "80a"),
        ("MINITWITTER_PORT", "-1"),
        ("MINITWITTER_PORT", "65536"),
        ("MINITWITTER_WORKERS", "0"),
        ("MINITWITTER_PUBLIC_READ", "maybe"),
        ("MINITWITTER_REGISTRATION", "ajar"),
        ("MINITWITTER_PUBLIC_URL", "ftp://example.org"),
        ("MINITWITTER_PUBLIC_URL", "https://example.org/tweets"),
    ],
)
def test_a_wrong_value_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{variable} is '{value}', but it must be .+\.$"):
        load({variable: value})


def test_an_unknown_option_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigurationError, match=r"MINITWITTER_PUBLIC_RAED\. Did you mean MINITWITTER_PUBLIC_READ\?"):
        load({"MINITWITTER_PUBLIC_RAED": "off"})


def test_other_programs_variables_are_left_alone() -> None:
    assert load({"MINITWITTERISH": "x", "PORT": "y"}) == load({})
