"""The errors an uploaded image can meet."""

from minitwitter.core.errors import DomainError


class UnsupportedImage(DomainError):
    """The file is not a JPEG, PNG, WebP or GIF image. Its content decides, not its name or the type sent with it.
    Convert it to one of the four formats and send it again."""

    code = "unsupported_image"
    status = 415
    message = "The file is not a JPEG, PNG, WebP or GIF image, whatever its name says."


class InvalidImage(DomainError):
    """The file begins like an image, but it cannot be read: it is empty, ended early, or is damaged.
    Open it on your own device, save it anew, and send it again."""

    code = "invalid_image"
    status = 400
    message = "The image cannot be read: it is incomplete or damaged."


class ImageTooLarge(DomainError):
    """The image has more bytes, pixels or frames than the server takes, or would take too much memory to decode. The
    message says which limit it meets. Make the image smaller (or the animation shorter) and send it again."""

    code = "image_too_large"
    status = 413
    message = "The image is larger than this server takes."


class QuotaExceeded(DomainError):
    """The pictures of this account take all the room that its instance gives an account. Delete tweets with pictures,
    or ask the operator for more room."""

    code = "media_quota_exceeded"
    status = 413
    message = "Your pictures take all the room that this instance gives an account. Delete some to make room."
