"""Image files over HTTP."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.utils import timezone

from minitwitter.core.database import insert_with_new_id
from minitwitter.media import files
from minitwitter.media.models import Image
from minitwitter.media.processing import process
from minitwitter.media.views import serve
from tests.media import corpus
from tests.media.corpus import EXTENSIONS

pytestmark = pytest.mark.django_db
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def make_image(format_name: str = "PNG") -> Image:
    image = files.store(process(BytesIO(corpus.saved(corpus.quadrants(), format_name))), owner_id=7)
    assert insert_with_new_id(image)
    return image


def get(name: str, method: str = "GET", **headers: str) -> HttpResponseBase:
    request = RequestFactory().generic(method, f"/media/{name}", headers=headers)
    return serve(request, name)


def body(response: HttpResponseBase) -> bytes:
    if isinstance(response, FileResponse):
        content = response.getvalue()
        response.close()
        return content
    assert isinstance(response, HttpResponse)
    return response.content


@pytest.mark.parametrize(
    ("format_name", "content_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
def test_an_image_is_served_with_its_type_and_inert(format_name: str, content_type: str, media_folder: Path) -> None:
    image = make_image(format_name)
    content = (media_folder / image.name).read_bytes()

    response = get(image.name)
    assert (response.status_code, dict(response.items()), body(response)) == (
        200,
        {
            **HEADERS,
            "Content-Type": content_type,
            "Content-Length": str(len(content)),
            "Content-Disposition": f'inline; filename="{image.key}.{EXTENSIONS[format_name]}"',
            "ETag": f'"{image.key}"',
        },
        content,
    )


def test_a_thumbnail_is_served(media_folder: Path) -> None:
    image = make_image()
    content = (media_folder / image.thumbnail_name).read_bytes()

    response = get(image.thumbnail_name)
    assert (response.status_code, dict(response.items()), body(response)) == (
        200,
        {
            **HEADERS,
            "Content-Type": "image/webp",
            "Content-Length": str(len(content)),
            "Content-Disposition": f'inline; filename="{image.key}-small.webp"',
            "ETag": f'"{image.key}-small"',
        },
        content,
    )


def test_head_answers_the_headers_of_get_without_the_body() -> None:
    image = make_image()

    head, whole = get(image.name, "HEAD"), get(image.name)
    assert (head.status_code, dict(head.items()), body(head)) == (200, dict(whole.items()), b"")
    assert len(body(whole)) == int(head["Content-Length"])


@pytest.mark.parametrize("known", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_a_known_image_is_not_sent_again(known: str) -> None:
    image = make_image()

    response = get(image.name, **{"If-None-Match": known.format(image.key)})
    expected = {**HEADERS, "ETag": f'"{image.key}"'}
    assert (response.status_code, dict(response.items()), body(response)) == (304, expected, b"")


def test_another_etag_gets_the_image() -> None:
    image = make_image()

    response = get(image.name, **{"If-None-Match": f'"{image.key}-small", "x"'})
    assert response.status_code == 200
    assert len(body(response)) > 0


@pytest.mark.parametrize("change", [{"is_hidden": True}, {"deleted_at": timezone.now()}])
def test_a_hidden_or_deleted_image_is_not_found(change: dict[str, Any]) -> None:
    image = make_image()
    Image.objects.update(**change)

    for name in (image.name, image.thumbnail_name):
        for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"If-None-Match": "*"})):
            with pytest.raises(Http404):
                get(name, method, **headers)


def test_a_missing_file_is_not_found() -> None:
    image = make_image()
    files.remove(image)

    for method in ("GET", "HEAD"):
        with pytest.raises(Http404):
            get(image.name, method)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{key}.png",
        "00/{key}.png",
        "{folder}/{key}.jpg",
        "{folder}/{key}",
        "{folder}/{key}.png/",
        "{folder}/{key}.png\n",
        "{folder}/{key}.png\x00",
        "{folder}/{key}.PNG",
        "{folder}/{key}-small.png",
        "{folder}/{key}-large.webp",
        "{folder}/../{folder}/{key}.png",
        "/{folder}/{key}.png",
        "../secret_key",
        "{folder}/" + "0" * 32 + ".png",
        "{folder}/" + "٣" * 32 + ".png",
        "x" * 5000,
    ],
)
def test_any_other_name_is_not_found(pattern: str) -> None:
    image = make_image()

    with pytest.raises(Http404):
        serve(RequestFactory().get("/media/"), pattern.format(key=image.key, folder=image.key[:2]))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_get_and_head_are_known(method: str, media_folder: Path) -> None:
    image = make_image()

    response = get(image.name, method)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert (media_folder / image.name).exists()


@pytest.mark.django_db(transaction=True)  # Closing an answer returns its connection, which ends a test's transaction.
def test_serving_takes_one_query(django_assert_num_queries: Any) -> None:
    image = make_image()

    with django_assert_num_queries(1):
        body(get(image.name))
    with django_assert_num_queries(0), pytest.raises(Http404):
        get("../secret_key")
