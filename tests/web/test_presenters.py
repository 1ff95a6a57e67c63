"""Small things that pages are made of."""

import base64
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.template import Template, TemplateSyntaxError
from django.utils import translation
from django.utils.translation import gettext
from PIL import Image

from minitwitter.web.placeholders import data_address
from minitwitter.web.presenters import device_name, excerpt, long_date, short_number, short_time, shown_size, written
from minitwitter.web.text import mentioned_names, to_html

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=-30), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=1), "1m"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=1), "1h"),
        (timedelta(hours=23), "23h"),
        (timedelta(days=6, hours=23), "6d"),
        (timedelta(days=7), "17 Nov"),
        (timedelta(days=400), "20 Oct 2025"),
    ],
)
def test_how_long_ago(ago: timedelta, shown: str) -> None:
    assert short_time(NOW - ago, NOW) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (1000, "1K"), (1250, "1.2K"), (99_999, "99.9K"), (100_500, "100K"), (2_000_000, "2M")],
)
def test_counters_are_short(number: int, shown: str) -> None:
    assert short_number(number) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((60, 40), (60, 40)),
        ((6000, 4000), (600, 400)),
        ((800, 1600), (255, 510)),
        ((100, 9000), (100, 510)),
        ((1000, 9000), (160, 510)),
        ((9000, 100), (600, 90)),
        ((1, 1), (1, 1)),
    ],
)
def test_a_picture_has_its_room_before_it_comes(size: tuple[int, int], shown: tuple[int, int]) -> None:
    assert shown_size(*size) == shown


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("<script>", "<script>"),
        ("", "Unknown device"),
    ],
)
def test_devices_have_names_that_people_know(agent: str, name: str) -> None:
    assert device_name(agent) == name


def test_a_blurhash_becomes_a_few_pixels_of_its_colours() -> None:
    address = data_address("LEHV6nWB2yk8pyo0adR*.7kCMdnj")  # The one of the format's own description.
    assert address.startswith("data:image/png;base64,")
    picture = Image.open(BytesIO(base64.b64decode(address.partition(",")[2])))
    assert (picture.size, picture.mode) == ((6, 5), "RGB")
    picture.load()
    assert len(address) < 280


@pytest.mark.parametrize("wrong", ["", "L", "LEHV6nWB2yk8pyo0adR*.7kCMdn", "L" * 28 + "\u00e9", "\u00e9" * 28])
def test_what_is_no_blurhash_has_no_picture(wrong: str) -> None:
    assert data_address(wrong) == ""


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain & <b>", "plain &amp; &lt;b&gt;"),
        ("a@b.org @@x @x@y", "a@b.org @@x @x@y"),
        ("https://", "https://"),
        ("javascript:alert(1) ftp://x", "javascript:alert(1) ftp://x"),
    ],
)
def test_what_is_no_link_stays_text(text: str, html: str) -> None:
    assert to_html(text, {"x": "x", "y": "y", "b": "b"}) == html


def test_a_link_cannot_leave_its_attribute() -> None:
    html = to_html("https://x.org/\"onmouseover=alert(1) https://x.org/'><script>", {})
    assert 'href="https://x.org/"' in html
    assert "<script" not in html
    assert "onmouseover=alert(1)" not in html.split("</a>")[0]


def test_what_is_linked_keeps_its_own_direction() -> None:
    html = to_html("\u202ehttps://elgoog.example/ \u202e@ana", {"ana": "ana"})
    assert html.count("<bdi>") == html.count("</bdi>") == 2
    assert "<bdi>elgoog.example</bdi></a>" in html
    assert '<a class="mention" href="/@ana"><bdi>@ana</bdi></a>' in html


def test_long_addresses_are_shown_short() -> None:
    html = to_html("https://www.example.org/a/very/long/path/that/goes/on/and/on?x=1", {})
    assert html.partition(">")[2].startswith("<bdi>example.org/a/very/long/path/")


def test_what_is_remembered_has_no_block_that_one_page_would_fill_in_for_all() -> None:
    with pytest.raises(TemplateSyntaxError, match="put it outside"):
        Template("{% load web %}{% remembered x %}{% if x %}{% block a %}{% endblock %}{% endif %}{% endremembered %}")


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_short_forms_are_not_kept_for_another_language(language: str) -> None:
    words = {"en": ("now", "1.2K", "3 Oct"), "pt-br": ("agora", "1,2 mil", "3 de out")}[language]
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with translation.override(language):
        for _ in range(2):
            assert short_time(now, now) == words[0]
            assert short_number(1234) == words[1]
            assert short_time(datetime(2026, 10, 3, tzinfo=UTC), now).lower() == words[2].lower()


def test_names_are_found_in_texts() -> None:
    assert mentioned_names(["hi @Ana, @ben! mail@x.org", "(@carla)"]) == {"ana", "ben", "carla"}


def test_an_excerpt_is_one_line() -> None:
    assert excerpt("two\n lines") == "two lines"
    assert len(excerpt("word " * 50)) == 80


def test_dates_in_portuguese_are_written_as_people_do() -> None:
    october = datetime(2025, 10, 5, 9, 7, tzinfo=UTC)
    with translation.override("pt-br"):
        assert short_time(NOW - timedelta(days=7), NOW) == "17 de nov"
        assert short_time(october, NOW) == "5 de out de 2025"
        assert long_date(october) == "5 de outubro de 2025, 09:07 UTC"
        assert written(october, gettext("F Y")) == "outubro de 2025"
        assert written(datetime(2026, 3, 1, tzinfo=UTC), gettext("F Y")) == "março de 2026"
    assert written(october, gettext("F Y")) == "October 2025"
    assert long_date(october) == "5 October 2025, 09:07 UTC"
