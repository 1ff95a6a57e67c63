"""Draws pictures, on several processors when there are many."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from random import Random
from typing import NamedTuple

from minitwitter.media.processing import ProcessedImage, process, process_avatar

# Starting processes takes a second, as drawing so many pictures does.
_FEW = 40
_MOST_PROCESSES = 4
_AT_ONCE = 8


class Order(NamedTuple):
    """A picture to draw: a scene, or an avatar when that is empty. The same seed gives the same picture."""

    seed: str
    scene: str = ""


def draw(order: Order) -> ProcessedImage:
    """The picture as an upload would have become it."""
    from minitwitter.demo.pictures import avatars, scenes

    rng = Random(order.seed)  # noqa: S311  (repeatable on purpose)
    if order.scene:
        return process(BytesIO(scenes.draw(order.scene, rng)))
    return process_avatar(BytesIO(avatars.draw(rng)))


@contextmanager
def drawing(orders: Sequence[Order]) -> Iterator[Iterator[ProcessedImage]]:
    """The pictures in the order they were asked for, while the block lasts; those that are next are being drawn."""
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES)
    if len(orders) < _FEW or processes == 1:
        yield map(draw, orders)
        return
    # Not forked: this process has connections to the database.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_leave_interrupts_to_parent)
    try:
        yield pool.map(draw, orders, chunksize=_AT_ONCE)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
