"""A forgotten password, and confirming addresses, in a browser without JavaScript."""

import pytest
from django.conf import LazySettings

from minitwitter.accounts.models import User
from tests.factories import PASSWORD
from tests.mailing import BASE, configure_mail, sent, sent_token, token_in
from tests.web.client import WebClient, form_of, html_of, text_of

pytestmark = pytest.mark.django_db

NEW = "a much better sentence"


@pytest.fixture(autouse=True)
def mail(settings: LazySettings) -> None:
    configure_mail(settings)
    settings.PUBLIC_URL = ""


@pytest.fixture
def token(ana: User) -> str:
    """What ana's mail for a new password says."""
    sent()  # The one that greets a new account.
    answer = WebClient().send("/forgot", email="ANA@example.org")
    assert (answer.status_code, answer["Location"]) == (303, "/login")
    return sent_token()


def test_nothing_is_offered_where_no_mails_are_sent(ana: User, browser: WebClient, settings: LazySettings) -> None:
    assert 'href="/forgot"' in WebClient().open("/login")
    assert "/settings/email" in browser.open("/settings/account")
    settings.MAIL_SERVER = None
    assert 'href="/forgot"' not in WebClient().open("/login")
    assert "/settings/email" not in browser.open("/settings/account")
    for path in ("/forgot", "/reset/", "/confirm/"):
        assert WebClient().get(path).status_code == 404


def test_a_forgotten_password_is_replaced_with_the_token_of_a_mail(ana: User, browser: WebClient, token: str) -> None:
    stranger = WebClient()
    refused = stranger.send("/reset/", token=token, new_password="short")
    assert refused.status_code == 400
    assert form_of(html_of(refused)).fields == {**form_of(html_of(refused)).fields, "token": token, "new_password": ""}
    answer = stranger.send("/reset/", token=f" {token} ", new_password=NEW)
    assert (answer.status_code, answer["Location"]) == (303, "/login")
    assert "Log in with the new one." in text_of(stranger.open("/login"))
    assert not browser.is_signed_in()
    assert stranger.send("/login", login="ana", password=NEW)["Location"] == "/"
    again = WebClient().send("/reset/", token=token, new_password="yet another sentence")
    assert again.status_code == 400
    assert "Ask for a new mail." in text_of(html_of(again))


def test_whether_an_address_is_known_is_not_told(ana: User) -> None:
    sent()
    pages = []
    for address in ("ana@example.org", "nobody@example.org"):
        browser = WebClient()
        answer = browser.send("/forgot", email=address)
        pages.append((answer.status_code, answer["Location"], text_of(browser.open("/login"))))
    assert pages[0] == pages[1]
    assert "If an account has this address" in pages[0][2]
    assert len(sent()) == 1


def test_an_address_is_confirmed_and_opening_the_page_spends_nothing(ana: User, browser: WebClient) -> None:
    confirmation = sent_token()
    assert "Not confirmed" in text_of(browser.open("/settings/account"))
    stranger = WebClient()
    for _ in range(2):
        stranger.open("/confirm/")
    wrong = stranger.send("/confirm/", token="a" * 32)
    assert wrong.status_code == 400
    answer = stranger.send("/confirm/", token=confirmation)
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert "Not confirmed" not in text_of(browser.open("/settings/account"))


def test_a_new_address_is_ones_own_when_its_mail_came_back(ana: User, browser: WebClient) -> None:
    sent()
    fields = {"email": "new@example.org", "current_password": "wrong"}
    refused = browser.send("/settings/account", "/settings/email", **fields)
    assert refused.status_code == 400
    assert text_of(html_of(refused)).count("This is not your password.") == 1
    fields["current_password"] = PASSWORD
    assert browser.send("/settings/account", "/settings/email", **fields)["Location"] == "/settings/account"
    ana.refresh_from_db()
    assert ana.email == "ana@example.org"
    browser.send("/confirm/", token=sent_token())
    ana.refresh_from_db()
    assert ana.email == "new@example.org"


RESET_MAIL = """\
Escolha uma nova senha

Alguém, provavelmente você, esqueceu a senha de ana em
tweets.example.org.

Escolha uma nova senha:

https://tweets.example.org/reset/#{token}

Ou digite este código onde ele for pedido:

{token}

Vale uma única vez, durante uma hora. Você vai sair de todos os
aparelhos.

Se não foi você, não precisa fazer nada: sem este e-mail ninguém
consegue mudar sua senha.

-- 
tweets.example.org
https://tweets.example.org"""  # noqa: W291  # A mail's signature begins so (RFC 3676 section 4.3).


@pytest.mark.parametrize("choice", ["the browser's", "made in the settings"])
def test_a_mail_speaks_the_language_of_the_browser_that_asked_for_it(
    ana: User, settings: LazySettings, choice: str
) -> None:
    settings.PUBLIC_URL = BASE
    sent()
    browser = WebClient(language="pt-BR,pt;q=0.9,en;q=0.8" if choice == "the browser's" else "en")
    if choice == "made in the settings":
        browser.send("/settings/looks", "/preferences", language="pt-br")
    browser.submit(form_of(browser.open("/forgot")), email="ana@example.org")
    (message,) = sent()
    assert message.subject == "Escolha uma nova senha para tweets.example.org"
    assert str(message.body).strip() == RESET_MAIL.format(token=token_in(message))
    browser.send("/reset/", token=token_in(message), new_password=NEW)
    (message,) = sent()
    assert message.subject == "Sua senha em tweets.example.org foi mudada"


def test_whoever_signs_up_is_greeted_in_the_language_of_the_browser(visitor: WebClient) -> None:
    sent()
    browser = WebClient(language="pt-BR")
    browser.send("/signup", username="carla", email="carla@example.org", password=PASSWORD)
    (message,) = sent()
    assert message.body.startswith("Confirme seu endereço\n\nBoas-vindas!")
