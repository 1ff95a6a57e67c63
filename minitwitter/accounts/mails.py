"""The tokens that mails carry, and what mails say.

**A token** is a keyed hash (HMAC-SHA256, 160 bits of it) of the mail's row, under the instance's secret key. So it need
not be stored to be sent: a mail that is sent twice, because the first answer of the mail server got lost, has the same
token both times. Who can read the database alone can neither make one nor find one in it.
"""

import hashlib
from base64 import b32encode
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from minitwitter.accounts.models import Mail
from minitwitter.core import caller, ids, mail

# A reset is asked for by somebody who waits for the mail. An address is confirmed when there is time to read mail.
LIFETIMES = {
    Mail.Kind.RESET: timedelta(hours=1),
    Mail.Kind.CONFIRM: timedelta(days=3),
    Mail.Kind.CHANGE: timedelta(days=3),
}
# How long a mail may wait for its server: about as long as the queue tries.
WAITS_FOR = timedelta(days=1)
_TOKEN_BYTES = 20


def token_of(row: Mail) -> str:
    """The token of a mail: 32 small letters and digits, which can be copied by a double click."""
    value = f"{row.pk}:{row.kind}:{row.nonce}"
    made = salted_hmac("minitwitter.accounts.mails", value, algorithm="sha256").digest()
    return b32encode(made[:_TOKEN_BYTES]).decode().lower()


def digest_of(token: str) -> str:
    """What is stored of a token. Space around it, and capitals, are forgiven: it may have been typed or pasted."""
    return hashlib.sha256(token.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Letter:
    """What a mail says, in one language. With a token it also has a button and the token itself."""

    subject: str
    heading: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    button: str = ""
    link: str = ""
    token: str = ""


def compose(row: Mail, *, is_taken: bool = False) -> mail.Mail:
    """The mail of a row, in its language.

    `is_taken`: its new address belongs to another account, whose owner is told so instead.

    Nothing in it is a text of the sender's choice, or it could be used to write to strangers: a username has letters,
    digits and underscores only.
    """
    # A row may be older than the languages that there are now.
    with translation.override(row.language if row.language in dict(settings.LANGUAGES) else caller.ENGLISH):
        letter = _taken() if is_taken else _LETTERS[Mail.Kind(row.kind)](row)
        return _render(letter, key=f"{row.kind}-{row.pk}", to=row.address)


def compose_test(address: str) -> mail.Mail:
    """What `minitwitter doctor --mail` sends: in English, as all that operators are told."""
    letter = _Letter(
        subject=f"A test from {_instance()}",
        heading="It works",
        before=("You have asked Mini Twitter for a test of its mails, and this is it.",),
        after=("If it was in your spam folder, see that SPF, DKIM and DMARC of the sender's domain are right.",),
    )
    with translation.override(caller.ENGLISH):
        return _render(letter, key=f"test-{ids.new_id()}", to=address)


def _render(letter: _Letter, *, key: str, to: str) -> mail.Mail:
    context = {
        "letter": letter,
        "instance": _instance(),
        "home": settings.PUBLIC_URL,
        "language": translation.get_language(),
    }
    text, html = (render_to_string(f"accounts/mail.{form}", context) for form in ("txt", "html"))
    return mail.Mail(key=key, to=to, subject=letter.subject, text=text, html=html)


def _instance() -> str:
    """The instance as people know it: the host of its address."""
    return urlsplit(settings.PUBLIC_URL).netloc


def _names(row: Mail) -> dict[str, str]:
    """What the sentences have places for."""
    return {"user": row.user.username, "host": _instance()}


def _link(page: str, token: str) -> str:
    # Behind the #, which browsers keep to themselves: no log and no other site gets to see the token.
    return f"{settings.PUBLIC_URL}/{page}/#{token}"


def _reset(row: Mail) -> _Letter:
    token, names = token_of(row), _names(row)
    return _Letter(
        subject=_("Choose a new password for %(host)s") % names,
        heading=_("Choose a new password"),
        before=(_("Somebody, most likely you, has forgotten the password of %(user)s on %(host)s.") % names,),
        button=_("Choose a new password"),
        link=_link("reset", token),
        token=token,
        after=(
            _("This works once, within one hour. You will be signed out everywhere."),
            _("If it was not you, there is nothing to do: without this mail nobody can change your password."),
        ),
    )


def _confirm(row: Mail) -> _Letter:
    token, names = token_of(row), _names(row)
    return _Letter(
        subject=_("Confirm your address for %(host)s") % names,
        heading=_("Confirm your address"),
        before=(_("Welcome! Somebody, most likely you, has made the account %(user)s on %(host)s.") % names,),
        button=_("Confirm this address"),
        link=_link("confirm", token),
        token=token,
        after=(
            _("This works once, within three days."),
            _("If it was not you, do not confirm: somebody has mistyped their address."),
        ),
    )


def _change(row: Mail) -> _Letter:
    token, names = token_of(row), _names(row)
    return _Letter(
        subject=_("Confirm your new address for %(host)s") % names,
        heading=_("Confirm your new address"),
        before=(_("The account %(user)s on %(host)s shall have this address from now on.") % names,),
        button=_("Confirm this address"),
        link=_link("confirm", token),
        token=token,
        after=(
            _("This works once, within three days. Until then the account keeps its old address."),
            _("If you do not know the account, do not confirm: somebody has mistyped their address."),
        ),
    )


def _changed(row: Mail) -> _Letter:
    names = _names(row)
    return _Letter(
        subject=_("Your address for %(host)s was changed") % names,
        heading=_("Your address was changed"),
        before=(
            _("Your account %(user)s on %(host)s has another mail address now.") % names,
            _("If it was not you, somebody knows your password: write to the people who run the server at once."),
        ),
        after=(_("They can give you your account back. Mails about it no longer come here."),),
    )


def _password(row: Mail) -> _Letter:
    names = _names(row)
    return _Letter(
        subject=_("Your password for %(host)s was changed") % names,
        heading=_("Your password was changed"),
        before=(
            _("The password of %(user)s on %(host)s was changed.") % names,
            _("If it was not you, ask for a new one where you log in, and write to the people who run the server."),
        ),
        after=(_("If it was you, there is nothing to do."),),
    )


def _taken() -> _Letter:
    names = {"host": _instance()}
    return _Letter(
        subject=_("You already have an account on %(host)s") % names,
        heading=_("You already have an account"),
        before=(
            _("Somebody, perhaps you, wanted to use this address for another account on %(host)s.") % names,
            _("It belongs to your account, and only one can have it: nothing was changed."),
        ),
        after=(_("If it was not you, there is nothing to do."),),
    )


_LETTERS = {
    Mail.Kind.RESET: _reset,
    Mail.Kind.CONFIRM: _confirm,
    Mail.Kind.CHANGE: _change,
    Mail.Kind.CHANGED: _changed,
    Mail.Kind.PASSWORD: _password,
}
