"""The two files of an image come and go together."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from minitwitter.media import files
from minitwitter.media.models import Image
from minitwitter.media.processing import ProcessedImage

PROCESSED = ProcessedImage(b"an image", b"a thumbnail", "png", 30, 20, "LyEo_noff7ofoUfOfQfOfUfRfQfR")


def stored_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_storing_writes_both_files_and_returns_an_unsaved_row(media_folder: Path) -> None:
    image = files.store(PROCESSED, owner_id=7)

    assert stored_files(media_folder) == {image.name: b"an image", image.thumbnail_name: b"a thumbnail"}
    assert re.fullmatch("[0-9a-f]{32}", image.key)
    assert datetime.now(UTC) - image.created_at < timedelta(minutes=1)
    values = {field.name: getattr(image, field.name) for field in Image._meta.concrete_fields}
    assert values == {
        "id": None,
        "owner_id": 7,
        "key": image.key,
        "extension": "png",
        "width": 30,
        "height": 20,
        "size": 19,
        "blurhash": "LyEo_noff7ofoUfOfQfOfUfRfQfR",
        "is_hidden": False,
        "created_at": image.created_at,
        "deleted_at": None,
    }


def test_two_images_never_share_a_name() -> None:
    assert files.store(PROCESSED, owner_id=7).key != files.store(PROCESSED, owner_id=7).key


def test_nothing_is_left_when_the_thumbnail_cannot_be_written(
    media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = default_storage.save, []

    def fail_second(name: str, content: "ContentFile[bytes]") -> str:
        calls.append(name)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(name, content)

    monkeypatch.setattr(default_storage._wrapped, "save", fail_second)  # type: ignore[attr-defined]  # A lazy object.
    with pytest.raises(OSError, match="No space left"):
        files.store(PROCESSED, owner_id=7)
    assert len(calls) == 2
    assert stored_files(media_folder) == {}


def test_the_files_stay_when_the_block_succeeds(media_folder: Path) -> None:
    with files.stored(PROCESSED, owner_id=7) as image:
        pass

    assert stored_files(media_folder).keys() == {image.name, image.thumbnail_name}


def test_the_files_go_when_the_block_fails(media_folder: Path) -> None:
    seen: list[str] = []

    def fail() -> None:
        seen.extend(stored_files(media_folder))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), files.stored(PROCESSED, owner_id=7):
        fail()
    assert len(seen) == 2
    assert stored_files(media_folder) == {}


def test_the_failure_of_the_block_is_told_even_when_removing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(image: Image) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "remove", away)
    with pytest.raises(ZeroDivisionError), files.stored(PROCESSED, owner_id=7):
        raise ZeroDivisionError


def test_removing_twice_is_no_error(media_folder: Path) -> None:
    image = files.store(PROCESSED, owner_id=7)

    files.remove(image)
    assert stored_files(media_folder) == {}
    files.remove(image)


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "gif"])
def test_addresses_need_only_the_key_and_the_extension(extension: str) -> None:
    key = "0123456789abcdef" * 2
    image = Image(key=key, extension=extension)

    assert files.url_path(key, extension) == f"/media/01/{key}.{extension}" == default_storage.url(image.name)
    assert files.thumbnail_url_path(key) == f"/media/01/{key}-small.webp" == default_storage.url(image.thumbnail_name)
