"""Many at the same moment: counts are exact, and exactly one wins."""

import random
import socket
from collections import Counter

from tests.faults.bench import PASSWORD, Bench, log_in
from tests.faults.catalogue import Report, fault
from tests.faults.client import Client, together
from tests.faults.inspection import inspect
from tests.faults.ledger import png

THREADS = 24
FANS = 8


@fault("likes: 24 threads of 8 people, toggles and sets")
def race_likes(bench: Bench) -> Report:
    """A person's tweet is toggled on by an odd number of toggles; sets go to another tweet, and the last one counts."""
    report = Report(runs=bench.scale(120, 1008) // THREADS * THREADS)
    people = bench.people(FANS)
    author = bench.client(people[0])
    toggled, put = (author.post(bench.name("to like "), keep=False).json()["id"] for _ in range(2))
    rounds = report.runs // THREADS

    def like(number: int) -> tuple[str, int, list[int]]:
        client, chance, person = bench.client(people[number % FANS]), random.Random(number), people[number % FANS]
        toggles, statuses = 0, []
        for _ in range(rounds):
            if chance.random() < 0.6:
                toggles += 1
                statuses.append(client.call("POST", f"/v1/tweets/like/{toggled}/").status)
            else:
                method = chance.choice(("PUT", "DELETE"))
                statuses.append(client.call(method, f"/v1/tweets/{put}/like/").status)
        statuses.append(client.call("PUT", f"/v1/tweets/{put}/like/").status)
        client.close()
        return person.username, toggles, statuses

    outcomes = together(THREADS, like)
    statuses = Counter(status for _, _, found in outcomes for status in found)
    toggles: Counter[str] = Counter()
    for username, count, _ in outcomes:
        toggles[username] += count
    expected = {username for username, count in toggles.items() if count % 2}
    report.acknowledged = statuses[200]
    report.expect(set(statuses) == {200}, f"statuses {dict(statuses)}")
    likers = author.call("GET", f"/v1/tweets/{toggled}/likes/?limit=100").json()["results"]
    report.lost += len({liker["username"] for liker in likers} ^ expected)
    report.lost += author.call("GET", f"/v1/tweets/{toggled}/").json()["like_count"] != len(expected)
    report.lost += author.call("GET", f"/v1/tweets/{put}/").json()["like_count"] != FANS
    author.close()
    inspect(bench, report)
    return report


@fault("follows: 24 at once, mutual ones, and one 24 times", in_short=False)
def race_follows(bench: Bench) -> Report:
    report = Report(runs=bench.scale(1, 5))
    for _ in range(report.runs):
        people = [*bench.people(THREADS), *bench.sign_up([bench.name("idol"), bench.name("idol")])]
        idol, peer = people[-2:]
        many = together(THREADS, lambda number: _follow(bench, people[number].token, idol.username))  # noqa: B023
        one = together(THREADS, lambda _: _follow(bench, idol.token, peer.username))  # noqa: B023
        back = together(2, lambda number: _follow(bench, people[-1 - number].token, people[number].username))  # noqa: B023
        report.expect(Counter(many) == {200: THREADS}, f"24 followers: {Counter(many)}")
        report.expect(Counter(one) == {200: 1, 409: THREADS - 1}, f"one follower 24 times: {Counter(one)}")
        report.expect(Counter(back) == {200: 2}, f"following back: {Counter(back)}")
        profile = bench.instance.once("GET", f"/v1/users/{idol.username}/").json()
        report.lost += profile["followers_count"] != THREADS
        report.acknowledged += many.count(200) + one.count(200) + back.count(200)
    inspect(bench, report)
    return report


def _follow(bench: Bench, token: str, username: str) -> int:
    return bench.instance.once("POST", f"/v1/users/follow/{username}/", token).status


@fault("one idempotency key by 100 requests")
def race_keys(bench: Bench) -> Report:
    report = Report(runs=bench.scale(2, 6))
    person = bench.people(1)[0]
    for number in range(report.runs):
        text, picture = bench.name("only once "), png() if number % 2 else b""
        lanes = together(25, lambda _: _post_often(bench.client(person), text, picture))  # noqa: B023
        statuses = Counter(status for lane in lanes for status, _ in lane)
        made = {tweet_id for lane in lanes for _, tweet_id in lane if tweet_id}
        rows = [row for row in bench.instance.query("SELECT text FROM tweets_tweet") if row == (text,)]
        report.expect(set(statuses) <= {201, 409}, f"statuses {dict(statuses)}")
        report.expect(len(made) == 1, f"{len(made)} different tweets were answered")
        report.lost += len(rows) != 1
        report.acknowledged += statuses[201]
    inspect(bench, report)
    return report


def _post_often(client: Client, text: str, picture: bytes) -> list[tuple[int, int | None]]:
    """Four requests; each answer's status and tweet."""
    answers = [client.post(text, text.replace(" ", "-"), picture) for _ in range(4)]
    client.close()
    return [(answer.status, answer.json().get("id")) for answer in answers]


@fault("retries of posts whose answer nobody read")
def retry_unread(bench: Bench) -> Report:
    """The client hangs up as soon as it has sent; then it tries again, four times at once."""
    report = Report(runs=bench.scale(6, 40))
    person = bench.people(1)[0]
    for _ in range(report.runs):
        text = bench.name("retried ")
        _send_and_hang_up(bench, person.token, text)
        lanes = together(4, lambda _: bench.client(person).post(text, text.replace(" ", "-"), keep=False))  # noqa: B023
        last = bench.client(person).post(text, text.replace(" ", "-"), keep=False)
        statuses = {answer.status for answer in lanes}
        report.expect(statuses <= {201, 409}, f"statuses {statuses}")
        report.expect(last.status == 201, f"the last retry was answered {last.status}")
        made = {answer.json()["id"] for answer in (*lanes, last) if answer.status == 201}
        rows = [row for row in bench.instance.query("SELECT text FROM tweets_tweet") if row == (text,)]
        report.lost += len(made) != 1 or len(rows) != 1
        report.acknowledged += 1
    return report


def _send_and_hang_up(bench: Bench, token: str, text: str) -> None:
    body = f'{{"text": "{text}"}}'
    head = (
        f"POST /v1/tweets/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {text.replace(' ', '-')}\r\n"
    )
    with socket.create_connection(("127.0.0.1", bench.instance.port), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())


@fault("one name registered by 24 at once")
def race_names(bench: Bench) -> Report:
    report = Report(runs=bench.scale(1, 5))
    for _ in range(report.runs):
        name = bench.name("Racer")

        def register(number: int) -> tuple[int, str]:
            spelled = (name, name.lower(), name.upper())[number % 3]  # noqa: B023
            fields = {"username": spelled, "email": f"{number}.{spelled}@example.org", "password": PASSWORD}
            answer = Client(bench.instance.port).call("POST", "/v1/users/register/", fields, keep=False)
            return answer.status, answer.json()["errors"][0]["code"] if answer.status == 400 else ""

        answers = Counter(together(THREADS, register))
        report.expect(answers == {(201, ""): 1, (400, "username_taken"): THREADS - 1}, f"answers {dict(answers)}")
        report.lost += answers[201, ""] != 1
        report.acknowledged += answers[201, ""]
    return report


@fault("one refresh token used by 16 at once")
def race_refresh(bench: Bench) -> Report:
    report = Report(runs=bench.scale(2, 10))
    username = bench.people(1)[0].username
    for _ in range(report.runs):
        person = log_in(bench.instance.port, username)

        def refresh(_: int) -> int:
            client = Client(bench.instance.port)
            fields = {"refresh": person.refresh}  # noqa: B023
            return client.call("POST", "/v1/users/refresh/", fields, keep=False).status

        answers = Counter(together(16, refresh))
        report.expect(answers == {200: 1, 401: 15}, f"answers {dict(answers)}")
        ended = bench.instance.once("GET", "/v1/users/me/", person.token).status
        report.expect(ended == 401, f"the session went on ({ended}) after its token was used twice")
        report.acknowledged += answers[200]
    return report
