"""Fills the database with an invented community, by `actions.demo`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from minitwitter.actions import demo
from minitwitter.demo import studio
from minitwitter.demo.community import Community, Plan, Post, invent
from minitwitter.demo.people import Person
from minitwitter.media.processing import ProcessedImage

# Everybody may know it. It is no common password, so that the accounts satisfy the rules like any other.
PASSWORD = "tweet-tweet"  # noqa: S105  (public on purpose)
# Rows of one transaction. Each holds SQLite's write lock for a fraction of a second, beside a server at work.
_PEOPLE, _AVATARS, _FOLLOWS, _TWEETS = 200, 20, 4_000, 200

STEPS = ("people", "avatars", "follows", "tweets")
# Called with the step, how many are done, and how many there are.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written."""

    guests: Sequence[str]
    people: int
    follows: int
    tweets: int
    pictures: int
    likes: int


def fill(plan: Plan, report: Report) -> Filled:
    """Write the community of the plan, beside whatever is there. Raises what the actions do."""
    community = invent(plan, taken=demo.usernames())
    orders = _orders(plan, community)
    with studio.drawing(orders) as pictures:
        user_ids = _write_people(community.people, report)
        _write_avatars(community.people, user_ids, pictures, report)
        _write_follows(community, user_ids, report)
        _write_tweets(community.posts, user_ids, pictures, report)
    return Filled(
        guests=[person.username for person in community.people if person.is_guest],
        people=len(community.people),
        follows=len(community.edges),
        tweets=len(community.posts),
        pictures=sum(bool(post.scene) for post in community.posts),
        likes=sum(len(post.likes) for post in community.posts),
    )


def _orders(plan: Plan, community: Community) -> list[studio.Order]:
    """All pictures, in the order in which they are written: the avatars, then those of the tweets."""
    avatars = [
        studio.Order(f"{plan.seed}/avatar/{place}")
        for place, person in enumerate(community.people)
        if person.has_avatar
    ]
    return avatars + [
        studio.Order(f"{plan.seed}/picture/{post.place}", post.scene) for post in community.posts if post.scene
    ]


def _write_people(people: Sequence[Person], report: Report) -> list[int]:
    user_ids: list[int] = []
    for start in range(0, len(people), _PEOPLE):
        user_ids += demo.write_people([_new_person(person) for person in people[start : start + _PEOPLE]])
        report("people", len(user_ids), len(people))
    return user_ids


def _new_person(person: Person) -> demo.NewPerson:
    return demo.NewPerson(
        username=person.username,
        display_name=person.display_name,
        bio=person.bio,
        location=person.location,
        website=person.website,
        joined=person.joined,
        password=PASSWORD if person.is_guest else None,
    )


def _write_avatars(
    people: Sequence[Person], user_ids: Sequence[int], pictures: Iterator[ProcessedImage], report: Report
) -> None:
    owners = [user_id for user_id, person in zip(user_ids, people, strict=True) if person.has_avatar]
    for start in range(0, len(owners), _AVATARS):
        some = owners[start : start + _AVATARS]
        demo.write_avatars(list(zip(some, islice(pictures, len(some)), strict=True)))
        report("avatars", start + len(some), len(owners))


def _write_follows(community: Community, user_ids: Sequence[int], report: Report) -> None:
    edges = community.edges
    for start in range(0, len(edges), _FOLLOWS):
        some = edges[start : start + _FOLLOWS]
        demo.write_follows([demo.NewFollow(user_ids[edge.follower], user_ids[edge.followee], edge.at) for edge in some])
        report("follows", start + len(some), len(edges))


def _write_tweets(
    posts: Sequence[Post], user_ids: Sequence[int], pictures: Iterator[ProcessedImage], report: Report
) -> None:
    for start in range(0, len(posts), _TWEETS):
        some = posts[start : start + _TWEETS]
        demo.write_tweets([_new_tweet(post, user_ids, next(pictures) if post.scene else None) for post in some])
        report("tweets", start + len(some), len(posts))


def _new_tweet(post: Post, user_ids: Sequence[int], picture: ProcessedImage | None) -> demo.NewTweet:
    return demo.NewTweet(
        author_id=user_ids[post.author],
        text=post.text,
        at=post.at,
        edited_at=post.edited_at,
        picture=picture,
        alt=post.alt,
        likes=[(user_ids[liker], at) for liker, at in post.likes],
    )
