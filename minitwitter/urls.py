"""All addresses of the server."""

from django.urls import include, path
from django.views.generic import RedirectView

from minitwitter.admin.site import site
from minitwitter.api import health
from minitwitter.api.methods import safe
from minitwitter.media.views import serve

urlpatterns = [
    path("v1/", include("minitwitter.api.v1.urls")),
    # Until there is a web client, whoever opens the server's address finds the documentation.
    path("", safe(RedirectView.as_view(url="/v1/docs/"))),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("media/<path:name>", safe(serve)),
    path("admin", safe(RedirectView.as_view(url="/admin/"))),
    path("admin/", site.urls),
]

handler400 = "minitwitter.api.errors.bad_request"
handler403 = "minitwitter.api.errors.permission_denied"
handler404 = "minitwitter.api.errors.page_not_found"
handler500 = "minitwitter.api.errors.server_error"
