"""What only pages with cookies need passes by the API, and stays in force for pages."""

import pytest
from django.conf import LazySettings

from tests.client import ApiClient
from tests.factories import PASSWORD, make_admin

pytestmark = pytest.mark.django_db


def test_a_cookie_is_nothing_to_the_api(alice: ApiClient, settings: LazySettings) -> None:
    alice.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    answer = alice.call("GET", "/v1/feed/")
    assert answer.status_code == 200
    assert not hasattr(answer.wsgi_request, "session")
    assert "Vary" not in answer
    assert not answer.cookies


def test_a_form_of_the_admin_is_still_refused_without_its_token() -> None:
    make_admin()
    client = ApiClient()
    client.handler.enforce_csrf_checks = True
    refused = client.post("/admin/login/", {"username": "operator", "password": PASSWORD})
    assert refused.status_code == 403
    assert "sessionid" not in refused.cookies
    assert client.get("/admin/").status_code == 302
