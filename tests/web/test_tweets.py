"""Writing, reading, changing, deleting and liking in a browser without JavaScript."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from minitwitter.accounts.models import User
from minitwitter.actions import accounts, likes
from minitwitter.actions.tweets import edit_tweet
from minitwitter.core import ids
from minitwitter.tweets.hydration import hydrate_tweet
from minitwitter.tweets.models import Like, Tweet
from minitwitter.web import cards
from minitwitter.web.presenters import Reader
from tests.factories import follow, jpeg, make_tweet, make_user
from tests.web.client import WebClient, buttons_of, form_of, html_of, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["/", "/compose"])
def test_a_tweet_is_posted_and_its_author_sees_it_at_home(browser: WebClient, page: str) -> None:
    answer = browser.send(page, "/compose", text="Hello\r\nworld 👩‍👩‍👧")
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert Tweet.objects.get().text == "Hello\nworld 👩‍👩‍👧"
    home = browser.open("/")
    assert "Hello\nworld 👩‍👩‍👧" in home
    assert "Your tweet is out." in home
    assert "Your tweet is out." not in browser.open("/")


def test_a_script_of_another_window_does_not_take_away_what_a_page_says(browser: WebClient) -> None:
    browser.send("/compose", "/compose", text="Hello")
    assert browser.fragment("GET", "/").status_code == 200
    assert "Your tweet is out." in browser.open("/")


def test_a_picture_is_posted_with_its_description(browser: WebClient) -> None:
    browser.send("/compose", text="", image=jpeg(60, 40), image_alt='A "small" <hill>')
    home = browser.open("/")
    assert 'alt="A &quot;small&quot; &lt;hill&gt;"' in home
    assert 'width="60" height="40"' in home
    assert 'src="data:image/png;base64,' in home
    assert "-small.webp" in home


def test_a_double_click_posts_once_and_a_changed_text_posts_anew(browser: WebClient) -> None:
    form = form_of(browser.open("/compose"), "/compose")
    for _ in range(2):
        assert browser.submit(form, text="Once").status_code == 303
    assert Tweet.objects.count() == 1
    assert browser.submit(form, text="Twice").status_code == 303
    assert sorted(Tweet.objects.values_list("text", flat=True)) == ["Once", "Twice"]


@pytest.mark.parametrize("key", ["", "x" * 300, "é", "a\0b"])
def test_an_odd_key_is_no_key(browser: WebClient, key: str) -> None:
    form = form_of(browser.open("/compose"), "/compose")
    assert browser.submit(form, text="Hi", key=key).status_code == 303
    assert Tweet.objects.count() == 1


def test_saving_a_tweet_as_it_was_does_not_mark_it_edited(ana: User, browser: WebClient) -> None:
    tweet = make_tweet(ana, "One\ntwo")
    answer = browser.send(f"/@ana/{tweet}/edit", f"/@ana/{tweet}/edit", text="One\r\ntwo")
    assert answer.status_code == 303
    assert Tweet.objects.get().edited_at is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": ""}, "Write something, or add a picture."),
        ({"text": " \u200b "}, "Write something, or add a picture."),
        ({"text": "x" * 281}, "Use at most 280 characters."),
        ({"text": "Hi", "image": b"no picture"}, "Choose a JPEG, PNG, WebP or GIF."),
        ({"text": "Hi", "image": jpeg()[:300]}, "It is damaged or incomplete."),
        ({"text": "Hi", "image": jpeg(), "image_alt": "x" * 1501}, "Use at most 1500 characters."),
    ],
)
def test_a_tweet_that_breaks_a_rule_is_kept_in_the_form_with_the_reason(
    browser: WebClient, fields: dict[str, Any], told: str
) -> None:
    answer = browser.send("/compose", **fields)
    assert answer.status_code in {400, 413, 415}
    assert told in text_of(html_of(answer))
    assert form_of(html_of(answer), "/compose").fields["text"] == fields["text"]
    assert not Tweet.objects.exists()


def test_other_apps_can_share_a_text_into_a_tweet(browser: WebClient) -> None:
    page = browser.open("/compose", title="A page", url="https://example.org/")
    assert form_of(page, "/compose").fields["text"] == "A page\r\nhttps://example.org/"


def test_a_tweet_has_a_page_at_its_canonical_address(visitor: WebClient, ana: User) -> None:
    tweet = make_tweet(ana, "Hello there", image=jpeg(60, 40))
    page = visitor.open(f"/@ana/{tweet}")
    assert f'<link rel="canonical" href="http://testserver/@ana/{tweet}">' in page
    for name, value in {
        "og:title": "ana on Mini Twitter",
        "og:description": "Hello there",
        "og:type": "article",
        "og:url": f"http://testserver/@ana/{tweet}",
        "og:image:width": "60",
        "og:image:height": "40",
    }.items():
        assert f'<meta property="{name}" content="{value}">' in page
    assert '<meta property="og:image" content="http://testserver/media/' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    for other in (f"/@ANA/{tweet}", f"/@somebody/{tweet}"):
        answer: Any = visitor.get(other)
        assert (answer.status_code, answer["Location"]) == (303, f"/@ana/{tweet}")
    assert visitor.get(f"/@ana/{tweet + 1}").status_code == 404


def test_only_its_author_is_offered_to_change_a_tweet_and_can(ana: User, browser: WebClient, ben: User) -> None:
    tweet = make_tweet(ana, "Helo")
    stranger = WebClient(ben)
    for path in (f"/@ana/{tweet}/edit", f"/@ana/{tweet}/delete"):
        assert path in browser.open("/")
        assert path not in stranger.open("/public")
        answer: Any = stranger.get(path)
        assert answer.status_code == 403
        assert "This is somebody else's tweet" in html_of(answer).replace("&#x27;", "'")
    token = form_of(stranger.open("/compose"), "/compose").fields["csrfmiddlewaretoken"]
    for path in ("edit", "delete"):
        data = {"csrfmiddlewaretoken": token, "text": "Forged"}
        assert stranger.post(f"/@ana/{tweet}/{path}", data).status_code == 403
    assert Tweet.objects.get(deleted_at=None).text == "Helo"


def test_a_tweet_is_changed(ana: User, browser: WebClient) -> None:
    tweet = make_tweet(ana, "Helo")
    refused = browser.send(f"/@ana/{tweet}/edit", text="")
    assert refused.status_code == 400
    assert "Write something" in html_of(refused)
    answer = browser.send(f"/@ana/{tweet}/edit", text="Hello")
    assert answer["Location"] == f"/@ana/{tweet}"
    edited_at = Tweet.objects.get().edited_at
    assert edited_at is not None
    iso = edited_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    day = edited_at.strftime(f"{edited_at.day} %B %Y, %H:%M UTC")
    assert f'Edited <time datetime="{iso}" data-whole>{day}</time></span>' in browser.open(f"/@ana/{tweet}")
    assert "Hello" in browser.open("/")
    card = '<span class="edited">Edited <time datetime="{}" title="{}">{}</time></span>'
    assert card.format(iso, day, "now") in browser.open("/")


def test_how_long_ago_a_tweet_was_edited_is_not_kept_with_its_card(ana: User) -> None:
    tweet = make_tweet(ana)
    edit_tweet(tweet_id=tweet, text="Hello there", editor=ana)
    seen = hydrate_tweet(tweet, None)
    for later, told in ((timedelta(0), "Edited now"), (timedelta(hours=3, minutes=1), "Edited 3h")):
        card = cards.render([seen], Reader(viewer_id=None, now=ids.now() + later))
        assert told in text_of(card)


def test_a_tweet_is_deleted_after_a_question(ana: User, browser: WebClient) -> None:
    tweet = make_tweet(ana, "Oops")
    assert "Delete this tweet for good?" in browser.open(f"/@ana/{tweet}/delete")
    answer = browser.send(f"/@ana/{tweet}/delete")
    assert (answer.status_code, answer["Location"]) == (303, "/@ana")
    assert "Oops" not in browser.open("/@ana")
    assert browser.get(f"/@ana/{tweet}").status_code == 404


def test_a_like_comes_and_goes_and_leads_back_to_the_same_place(ben: User, browser: WebClient) -> None:
    tweet = make_tweet(ben)
    answer = browser.press("/public", f"/@ben/{tweet}/like")
    assert (answer.status_code, answer["Location"]) == (303, f"/public#t{tweet}")
    page = browser.open("/public")
    assert 'aria-pressed="true" aria-label="Like. 1 like"' in page
    browser.press("/public", f"/@ben/{tweet}/like")
    assert not Like.objects.exists()


def test_liking_twice_by_a_double_click_is_liking_once(ben: User, browser: WebClient) -> None:
    tweet = make_tweet(ben)
    for _ in range(2):
        answer = browser.fragment("POST", f"/@ben/{tweet}/like", {"liked": "1"})
        assert answer.status_code == 200
        assert 'aria-pressed="true"' in html_of(answer)
        assert html_of(answer).startswith("<button")
    assert Like.objects.count() == 1
    answer = browser.fragment("POST", f"/@ben/{tweet}/like", {"liked": "0"})
    assert 'aria-pressed="false" aria-label="Like"' in html_of(answer)


def test_a_like_of_what_is_gone_tells_a_script_one_sentence(browser: WebClient) -> None:
    answer = browser.fragment("POST", "/@ben/12/like", {"liked": "1"})
    assert answer.status_code == 404
    assert "This tweet is not here" in html_of(answer)
    assert "<html" not in html_of(answer)


def test_a_stranger_is_led_to_the_log_in_to_like(visitor: WebClient, ana: User) -> None:
    tweet = make_tweet(ana)
    page = visitor.open("/public")
    assert f'href="/login?next=/@ana/{tweet}"' in page
    assert buttons_of(page) == {}


def test_who_likes_a_tweet_is_listed(ana: User, ben: User, browser: WebClient) -> None:
    tweet = make_tweet(ana)
    likes.like(user=ben, tweet_id=tweet)
    assert "@ben" in browser.open(f"/@ana/{tweet}/likes")


ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ csrf_token }}",
    "<!--time-->",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_whatever_people_write_is_shown_and_does_nothing(
    ana: User, browser: WebClient, visitor: WebClient, attack: str
) -> None:
    accounts.update_profile(user=ana, fields={"display_name": attack[:50], "bio": attack, "location": attack[:50]})
    tweet = make_tweet(ana, attack)
    escaped = attack.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    for path in (
        "/",
        "/public",
        "/@ana",
        f"/@ana/{tweet}",
        f"/@ana/{tweet}/edit",
        f"/@ana/{tweet}/delete",
        "/settings",
    ):
        page = browser.open(path)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert escaped in page, path
    feed = html_of(visitor.get("/@ana/feed.atom"))
    assert "<script>" not in feed


def test_home_has_the_tweets_of_those_one_follows_and_ones_own_in_their_order(
    ana: User, ben: User, browser: WebClient
) -> None:
    stranger = make_user("stranger")
    follow(ana, ben)
    made = {make_tweet((ana, ben, stranger)[number % 3], f"tweet {number:02}"): number for number in range(30)}
    seen: list[str] = []
    path = "/"
    while path:
        page = browser.open(path)
        seen += re.findall(r"tweet (\d\d)", text_of(page))
        older = page.partition('rel="next" href="')[2].partition('"')[0]
        path = older
    # By their ids: a clock that is set back while they are made makes another order.
    assert seen == [f"{made[tweet]:02}" for tweet in sorted(made, reverse=True) if made[tweet] % 3 != 2]


def test_newer_tweets_can_be_asked_for_by_a_script(ana: User, browser: WebClient) -> None:
    first = make_tweet(ana, "first")
    assert "article" not in html_of(browser.fragment("GET", "/", {"since_id": first}))
    make_tweet(ana, "second")
    answer = html_of(browser.fragment("GET", "/", {"since_id": first}))
    assert answer.count("<article") == 1
    assert "second" in answer
    assert 'rel="next"' not in answer


@pytest.mark.parametrize(
    "query", ["max_id=x", "max_id=-1", "min_id=1&since_id=2", "max_id=99999999999999999999", "max_id=%00"]
)
def test_a_broken_page_of_a_list_is_told(browser: WebClient, query: str) -> None:
    answer: Any = browser.get(f"/public?{query}")
    assert answer.status_code == 400
    assert "This address is not quite right" in html_of(answer)


def test_long_lists_have_links_both_ways(ana: User, visitor: WebClient) -> None:
    for number in range(45):
        make_tweet(ana, f"tweet {number:02}")
    first = visitor.open("/public")
    assert 'rel="prev"' not in first
    second = visitor.open(first.partition('rel="next" href="')[2].partition('"')[0])
    assert "tweet 24" in second
    back = second.partition('rel="prev" href="')[2].partition('"')[0]
    assert "tweet 44" in visitor.open(back.replace("&amp;", "&"))


def test_the_counter_and_the_rule_have_the_same_number(browser: WebClient, settings: LazySettings) -> None:
    settings.TWEET_LENGTH = 50
    assert 'data-length="50"' in browser.open("/")
    assert browser.send("/compose", text="x" * 51).status_code == 400
