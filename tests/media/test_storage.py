"""The local folder: what is acknowledged is on the disk, and what failed is not."""

import os
import stat
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from minitwitter.media.storage import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(location=tmp_path / "media", base_url="/media/")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that fsync was called for, in order."""
    paths: list[str] = []
    real = os.fsync

    def record(descriptor: int) -> None:
        paths.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return paths


def everything_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_kept_as_it_was_given(storage: LocalStorage, tmp_path: Path) -> None:
    assert storage.save("ab/picture.png", ContentFile(b"12345")) == "ab/picture.png"
    assert (tmp_path / "media/ab/picture.png").read_bytes() == b"12345"
    assert storage.size("ab/picture.png") == 5


def test_the_file_and_every_folder_above_it_are_synced(
    storage: LocalStorage, tmp_path: Path, synced: list[str]
) -> None:
    storage.save("ab/picture.png", ContentFile(b"12345"))

    expected = [tmp_path / "media/ab/picture.png", tmp_path / "media/ab", tmp_path / "media", tmp_path]
    assert synced == [str(path) for path in expected]


def test_a_file_has_the_permissions_of_djangos_setting(storage: LocalStorage, tmp_path: Path) -> None:
    storage.save("ab/picture.png", ContentFile(b"12345"))

    assert stat.S_IMODE((tmp_path / "media/ab/picture.png").stat().st_mode) == 0o644


def test_a_full_disk_is_an_oserror_and_leaves_no_part_of_the_file(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        storage.save("ab/picture.png", ContentFile(b"12345"))
    assert everything_below(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "media").write_bytes(b"a file stands where the folder should be")

    with pytest.raises(OSError, match=r"exists|directory"):
        LocalStorage(location=tmp_path / "media").save("ab/picture.png", ContentFile(b"12345"))
    assert everything_below(tmp_path) == ["media"]


def test_a_file_is_never_overwritten(storage: LocalStorage, tmp_path: Path) -> None:
    storage.save("ab/picture.png", ContentFile(b"first"))

    with pytest.raises(FileExistsError):
        storage._save("ab/picture.png", ContentFile(b"second"))
    assert (tmp_path / "media/ab/picture.png").read_bytes() == b"first"


def test_an_address_is_the_name_below_the_base(storage: LocalStorage) -> None:
    assert storage.url("ab/picture.png") == "/media/ab/picture.png"
    assert storage.url("ab/a b?.png") == "/media/ab/a%20b%3F.png"
