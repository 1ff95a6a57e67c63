"""What mails say, in both of their forms."""

import re
from html import unescape

import pytest
from django.conf import LazySettings
from django.utils import translation

from minitwitter.accounts import mails
from minitwitter.accounts.models import Mail, User
from tests.mailing import BASE, configure_mail

TOKEN_KINDS = {Mail.Kind.RESET: "reset", Mail.Kind.CONFIRM: "confirm", Mail.Kind.CHANGE: "confirm"}


@pytest.fixture(autouse=True)
def _mail(settings: LazySettings) -> None:
    configure_mail(settings)


def _row(kind: Mail.Kind, language: str = "en") -> Mail:
    user = User(pk=5, username="Alice_1", display_name="<b>Win $$$</b> https://evil.example", email="a@example.org")
    return Mail(pk=7, user=user, kind=kind, address="to@example.org", language=language, nonce="ab" * 16)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w.'#:/-]+", text)


@pytest.mark.parametrize("language", ["en", "pt-br"])
@pytest.mark.parametrize("is_taken", [False, True])
@pytest.mark.parametrize("kind", Mail.Kind)
def test_both_forms_say_the_same(kind: Mail.Kind, is_taken: bool, language: str) -> None:
    made = mails.compose(_row(kind, language), is_taken=is_taken)
    assert f'<html lang="{language}">' in made.html
    body = re.sub(r'<a href="([^"]+)" class="button"[^>]*>([^<]*)</a>', r"\2: \1", made.html.partition("<body")[2])
    shown = unescape(re.sub(r"<[^>]+>", " ", body.partition(">")[2]))
    assert sorted(_words(shown)) == sorted(_words(made.text.replace("\n-- \n", "\n")))
    assert (made.to, made.key) == ("to@example.org", f"{kind.value}-7")
    assert all(len(line) <= 78 for line in made.text.splitlines())
    assert all(len(line) < 998 for line in made.html.splitlines())  # RFC 5322 section 2.1.1.


PORTUGUESE = """\
Confirme seu novo endereço

A conta Alice_1 em tweets.example.org vai passar a ter este endereço.

Confirmar este endereço:

https://tweets.example.org/confirm/#{token}

Ou digite este código onde ele for pedido:

{token}

Vale uma única vez, durante três dias. Até lá a conta fica com o
endereço antigo.

Se você não conhece a conta, não confirme: alguém digitou o próprio
endereço errado.

-- 
tweets.example.org
https://tweets.example.org
"""  # noqa: W291  # A mail's signature begins so (RFC 3676 section 4.3).


def test_a_mail_is_whole_in_its_language() -> None:
    row = _row(Mail.Kind.CHANGE, "pt-br")
    with translation.override("en"):  # The worker's own.
        made = mails.compose(row)
    assert made.subject == "Confirme seu novo endereço em tweets.example.org"
    assert made.text.strip() == PORTUGUESE.format(token=mails.token_of(row)).strip()


@pytest.mark.parametrize("is_taken", [False, True])
@pytest.mark.parametrize("kind", Mail.Kind)
def test_no_sentence_is_the_same_in_two_languages(kind: Mail.Kind, is_taken: bool) -> None:
    one, other = (mails.compose(_row(kind, language), is_taken=is_taken) for language in ("en", "pt-br"))
    assert one.subject != other.subject
    common = {line for line in set(one.text.splitlines()) & set(other.text.splitlines()) if " " in line.strip("- ")}
    assert common == set()


def test_an_unknown_language_is_english() -> None:
    assert mails.compose(_row(Mail.Kind.RESET, "tlh")) == mails.compose(_row(Mail.Kind.RESET))


def test_the_operators_test_is_english() -> None:
    with translation.override("pt-br"):
        made = mails.compose_test("to@example.org")
    assert made.subject == "A test from tweets.example.org"
    assert '<html lang="en">' in made.html


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
