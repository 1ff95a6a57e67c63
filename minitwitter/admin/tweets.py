"""Tweets with their pictures."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from minitwitter.actions import tweets
from minitwitter.admin.base import OperatorAdmin, operator
from minitwitter.admin.display import thumbnail, user_link
from minitwitter.admin.forms import ActionForm, LinesField
from minitwitter.admin.lists import account_conditions, id_conditions
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.models import Tweet
from minitwitter.tweets.visibility import visible_tweets


class TweetForm(ActionForm[Tweet]):
    """The text is what can be changed; the pictures stay."""

    text = LinesField(required=False, widget=forms.Textarea(attrs={"rows": 5, "cols": 80}))

    class Meta:
        model = Tweet
        fields = ("text",)


class TweetAdmin(OperatorAdmin[Tweet]):
    """Every operator may correct and delete tweets, as a moderator; nobody posts in another's name."""

    form = TweetForm
    list_display = ("id", "author_name", "beginning", "likes", "created_at", "state")
    search_help_text = "A tweet's id, or the whole username of its author."
    fields = ("author_name", "text", "pictures", "likes", "state", "id", "created_at", "edited_at")
    readonly_fields = ("author_name", "pictures", "likes", "state", "id", "created_at", "edited_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tweet]:
        # A deleted tweet is only waiting to be purged; what it said is nobody's business any more.
        return super().get_queryset(request).filter(deleted_at=None).select_related("author", "stats")

    def has_change_permission(self, request: HttpRequest, obj: Tweet | None = None) -> bool:
        return operator(request).is_staff and (obj is None or obj.author.is_active)

    def has_delete_permission(self, request: HttpRequest, obj: Tweet | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def search_conditions(self, term: str) -> list[Q]:
        return id_conditions(term) + account_conditions(term, "author_id")

    @admin.display(description="Author")
    def author_name(self, tweet: Tweet) -> SafeString:
        return user_link(tweet.author_id, tweet.author.username)

    @admin.display(description="Text")
    def beginning(self, tweet: Tweet) -> str:
        return Truncator(tweet.text).chars(80) or "(a picture)"

    @admin.display
    def likes(self, tweet: Tweet) -> int:
        return tweet.stats.like_count

    @admin.display
    def state(self, tweet: Tweet) -> str:
        return "shown" if tweet.author.is_active else "author deactivated"

    @admin.display
    def pictures(self, tweet: Tweet) -> SafeString | str:
        shown = [
            (thumbnail(attachment.image), attachment.image.width, attachment.image.height, attachment.alt)
            for attachment in tweet.attachments.select_related("image").order_by("position")
        ]
        blocks = format_html_join("", '<div class="attachment">{}<div>{} x {} {}</div></div>', shown)
        return format_html("<div>{}</div>", blocks) if shown else "none"

    def name_of(self, obj: Tweet) -> str:
        return f"Tweet of {obj.author.username}: {self.beginning(obj)}"

    def save_model(self, request: HttpRequest, obj: Tweet, form: Any, change: Any) -> None:
        if "text" in form.changed_data:
            tweets.edit_tweet(
                tweet_id=obj.pk, text=form.cleaned_data["text"], editor=operator(request), as_moderator=True
            )

    def check_deletion(self, request: HttpRequest, obj: Tweet) -> None:
        if not visible_tweets().filter(pk=obj.pk).exists():
            raise TweetNotFound("It is deleted already, or its author is deactivated.")

    def delete_model(self, request: HttpRequest, obj: Tweet) -> None:
        tweets.delete_tweet(tweet_id=obj.pk, editor=operator(request), as_moderator=True)

    # Django's log outlives a deleted tweet, so it names the tweet and does not quote it.

    def log_change(self, request: HttpRequest, obj: Tweet, message: Any) -> LogEntry:
        return super().log_change(request, Tweet(pk=obj.pk), message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        return super().log_deletions(request, [Tweet(pk=tweet.pk) for tweet in queryset])  # type: ignore[arg-type]  # It only iterates.
