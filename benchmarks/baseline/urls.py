"""The same addresses as the product's."""

from django.urls import path

from benchmarks.baseline import views

urlpatterns = [
    path("v1/feed/", views.Feed.as_view()),
    path("v1/tweets/<int:pk>/", views.TweetDetail.as_view()),
    path("empty/", views.empty),
    path("readyz", views.empty),
]
