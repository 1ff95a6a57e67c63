"""One row for each stored image."""

from django.db import models

from minitwitter.core.fields import IdField


class Image(models.Model):
    """A re-encoded image and its thumbnail, both in the default storage.

    `key` is random (128 bits) and names the files. `owner_id` is an account's id without a foreign key, because
    media stands below accounts. An image is served only while it is neither hidden nor deleted.
    """

    id = IdField()
    owner_id = models.BigIntegerField()
    key = models.CharField(max_length=32, unique=True)
    extension = models.CharField(max_length=4)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes of the image and its thumbnail together.")
    blurhash = models.CharField(max_length=60)
    is_hidden = models.BooleanField(default=False, help_text="Set while the owner's account is deactivated.")
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index("owner_id", "id", name="media_image_owner"),)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The image's name in the storage."""
        return f"{self.key[:2]}/{self.key}.{self.extension}"

    @property
    def thumbnail_name(self) -> str:
        """The thumbnail's name in the storage."""
        return f"{self.key[:2]}/{self.key}-small.webp"
