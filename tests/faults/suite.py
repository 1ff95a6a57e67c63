"""All faults, in the order in which an instance suffers them."""

from tests.faults import background, crash, disk, outage, overload, races, sessions
from tests.faults.catalogue import FAULTS, Fault

MODULES = (races, sessions, disk, background, outage, crash, overload)


def faults(database: str, words: tuple[str, ...] = (), *, short: bool) -> list[Fault]:
    """The faults of a short or a full run for a database, whose names hold all of the words."""
    names = [module.__name__ for module in MODULES]
    ordered = sorted(FAULTS, key=lambda fault: names.index(fault.run.__module__))
    return [
        fault
        for fault in ordered
        if database in fault.databases
        and (fault.in_short or not short)
        and all(word.lower() in fault.name.lower() for word in words)
    ]
