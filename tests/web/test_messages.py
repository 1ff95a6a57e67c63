"""Every text of the web client and of mails is translated, and the compiled files are those of the texts."""

import sys
from pathlib import Path

import polib
import pytest
from django.utils import translation

from minitwitter.core.errors import FieldProblem, all_errors
from minitwitter.web import words
from tests.factories import make_user
from tests.web.client import WebClient

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import messages  # noqa: E402  # One of the tools, which are scripts.


def test_every_text_is_translated_and_compiled() -> None:
    for app, least in zip(messages.APPS, (30, 200), strict=True):
        used = messages.used_messages(app)
        assert len(used) > least
        assert [path.parent.parent.name for path in messages.catalogues(app)] == ["pt_BR"]
        for path in messages.catalogues(app):
            assert messages.check_one(path, used) == []


def test_a_text_of_two_apps_has_one_translation() -> None:
    # Django takes that of the first.
    of_mails, of_pages = (
        {entry.msgid: entry.msgstr for path in messages.catalogues(app) for entry in polib.pofile(str(path))}
        for app in messages.APPS
    )
    common = of_mails.keys() & of_pages.keys()
    assert {text: of_mails[text] for text in common} == {text: of_pages[text] for text in common}
    assert "Choose a new password" in common


def test_the_check_notices_what_is_missing_left_over_or_lacks_a_value(tmp_path: Path) -> None:
    text = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "%(n)d apples"\nmsgstr "maçãs"\n'
    path = tmp_path / "django.po"
    path.write_text(text, encoding="utf-8")
    messages.ROOT, kept = tmp_path, messages.ROOT
    try:
        problems = messages.check_one(path, {messages.Message("pears")})
    finally:
        messages.ROOT = kept
    assert [problem.split(": ")[1] for problem in problems] == [
        "missing",
        "used nowhere",
        "not translated",
        "not compiled",
    ]


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_every_error_has_words_for_people(language: str) -> None:
    with translation.override(language):
        for error in all_errors():
            if error.code not in {"validation_error", "rate_limited", "error"}:
                trouble = words.of_error(error())
                assert trouble.title
                assert trouble.text.endswith((".", "?"))


def test_a_field_problem_has_words_in_the_readers_language() -> None:
    with translation.override("pt-br"):
        assert (
            words.of_problem(FieldProblem("username", "username_taken", "")) == "Este nome já tem dono. Escolha outro."
        )
        assert words.of_problem(FieldProblem("display_name", "max_length", "")) == "Use no máximo 50 caracteres."


def test_one_readers_language_does_not_reach_the_next(db: None) -> None:
    make_user("somebody")
    for language, word in (("pt-BR", "Entrar"), ("en", "Log in"), ("pt-BR", "Entrar")):
        page = WebClient(language=language).open("/")
        assert f">{word}</a>" in page
    assert WebClient().get("/v1/nothing/").json()["title"] == "Not Found"
