"""What mails say, in both of their forms."""

import re
from html import unescape

import pytest
from django.conf import LazySettings

from minitwitter.accounts import mails
from minitwitter.accounts.models import Mail, User
from tests.mailing import BASE, configure_mail

TOKEN_KINDS = {Mail.Kind.RESET: "reset", Mail.Kind.CONFIRM: "confirm", Mail.Kind.CHANGE: "confirm"}


@pytest.fixture(autouse=True)
def _mail(settings: LazySettings) -> None:
    configure_mail(settings)


def _row(kind: Mail.Kind) -> Mail:
    user = User(pk=5, username="Alice_1", display_name="<b>Win $$$</b> https://evil.example", email="a@example.org")
    return Mail(pk=7, user=user, kind=kind, address="to@example.org", nonce="ab" * 16)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w.'#:/-]+", text)


@pytest.mark.parametrize("is_taken", [False, True])
@pytest.mark.parametrize("kind", Mail.Kind)
def test_both_forms_say_the_same(kind: Mail.Kind, is_taken: bool) -> None:
    made = mails.compose(_row(kind), is_taken=is_taken)
    body = re.sub(r'<a href="([^"]+)" class="button"[^>]*>([^<]*)</a>', r"\2: \1", made.html.partition("<body")[2])
    shown = unescape(re.sub(r"<[^>]+>", " ", body.partition(">")[2]))
    assert sorted(_words(shown)) == sorted(_words(made.text.replace("\n-- \n", "\n")))
    assert (made.to, made.key) == ("to@example.org", f"{kind.value}-7")
    assert all(len(line) <= 78 for line in made.text.splitlines())
    assert all(len(line) < 998 for line in made.html.splitlines())  # RFC 5322 section 2.1.1.


@pytest.mark.parametrize("kind", Mail.Kind)
def test_nothing_that_somebody_has_written_is_in_a_mail(kind: Mail.Kind) -> None:
    made = mails.compose(_row(kind))
    assert "Alice_1" in made.text
    assert "evil" not in made.text + made.html
    assert "Win" not in made.text + made.html


@pytest.mark.parametrize("kind", Mail.Kind)
def test_a_mail_loads_nothing_and_links_only_to_the_instance(kind: Mail.Kind) -> None:
    html = mails.compose(_row(kind)).html
    assert not re.search(r"src=|url\(|@import|<link|<script|<img", html)
    row = _row(kind)
    pages = [f"{BASE}/{TOKEN_KINDS[kind]}/#{mails.token_of(row)}"] if kind in TOKEN_KINDS else []
    assert re.findall(r'href="([^"]*)"', html) == [*pages, f"{BASE}/"]


def test_tokens_differ_by_row_kind_and_nonce() -> None:
    rows = [_row(kind) for kind in TOKEN_KINDS] + [_row(Mail.Kind.RESET) for _ in range(2)]
    rows[-1].pk, rows[-2].nonce = 8, "cd" * 16
    tokens = [mails.token_of(row) for row in rows]
    assert len(set(tokens)) == 5
    assert all(re.fullmatch(r"[a-z2-7]{32}", token) for token in tokens)
    assert mails.token_of(_row(Mail.Kind.RESET)) == tokens[0]
