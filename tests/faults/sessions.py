"""Clocks that differ, and sessions that are ended from somewhere else."""

import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable

import jwt

from tests.faults.bench import PASSWORD, Bench, Person, log_in
from tests.faults.catalogue import Report, fault
from tests.faults.client import Client, together

# So many new connections reach every worker: the kernel deals them out by a hash.
ASKERS = 24
ADMIN = "the_operator"


@fault("tokens of a clock that is ahead or behind")
def skew_clocks(bench: Bench) -> Report:
    """Five seconds are forgiven; the cases keep a distance to them, for a busy machine."""
    report = Report(runs=0)
    person = log_in(bench.instance.port, bench.people(1)[0].username)
    lifetime = 600
    cases = {3: 200, 15: 401, 3600: 401, 2 - lifetime: 200, -lifetime - 8: 401, -lifetime - 3600: 401}
    for shift, expected in cases.items():
        status = bench.instance.once("GET", "/v1/users/me/", _shifted(bench, person.token, shift)).status
        report.expect(status == expected, f"a clock {shift:+} s off was answered {status}")
        report.runs += 1
        report.acknowledged += status == 200
    ahead = Client(bench.instance.port)
    fields = {"refresh": _shifted(bench, person.refresh, 3600)}
    status = ahead.call("POST", "/v1/users/refresh/", fields, keep=False).status
    report.expect(status == 401, f"a refresh token of the next hour was answered {status}")
    return report


def _shifted(bench: Bench, token: str, seconds: int) -> str:
    """The same token, as another machine of the instance with another clock would have signed it."""
    claims = jwt.decode(token, options={"verify_signature": False})
    moved = {name: value + seconds if name in {"iat", "nbf", "exp"} else value for name, value in claims.items()}
    key = (bench.instance.data / "token_signing_keys").read_text(encoding="ascii").split()[0]
    return jwt.encode(moved, key.encode(), algorithm="HS256", headers={"kid": jwt.get_unverified_header(token)["kid"]})


@fault("revocation: the next request of every worker is 401")
def revoke(bench: Bench) -> Report:
    report = Report(runs=0)
    ways: dict[str, Callable[[Bench, Person], object]] = {
        "logout-all": lambda bench, person: bench.instance.once("POST", "/v1/users/logout-all/", person.token),
        "a password change": _change_password,
        "the command line": _deactivate_by_command,
        "the admin": _deactivate_in_admin,
    }
    if bench.short:  # The admin has tests of its own, and its account takes another process.
        del ways["the admin"]
    for way, carry_out in ways.items():
        bench.say(way)
        (person,) = bench.sign_up([bench.name("leaver")])
        other = log_in(bench.instance.port, person.username)
        before = _ask(bench, [other.token])
        carry_out(bench, person)
        report.expect(set(before) == {200}, f"before {way}: {dict(before)}")
        ended = [other.token] if way == "a password change" else [person.token, other.token]
        after = _ask(bench, ended)
        report.expect(set(after) == {401}, f"after {way}: {dict(after)}")
        refreshed = Client(bench.instance.port).call(
            "POST", "/v1/users/refresh/", {"refresh": other.refresh}, keep=False
        )
        report.expect(refreshed.status == 401, f"after {way} a refresh was answered {refreshed.status}")
        report.runs += 1
        report.acknowledged += before[200]
        report.lost += after[200]
    return report


def _ask(bench: Bench, tokens: list[str]) -> Counter[int]:
    """What the tokens are answered, on many new connections at once."""
    askers = ASKERS * len(tokens)
    return Counter(
        together(askers, lambda n: bench.instance.once("GET", "/v1/users/me/", tokens[n % len(tokens)]).status)
    )


def _change_password(bench: Bench, person: Person) -> None:
    fields = {"current_password": PASSWORD, "new_password": "battery staple horse"}
    answer = bench.client(person).call("POST", "/v1/users/me/password/", fields, keep=False)
    assert answer.status == 204, answer


def _deactivate_by_command(bench: Bench, person: Person) -> None:
    code = (
        "from minitwitter.actions.accounts import deactivate; from minitwitter.accounts.models import User;"
        f" deactivate(user=User.objects.get(username='{person.username}'))"
    )
    done = bench.instance.run_command("manage", "shell", "-c", code)
    assert done.returncode == 0, done.stderr


def _deactivate_in_admin(bench: Bench, person: Person) -> None:
    browser = Browser(bench)
    browser.sign_in()
    ((user_id,),) = [
        row[:1] for row in bench.instance.query("SELECT id, username FROM accounts_user") if row[1] == person.username
    ]
    done = browser.send(
        "/admin/accounts/user/", {"action": "deactivate", "_selected_action": str(user_id), "index": "0"}
    )
    assert "Deactivated" in done, done[:2000]


class Browser:
    """An operator's browser: cookies, and the token that forms carry."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._base = f"http://127.0.0.1:{bench.instance.port}"
        self._cookies = http.cookiejar.CookieJar()
        # No proxy of this machine's settings stands between.
        handlers = (urllib.request.HTTPCookieProcessor(self._cookies), urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def sign_in(self) -> None:
        email = f"{ADMIN}@example.org"
        arguments = ("createadmin", "--username", ADMIN, "--email", email)
        if not self._has_admin():
            made = self._bench.instance.run_command(*arguments, text=PASSWORD + "\n")
            assert made.returncode == 0, made.stderr
        page = self.send("/admin/login/", {"username": ADMIN, "password": PASSWORD, "next": "/admin/"})
        assert "Log out" in page, page[:2000]

    def _has_admin(self) -> bool:
        return (ADMIN,) in self._bench.instance.query("SELECT username FROM accounts_user")

    def send(self, path: str, fields: dict[str, str]) -> str:
        """Open the page, send its form, and give the page that follows."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self._open(path))
        assert found is not None, path
        return self._open(path, urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": found[1]}).encode())

    def _open(self, path: str, body: bytes | None = None) -> str:
        with self._opener.open(self._base + path, body, timeout=30) as answer:
            return str(answer.read().decode())
