"""The product's settings, with what only tests need."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Before the product's settings are read: keys and media of a test run go to a folder of its own.
_FOLDER = Path(tempfile.mkdtemp(prefix="minitwitter-tests-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
os.environ["MINITWITTER_DATA_DIR"] = str(_FOLDER)

from minitwitter.settings import *  # noqa: E402, F403  # A settings file that extends another is written so.
from minitwitter.settings import ALLOWED_HOSTS, DATABASES  # noqa: E402

ALLOWED_HOSTS += ["testserver"]

# A file, not memory: threads and processes of a test must meet as they do in the product.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(_FOLDER / "test.sqlite3")}

# Argon2 as in the product, but cheap: every test that logs in would wait for the real one.
PASSWORD_HASHERS = ["tests.hashers.CheapArgon2Hasher"]

# A test file would soon be over them. The tests of the limits have counts of their own.
LIMITS = False
