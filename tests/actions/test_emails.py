"""Tokens at the same moment, mails that are sent twice, and mail servers that fail while the queue works."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings

from minitwitter.accounts.models import Mail, Session, User
from minitwitter.actions import accounts, emails, outbox
from minitwitter.core import mail
from minitwitter.core.errors import ValidationFailed
from minitwitter.core.mail import NotSent
from minitwitter.core.models import Task
from minitwitter.core.worker import Worker
from minitwitter.mailserver import MailServer
from tests.client import ApiClient
from tests.factories import PASSWORD, make_user
from tests.mailing import Postbox, configure_mail, sent, sent_token, silent_server, smtp_server, token_in
from tests.operating import free_port
from tests.threads import at_once
from tests.working import Clock, run_tasks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice_user(settings: LazySettings) -> User:
    """An account that was made before there was a mail server."""
    user = make_user("alice")
    configure_mail(settings)
    return user


def _outcome(action: Callable[..., None], **arguments: Any) -> str:
    try:
        action(**arguments)
    except ValidationFailed as refusal:
        return refusal.problems[0].code
    return "won"


# At the same moment ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("_round", range(3))
def test_of_many_uses_of_one_token_one_wins(alice_user: User, _round: int) -> None:
    emails.ask_for_password_reset(email="alice@example.org")
    token = sent_token()
    passwords = [f"good password {number}" for number in range(8)]

    outcomes = at_once(
        8, lambda number: (_outcome(emails.reset_password, token=token, new_password=passwords[number]), number)
    )
    assert sorted(outcome for outcome, _ in outcomes) == ["won"] + ["wrong_token"] * 7
    winner = next(number for outcome, number in outcomes if outcome == "won")
    assert User.objects.get().check_password(passwords[winner])


def test_of_many_confirmations_one_wins(alice_user: User) -> None:
    emails.ask_for_email_change(user=alice_user, email="new@example.org", current_password=PASSWORD)
    token = sent_token()
    outcomes = at_once(8, lambda _: _outcome(emails.confirm_email, token=token))
    assert sorted(outcomes) == ["won"] + ["wrong_token"] * 7
    assert len(sent()) == 1  # The old address is told once.


def test_two_accounts_that_confirm_one_address_at_once_do_not_both_get_it(
    alice_user: User, settings: LazySettings
) -> None:
    tokens = []
    for user in (alice_user, make_user("bob")):
        sent()
        emails.ask_for_email_change(user=user, email="shared@example.org", current_password=PASSWORD)
        tokens.append(sent_token())
    outcomes = at_once(2, lambda number: _outcome(emails.confirm_email, token=tokens[number]))
    assert sorted(outcomes) == ["email_taken", "won"]
    assert User.objects.filter(email="shared@example.org").count() == 1


def test_a_token_and_everything_that_withdraws_it_at_once_neither_deadlock_nor_both_win(alice_user: User) -> None:
    for _ in range(3):
        user = User.objects.get()
        accounts.set_password(user=user, new_password=PASSWORD)
        sent()
        emails.ask_for_password_reset(email="alice@example.org")
        token = sent_token()
        user.refresh_from_db()

        def act(number: int, user: User = user, token: str = token) -> str:
            if number % 2:
                return _outcome(emails.reset_password, token=token, new_password="the mail's password")
            fields = {"current_password": PASSWORD, "new_password": "the owner's password"}
            return _outcome(accounts.change_password, user=user, keep_session_id=None, **fields)

        assert sorted(at_once(4, act)).count("won") == 1
        assert list(Mail.objects.values_list("kind", flat=True)) == ["password"]


def test_of_two_requests_at_once_one_mail_has_a_good_token(alice_user: User) -> None:
    at_once(4, lambda _: emails.ask_for_password_reset(email="alice@example.org"))
    messages = sent()
    codes = [_outcome(emails.reset_password, token=token_in(each), new_password="a good password") for each in messages]
    assert codes.count("won") == 1


# Sent twice, or late --------------------------------------------------------------------------------------------------


def test_a_mail_that_is_sent_twice_has_the_same_token(alice_user: User) -> None:
    emails.ask_for_password_reset(email="alice@example.org")
    first = sent_token()
    outbox.send(mail_id=Mail.objects.get().pk)
    assert sent_token() == first
    emails.reset_password(token=first, new_password="a good password")


def test_a_mail_whose_token_was_used_is_not_sent_again(alice_user: User) -> None:
    emails.ask_for_password_reset(email="alice@example.org")
    token = sent_token()
    mail_id = Mail.objects.get().pk
    emails.reset_password(token=token, new_password="a good password")
    sent()
    outbox.send(mail_id=mail_id)
    assert sent() == []


def test_tokens_are_made_of_the_instances_secret(alice_user: User, settings: LazySettings) -> None:
    emails.ask_for_password_reset(email="alice@example.org")
    first = sent_token()
    settings.SECRET_KEY = "x" * 40
    outbox.send(mail_id=Mail.objects.get().pk)
    second = sent_token()
    assert first != second
    assert _outcome(emails.reset_password, token=first, new_password="a good password") == "wrong_token"
    emails.reset_password(token=second, new_password="a good password")


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail._Pause, "until", float("-inf"))


@pytest.mark.usefixtures("_no_pause")
def test_a_server_that_is_away_delays_the_mail_and_not_the_request(
    alice_user: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    port = free_port()
    configure_mail(settings, MailServer("127.0.0.1", port, security="none"))
    assert ApiClient().call("POST", "/v1/users/password-reset/", {"email": "alice@example.org"}).status_code == 202
    worker = Worker()
    while worker.run_one():
        pass
    task = Task.objects.get(finished_at=None)
    assert (task.name, task.attempts, task.arguments) == ("send_mail", 1, {"mail_id": Mail.objects.get().pk})
    assert "cannot be reached (Connection refused)" in task.error
    assert "alice" not in task.error

    clock.advance(hours=2)
    postbox = Postbox()
    with smtp_server(postbox) as other:
        configure_mail(settings, MailServer("127.0.0.1", other, security="none"))
        run_tasks()
    assert len(postbox.received) == 1
    # The hour begins when the mail is sent, however late that is.
    assert (Mail.objects.get().expires_at - clock.now).total_seconds() == 3600


@pytest.mark.usefixtures("_no_pause")
def test_a_silent_server_costs_the_worker_one_wait(
    alice_user: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.2)
    with silent_server() as port:
        configure_mail(settings, MailServer("127.0.0.1", port, security="none"))
        for name in ("bob", "carol"):
            make_user(name)
        worker = Worker()
        while worker.run_one():
            pass
    errors = Task.objects.values_list("error", flat=True)
    assert sorted("did not answer a moment ago" in error for error in errors) == [False, True]


@pytest.mark.usefixtures("_no_pause")
def test_a_recipient_that_is_refused_for_good_ends_the_mail(
    alice_user: User, settings: LazySettings, capfd: pytest.CaptureFixture[str]
) -> None:
    with smtp_server(Postbox(recipient="550 5.1.1 <alice@example.org> is not here")) as port:
        configure_mail(settings, MailServer("127.0.0.1", port, security="none"))
        emails.ask_for_password_reset(email="alice@example.org")
        run_tasks()
    assert not Task.objects.filter(finished_at=None).exists()
    assert not Mail.objects.exists()
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "mail_refused" in line]
    assert "550 5.1.1 <the address> is not here" in line


def test_a_mail_that_waited_for_a_day_is_given_up(alice_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    emails.begin_password_reset(user_id=alice_user.pk)
    clock.advance(days=1)
    assert sent() == []


def test_sessions_end_with_a_reset_and_only_those_of_the_account(alice_user: User) -> None:
    bob = ApiClient(make_user("bob"))
    ApiClient(alice_user)
    sent()
    emails.ask_for_password_reset(email="alice@example.org")
    emails.reset_password(token=sent_token(), new_password="a good password")
    assert list(Session.objects.filter(ended_at=None).values_list("user_id", flat=True)) == [bob.me.pk]


def test_a_failure_names_no_address(alice_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: mail.Mail) -> None:
        raise NotSent("Not now.")

    monkeypatch.setattr(mail, "send", fail)
    emails.begin_password_reset(user_id=alice_user.pk)
    Worker().run_one()
    task = Task.objects.get()
    assert "NotSent: Not now." in task.error
    assert "example.org" not in task.error
