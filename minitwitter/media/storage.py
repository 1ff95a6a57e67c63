"""Where image files are kept when nothing else is configured: a local folder."""

import os
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible
from django.utils.encoding import filepath_to_uri


@deconstructible
class LocalStorage(FileSystemStorage):
    """A folder whose files survive a power cut from the moment `save` has returned.

    A file that cannot be written (disk full, read-only) is an OSError, and no part of it is left.
    """

    def _save(self, name: str, content: "File[Any]") -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self.file_permissions_mode or 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._sync_folders(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name

    def _sync_folders(self, path: Path) -> None:
        # A name survives when its folder is synced, and a new folder when the one above it is. Folders in which
        # nothing changed cost microseconds; asking which are new would be a race with other processes.
        above = Path(self.location).parent
        for folder in path.parents:
            _sync_folder(folder)
            if folder == above:
                return

    def url(self, name: str | None) -> str:
        # A page has dozens of these. Without the base class's urljoin each costs a third.
        return f"{self.base_url}{filepath_to_uri(name)}"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
