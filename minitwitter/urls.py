"""All addresses of the server."""

from django.urls import include, path
from django.views.generic import RedirectView

from minitwitter.admin.site import site
from minitwitter.api import health
from minitwitter.api.methods import safe
from minitwitter.media.views import serve

urlpatterns = [
    path("v1/", include("minitwitter.api.v1.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("media/<path:name>", safe(serve)),
    path("admin", safe(RedirectView.as_view(url="/admin/"))),
    path("admin/", site.urls),
    path("", include("minitwitter.web.urls")),
]

handler400 = "minitwitter.failures.bad_request"
handler403 = "minitwitter.failures.permission_denied"
handler404 = "minitwitter.failures.page_not_found"
handler500 = "minitwitter.failures.server_error"
