"""What writers did and what they were told, to hold the database against afterwards."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import Self

from PIL import Image

from tests.faults.bench import Bench, Instance, Person
from tests.faults.catalogue import Report
from tests.faults.client import Answer, Client, Unanswered, percentile

# How long a writer waits after a refusal, in seconds.
PAUSE = 0.05


@dataclass
class Post:
    """One tweet that was sent, once or more, under one idempotency key."""

    author: Person
    text: str
    key: str
    picture: bytes = b""
    tweet_id: int | None = None

    def send(self, client: Client, *, keep: bool = True) -> Answer:
        """Send it and remember the tweet that came of it. Raises Unanswered."""
        answer = client.post(self.text, self.key, self.picture, keep=keep)
        if answer.status == 201:
            self.tweet_id = answer.json()["id"]
        return answer


@dataclass
class Ledger:
    """The writes of several threads.

    What is not known is None: no answer came, or a 503, which the server also gives when the database went away between
    a commit and its confirmation.
    """

    posts: list[Post] = field(default_factory=list)
    likes: dict[tuple[str, int], bool | None] = field(default_factory=dict)
    follows: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    # Refusals that nobody should get, as "503 POST /path code".
    wrong: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return sum(answer.status < 300 for answer in self.answers)

    @property
    def refused(self) -> int:
        return sum(answer.status == 503 for answer in self.answers)

    def seconds(self, share: float) -> float:
        """A percentile of the time that answers took."""
        return percentile([answer.seconds for answer in self.answers], share)


class Writers:
    """So many people who write without a pause until they are told to stop: posts, pictures, likes, follows."""

    def __init__(self, bench: Bench, count: int, *, pictures: bool = True, may_refuse: bool = False) -> None:
        """`may_refuse` tells that 503 is a proper answer in this fault."""
        self.ledger = Ledger()
        self.people = bench.people(count)
        self._bench = bench
        self._mark = bench.name("writing")
        self._picture = png() if pictures else b""
        self._may_refuse = may_refuse
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(count)]
        # Likes and follows of earlier faults are unknown here, so targets are new.
        self.tweet_ids = [self._target(person) for person in self.people[:3]]

    def _target(self, person: Person) -> int:
        client = self._bench.client(person)
        tweet_id: int = client.post(f"target of {self._mark}", keep=False).json()["id"]
        return tweet_id

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let them finish what they are doing."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def work(self, seconds: float) -> None:
        """Let them write for so long."""
        with self:
            time.sleep(seconds)

    def _write(self, number: int) -> None:
        chance = random.Random(number)
        person = self.people[number]
        client = self._bench.client(person)
        count = 0
        while not self._stop.is_set():
            count += 1
            try:
                answer = self._step(chance, client, person, f"{self._mark} {number} {count}")
            except Unanswered as error:
                self.ledger.unanswered.append(str(error))
                self._stop.wait(PAUSE)
                continue
            self.ledger.answers.append(answer)
            if answer.status >= 300:
                self._judge(answer)
        client.close()

    def _judge(self, answer: Answer) -> None:
        proper = answer.status == 503 and self._may_refuse and "retry-after" in answer.headers
        if not proper:
            self.ledger.wrong.append(f"{answer.status} {answer.code}")
        self._stop.wait(PAUSE)

    def _step(self, chance: random.Random, client: Client, person: Person, text: str) -> Answer:
        kind = chance.choices(("text", "picture", "like", "follow"), (55, 10 if self._picture else 0, 20, 15))[0]
        if kind == "like":
            return self._like(client, person, chance.choice(self.tweet_ids), liked=chance.random() < 0.7)
        if kind == "follow":
            return self._follow(client, person)
        post = Post(person, text, text.replace(" ", "-"), self._picture if kind == "picture" else b"")
        self.ledger.posts.append(post)
        return post.send(client)

    def _like(self, client: Client, person: Person, tweet_id: int, *, liked: bool) -> Answer:
        place = person.username, tweet_id
        before, self.ledger.likes[place] = self.ledger.likes.get(place, False), None
        answer = client.call("PUT" if liked else "DELETE", f"/v1/tweets/{tweet_id}/like/")
        self.ledger.likes[place] = {200: liked, 503: None}.get(answer.status, before)
        return answer

    def _follow(self, client: Client, person: Person) -> Answer:
        """Follow somebody, or unfollow: each pair of people is one thread's own."""
        other = self.people[(self.people.index(person) + 1) % len(self.people)].username
        place = person.username, other
        before = self.ledger.follows.get(place)
        if before is None:
            seen = client.call("GET", f"/v1/users/{other}/")
            if seen.status != 200:
                return seen
            before = bool(seen.json()["following"])
        self.ledger.follows[place] = None
        answer = client.call("POST", f"/v1/users/{'unfollow' if before else 'follow'}/{other}/")
        self.ledger.follows[place] = {200: not before, 503: None}.get(answer.status, before)
        return answer


def png(side: int = 48) -> bytes:
    """A small picture."""
    file = BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(file, "PNG")
    return file.getvalue()


def settle(bench: Bench, ledger: Ledger) -> None:
    """Send again, twice, what was not acknowledged, as clients do, and some of what was."""
    pending = [post for post in ledger.posts if post.tweet_id is None]
    known = [post for post in ledger.posts if post.tweet_id is not None][-10:]
    for post in [*pending, *pending, *known]:
        before = post.tweet_id
        client = bench.client(post.author)
        answer = post.send(client, keep=False)
        if answer.status != 201 or before not in {None, post.tweet_id}:
            ledger.wrong.append(f"a retry was answered {answer.status} {answer.code}, tweet {post.tweet_id}")


def count_lost(instance: Instance, ledger: Ledger) -> int:
    """How many acknowledged writes are missing, or are there twice."""
    texts = dict(instance.query("SELECT id, text FROM tweets_tweet WHERE deleted_at IS NULL"))
    copies = Counter(texts.values())
    posts: int = sum(texts.get(post.tweet_id) != post.text or copies[post.text] != 1 for post in _acknowledged(ledger))
    return posts + _differing(ledger.likes, _likes(instance)) + _differing(ledger.follows, _follows(instance))


def _acknowledged(ledger: Ledger) -> list[Post]:
    return [post for post in ledger.posts if post.tweet_id is not None]


def _differing(told: dict[tuple[str, int], bool | None] | dict[tuple[str, str], bool | None], rows: set[object]) -> int:
    return sum(known is not None and (place in rows) is not known for place, known in told.items())


def _likes(instance: Instance) -> set[object]:
    statement = "SELECT u.username, l.tweet_id FROM tweets_like l JOIN accounts_user u ON u.id = l.user_id"
    return {(username, tweet_id) for username, tweet_id in instance.query(statement)}


def _follows(instance: Instance) -> set[object]:
    statement = (
        "SELECT a.username, b.username FROM relationships_follow f"
        " JOIN accounts_user a ON a.id = f.follower_id JOIN accounts_user b ON b.id = f.followee_id"
    )
    return {(follower, followee) for follower, followee in instance.query(statement)}


def check(bench: Bench, ledger: Ledger, report: Report) -> None:
    """After a fault: count what is lost, retry, count what is doubled, and add it to the report."""
    lost = count_lost(bench.instance, ledger)
    settle(bench, ledger)
    report.runs += 1
    report.acknowledged += ledger.acknowledged
    report.lost += max(lost, count_lost(bench.instance, ledger))
    report.expect_none(ledger.wrong, "wrong answers")
