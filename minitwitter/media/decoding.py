"""From an upload's bytes to pictures: 8-bit sRGB, upright, and with no metadata left."""

from dataclasses import dataclass
from io import BytesIO

from PIL import ExifTags, Image, ImageCms, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from minitwitter.media.inspection import inspect

# What undoes each value of the EXIF tag Orientation (CIPA DC-008, section 4.6.4); 1 is upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """The frames, all RGB or all RGBA and of one size, with the milliseconds each is shown.

    `loop` is how often an animation is played, 0 for ever, and None when the file does not say.
    """

    extension: str
    frames: list[Image.Image]
    durations: list[float]
    loop: int | None


def decode(content: bytes, *, side: int | None = None) -> Decoded:
    """Decode every frame. With `side` only the first, and a JPEG may come reduced, though not to below that side.

    Raises what `inspect` raises, and errors of Pillow's for damaged pixels.
    """
    # The decoder, which can hold twice the picture, is gone before the picture is copied by turning it.
    decoded, turn = _decode_lying(content, side)
    if turn is not None:
        for index, frame in enumerate(decoded.frames):
            decoded.frames[index] = frame.transpose(turn)
    return decoded


def _decode_lying(content: bytes, side: int | None) -> tuple[Decoded, Image.Transpose | None]:
    inspected = inspect(content)
    source, numbers = inspected.source, inspected.frames if side is None else inspected.frames[:1]
    if side is not None and isinstance(source, JpegImageFile):
        source.draft(None, (side, side))
    frames, durations = [], []
    for number in numbers:
        source.seek(number)
        frames.append(_normalised(source))
        durations.append(source.info.get("duration", 0))
    _align_modes(frames)
    return Decoded(inspected.extension, frames, durations, source.info.get("loop")), _turn(source)


def _align_modes(frames: list[Image.Image]) -> None:
    if len({frame.mode for frame in frames}) > 1:
        for index, frame in enumerate(frames):
            frames[index] = frame.convert("RGBA")


def _turn(source: ImageFile.ImageFile) -> Image.Transpose | None:
    try:
        return _TURNS.get(source.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001  # Damaged EXIF data must not cost the picture; Pillow has no error of its own for it.
        return None


def _normalised(source: ImageFile.ImageFile) -> Image.Image:
    """The current frame as a new RGB or RGBA picture in sRGB that carries nothing else."""
    source.load()
    picture = _in_srgb(_in_eight_bits(source), source.info.get("icc_profile"))
    picture.info.clear()
    return picture


def _in_eight_bits(source: Image.Image) -> Image.Image:
    """The picture in a mode that colour profiles are made for: itself in L or CMYK, or a new one in RGB or RGBA."""
    if source.mode.startswith("I"):  # 16 bits of grey; converting alone would cut all above 255 to white.
        return source.point(lambda level: level * (1 / 257)).convert("L")
    if source.has_transparency_data:
        return source.convert("RGBA")
    return source if source.mode in {"L", "CMYK"} else source.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        transformed = _transformed(picture, mode, profile) if profile else picture
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A damaged profile, or one for other colours than the picture has, is passed over, as browsers do.
        transformed = picture
    return transformed if transformed.mode == mode else transformed.convert(mode)


def _transformed(picture: Image.Image, mode: str, profile: bytes) -> Image.Image:
    # In place where the mode stays: half the time and half the memory.
    in_place = picture.mode == mode
    embedded, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
    changed = ImageCms.profileToProfile(picture, embedded, srgb, outputMode=mode, inPlace=in_place)
    return changed or picture
