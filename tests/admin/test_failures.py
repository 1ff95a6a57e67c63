"""What the admin refuses, and what fails in it, is a page that a person can read."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from minitwitter.core.errors import ServiceUnavailable
from tests.admin.client import AdminClient
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def assert_page(response: Any, status: int, title: str, message: str) -> None:
    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    html = response.content.decode()
    assert f"<h1>{title}</h1>\n<p>{message}</p>" in html
    assert f"Request {response['X-Request-Id']}" in html
    assert '<a href="/admin/">' in html


def test_a_page_that_is_not_there(admin: AdminClient) -> None:
    assert_page(admin.get("/admin/nothing/"), 404, "Not Found", "There is no such thing here.")


def test_a_page_that_somebody_may_not_see(admin: AdminClient) -> None:
    assert_page(admin.get("/admin/tweets/tweet/add/"), 403, "Forbidden", "You are not allowed to do that.")


def test_a_method_that_is_not_known(admin: AdminClient) -> None:
    response = admin.get("/admin/logout/")
    assert_page(response, 405, "Method Not Allowed", "This address does not know that method.")
    assert response["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    ("failure", "status", "title", "message"),
    [
        (OperationalError, 503, "Service Unavailable", ServiceUnavailable.message),
        (
            ValueError,
            500,
            "Internal Server Error",
            "The server failed. The operator finds the failure in the log under this request id.",
        ),
    ],
)
def test_a_failure_is_told_without_asking_the_database(
    admin: AdminClient,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Callable[..., Any],
    failure: type[Exception],
    status: int,
    title: str,
    message: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr("minitwitter.admin.site.OperatorSite.has_permission", fail)
    admin.raise_request_exception = False
    with django_assert_num_queries(0):
        response = admin.get("/admin/")
    assert_page(response, status, title, message)
    assert response.get("Retry-After") == ("2" if status == 503 else None)


def test_what_is_shown_is_escaped(admin: AdminClient) -> None:
    make_user("alice")
    assert b"<script>" not in admin.get("/admin/<script>/").content
