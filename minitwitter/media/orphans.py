"""Files in the storage that no row names: what is left when a process is killed between the file and its row."""

import re
from datetime import datetime

from django.core.files.storage import default_storage

from minitwitter.media.models import Image

# Images lie in folders named by the first two hexadecimal digits of their keys.
FOLDERS = 256
# The names that `Image` gives to its two files. Anything else in the folder is not ours to remove.
_NAME = re.compile(r"(?P<key>[0-9a-f]{32})(?:-small)?\.[a-z0-9]{1,4}")


def remove_orphans(folder: int, *, before: datetime) -> int:
    """Remove the files of that folder (0 to FOLDERS - 1) that are older and have no row. Returns how many.

    `before` must be long enough ago for any upload to have ended: a file is written before its row.
    """
    path = f"{folder:02x}"
    # Listed before the rows are read, so that no file is taken for older than its row.
    names = [(match["key"], match.string) for name in _names(path) if (match := _NAME.fullmatch(name))]
    known = set(Image.objects.filter(key__gte=path, key__lt=f"{path}g").values_list("key", flat=True))
    orphans = [f"{path}/{name}" for key, name in names if key not in known]
    old = [name for name in orphans if default_storage.get_modified_time(name) < before]
    for name in old:
        default_storage.delete(name)
    return len(old)


def _names(path: str) -> list[str]:
    try:
        return default_storage.listdir(path)[1]
    except FileNotFoundError:  # A local storage that has no image with these digits.
        return []
