"""The addresses under /v1/."""

from django.urls import path

from minitwitter.api import documentation
from minitwitter.api.v1.views import accounts, emails, feed, follows, likes, sessions, tweets
from minitwitter.core import converters

converters.register()

urlpatterns = [
    # Django tries these one after the other, so what is asked for most stands first.
    path("feed/", feed.Feed.as_view()),
    path("tweets/<id:tweet_id>/", tweets.TweetDetail.as_view()),
    path("tweets/", tweets.Tweets.as_view()),
    path("tweets/like/<id:tweet_id>/", likes.ToggleLike.as_view()),
    path("openapi.json", documentation.openapi_json),
    path("docs/", documentation.swagger_page),
    path("docs/redoc/", documentation.redoc_page),
    path("docs/errors/", documentation.errors_page),
    path("users/register/", accounts.Register.as_view()),
    path("users/login/", sessions.Login.as_view()),
    path("users/refresh/", sessions.Refresh.as_view()),
    path("users/token/refresh/", sessions.TokenRefresh.as_view()),
    path("users/logout/", sessions.Logout.as_view()),
    path("users/logout-all/", sessions.LogoutAll.as_view()),
    path("users/me/", accounts.Me.as_view()),
    path("users/me/avatar/", accounts.Avatar.as_view()),
    path("users/me/password/", accounts.Password.as_view()),
    path("users/me/email/", emails.Email.as_view()),
    path("users/me/sessions/", sessions.Sessions.as_view()),
    path("users/me/sessions/<id:session_id>/", sessions.SessionDetail.as_view()),
    path("users/password-reset/", emails.PasswordReset.as_view()),
    path("users/password-reset/confirm/", emails.PasswordResetConfirm.as_view()),
    path("users/email/confirm/", emails.EmailConfirm.as_view()),
    path("users/follow/<username:username>/", follows.Follow.as_view()),
    path("users/unfollow/<username:username>/", follows.Unfollow.as_view()),
    path("users/<username:username>/", accounts.ProfileDetail.as_view()),
    path("users/<username:username>/tweets/", accounts.ProfileTweets.as_view()),
    path("users/<username:username>/followers/", follows.Followers.as_view()),
    path("users/<username:username>/following/", follows.Following.as_view()),
    path("tweets/<id:tweet_id>/like/", likes.TweetLike.as_view()),
    path("tweets/<id:tweet_id>/likes/", likes.TweetLikes.as_view()),
]
