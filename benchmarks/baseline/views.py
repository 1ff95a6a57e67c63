"""The feed and one tweet, as a textbook on Django REST framework writes them."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import IsAuthenticated

from benchmarks.baseline.models import Tweet, User


class AuthorSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "display_name")


class TweetSerializer(serializers.ModelSerializer[Tweet]):
    author = AuthorSerializer()
    like_count = serializers.SerializerMethodField()
    liked = serializers.SerializerMethodField()

    class Meta:
        model = Tweet
        fields = ("id", "author", "text", "created_at", "like_count", "liked")

    def get_like_count(self, tweet: Tweet) -> int:
        return tweet.likes.count()

    def get_liked(self, tweet: Tweet) -> bool:
        return tweet.likes.filter(user=self.context["request"].user).exists()


class Feed(ListAPIView[Tweet]):
    serializer_class = TweetSerializer
    permission_classes = (IsAuthenticated,)

    def get_queryset(self) -> QuerySet[Tweet]:
        followed = self.request.user.following.all()
        return Tweet.objects.filter(author__in=followed).select_related("author").order_by("-id")


class TweetDetail(RetrieveAPIView[Tweet]):
    queryset = Tweet.objects.select_related("author")
    serializer_class = TweetSerializer


def empty(_: HttpRequest) -> HttpResponse:
    """The least that anything costs here."""
    return HttpResponse()
