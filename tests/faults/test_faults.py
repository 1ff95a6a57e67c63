"""Every fault, for a second or two: the short form of `make faults`."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.bench import Bench, bench
from tests.faults.catalogue import POSTGRESQL, SQLITE, Fault
from tests.faults.suite import faults

DATABASE = POSTGRESQL if os.environ.get("DATABASE_URL", "").startswith("postgres") else SQLITE

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def place() -> Iterator[Bench]:
    """One instance for all faults, as in the long form."""
    with bench(DATABASE, short=True) as made:
        yield made


@pytest.mark.parametrize("fault", faults(DATABASE, short=True), ids=lambda fault: fault.name.replace(" ", "-"))
def test_stands(fault: Fault, place: Bench) -> None:
    try:
        report = fault.run(place)
    finally:
        place.repair()
    if report.skipped:
        pytest.skip(report.skipped)
    assert report.verdict == "ok", report
