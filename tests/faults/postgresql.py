"""The PostgreSQL server of the fault suite: the one of `tools/`, told to be durable."""

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager

from tests.operating import ROOT

# The tools are scripts beside each other, no package.
sys.path.append(str(ROOT / "tools"))

import embedded_database

Server = embedded_database.Server
StartError = embedded_database.StartError


def installed(settings: Mapping[str, str]) -> AbstractContextManager[Server]:
    """A server that is not started yet and loses no committed transaction when it is killed."""
    return embedded_database.installed({**embedded_database.DURABLE, **settings})
