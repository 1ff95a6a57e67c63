"""The server: what is checked before it starts, and Granian with this project's settings.

The supervisor, which is the process that runs this, loads the application for its workers and never runs it.
"""

import contextlib
import ctypes
import errno
import gc
import importlib
import logging
import multiprocessing
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from types import FrameType
from typing import Any

from minitwitter.env import OPTIONS, ConfigurationError, Options, load
from minitwitter.work import STOP_TIMEOUT, TaskWorkers, start_without_signals, stop_after

APPLICATION = "minitwitter.wsgi"
# How long a client may take to send a request's headers, in milliseconds.
HEADER_TIMEOUT = 10_000
# Headers larger than this many bytes are refused (Granian reads ahead, so up to twice that may pass; its own limit is
# 400 kB).
HEADER_BYTES = 32 * 1024
# How many connections a worker process has at most, idle ones and all.
CONNECTIONS = 512
# mallopt(3): blocks of this many bytes and more are mapped apart, and unmapped when they are freed.
M_MMAP_THRESHOLD, MMAP_THRESHOLD = -3, 256 * 1024
LISTENING_POLL = 0.02
# https://www.sqlite.org/wal.html, "The WAL-reset bug": the versions that have it, but for two that were repaired.
WAL_BUG_FIRST, WAL_BUG_LAST, WAL_BUG_REPAIRED = (3, 7, 0), (3, 51, 2), {(3, 44, 6), (3, 50, 7)}


@dataclass(frozen=True)
class Address:
    """Where the server listens: a numeric address, as Granian wants it."""

    host: str
    port: int
    family: int

    @property
    def reachable_host(self) -> str:
        """The host to connect to from this machine."""
        return _reachable(self.host)

    @property
    def url(self) -> str:
        """The server's address as people on this machine open it."""
        host = self.reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def _reachable(host: str) -> str:
    # Where it listens on every address (the zeros), this machine reaches it by the loopback one.
    return {str(IPv4Address(0)): "127.0.0.1", str(IPv6Address(0)): "::1"}.get(host, host)


def find_address(options: Options) -> Address:
    """The address of the options, after a trial that this process can listen there.

    Granian's workers share their port by SO_REUSEPORT, so two servers on one port would both start and take each
    other's requests; the trial binds without it. Raises ConfigurationError.
    """
    host, port = options.host, options.port
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError):
        raise ConfigurationError(
            f"The host {host} is not known: set {OPTIONS['host'].variable} (or --host) to an address of this machine,"
            " such as 127.0.0.1."
        ) from None
    address = Address(str(place[0]), port, family)
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address.host, port))
        except OSError as error:
            raise ConfigurationError(_why_not(error, host, port)) from None
    return address


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else port - 1
        return (
            f"Port {port} on {host} is in use by another program: stop that, or choose another port with"
            f" --port {other} (or {OPTIONS['port'].variable}={other})."
        )
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}: choose one above 1023 with --port."
    return (
        f"The host {host} cannot be listened on ({error.strerror}): set {OPTIONS['host'].variable} (or --host) to an"
        " address of this machine, such as 127.0.0.1."
    )


def sqlite_note(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """A line for the operator when the linked SQLite has the WAL-reset bug, else nothing."""
    if not WAL_BUG_FIRST <= version <= WAL_BUG_LAST or version in WAL_BUG_REPAIRED:
        return ""
    return (
        f"Note: SQLite {'.'.join(map(str, version))} has a rare bug that can damage a database under several writers"
        " (the WAL-reset bug). Keep backups, and update SQLite to 3.51.3 or newer when your system offers it."
    )


def serve(options: Options, address: Address, banner: str) -> None:
    """Run the server until SIGTERM, SIGINT or SIGHUP. The banner is printed once requests are answered.

    Requests in progress get STOP_TIMEOUT seconds to finish, and so does the background work at hand.
    """
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    server = Granian(
        APPLICATION,
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads,
        backpressure=CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT, max_buffer_size=HEADER_BYTES),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_TIMEOUT,
        # Its warnings about more threads or workers than processors would greet every small machine.
        log_level=LogLevels.error,
    )
    hangup = signal.getsignal(signal.SIGHUP)
    task_workers = TaskWorkers(options.task_workers)
    server.on_startup(lambda: _take_over_signals(server, task_workers, hangup))
    server.on_startup(lambda: _announce(address, banner, task_workers))
    # Told to stop, a process manager may have told the workers too; that they ended is no failure then.
    server.on_shutdown(lambda: server.interrupt_children.clear() if server.interrupt_signal else None)
    preload()
    try:
        server.serve(target_loader=load_application, wrap_loader=False)
    finally:
        task_workers.stop()
        task_workers.join()


def _take_over_signals(server: Any, task_workers: TaskWorkers, hangup: Any) -> None:
    """Say that the server stops, and stop it also when its terminal is closed (Granian would restart its workers)."""
    logging.getLogger("_granian").setLevel(logging.WARNING)

    def stop(number: int, frame: FrameType | None) -> None:
        if not server.interrupt_signal:
            _say(f"Stopping (requests in progress get up to {STOP_TIMEOUT} seconds) ...")
        for worker in server.wrks:
            worker.interrupt_by_parent = True
        task_workers.stop()
        server.signal_handler_interrupt(number, frame)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    if hangup is signal.SIG_IGN:  # Started with nohup.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _say(text: str) -> None:
    """Print, though the terminal may be gone."""
    try:
        os.write(1, f"{text}\n".encode())
    except OSError:
        return


def _announce(address: Address, banner: str, task_workers: TaskWorkers) -> None:
    """Print the banner when the first worker listens, which it does once it has loaded the application.

    Background work begins then, too: loading it earlier would delay the first answers.
    """
    arguments = (address, banner, task_workers)
    start_without_signals(threading.Thread(target=_announce_when_listening, args=arguments, daemon=True))


def _announce_when_listening(address: Address, banner: str, task_workers: TaskWorkers) -> None:
    while not _is_listening(address):
        time.sleep(LISTENING_POLL)
    _say(banner)
    task_workers.start()


def _is_listening(address: Address) -> bool:
    try:
        socket.create_connection((address.reachable_host, address.port), timeout=1).close()
    except OSError:
        return False
    return True


def preload() -> None:
    """Load the application before the worker processes are forked from this one, which never runs it.

    They share the memory that it takes until they write to it: 45 MB less with two of them. What each must have for
    itself (connections, threads, chance) is made in `load_application` or when it is first asked for. Linux only:
    forking is not safe elsewhere, and there each worker loads the application itself.
    """
    if sys.platform != "linux":
        return
    # Named, because Python 3.14 has another default.
    multiprocessing.set_start_method("fork", force=True)
    # The collector marks every object that it looks at, and a page that was written to is shared no more.
    gc.disable()
    importlib.import_module(APPLICATION)
    _load_addresses()
    gc.freeze()
    gc.enable()


def _load_addresses() -> None:
    """Django reads the addresses, and with them all views, at the first request; nobody should wait for that.

    Asked for a view's address, it also makes a table of all of them, 2 MB in each process that makes its own.
    """
    from django.urls import get_resolver, reverse

    _ = get_resolver().url_patterns
    reverse("admin:index")


def load_application() -> Callable[..., Any]:
    """Load the WSGI application in a worker process, with everything the first request needs."""
    _follow_supervisor()
    _return_large_blocks()
    # By name, as servers find their applications: this module stands below the API that it serves.
    module = importlib.import_module(APPLICATION)
    application: Callable[..., Any] = module.application
    options = load()
    start_without_signals(threading.Thread(target=module.bodies.watch, args=(options.port,), daemon=True))
    start_without_signals(threading.Thread(target=module.threads.watch, daemon=True))
    module.line.watch(_reachable(options.host), options.port)
    from minitwitter import stopping
    from minitwitter.core import database, limits

    database.know_threads_only()
    database.wait_briefly(threads=options.threads)
    _load_addresses()
    limits.current()
    stopping.delay()
    return application


def _return_large_blocks() -> None:
    """Give the memory of a decoded picture back to the system when it is freed.

    glibc raises its threshold for that to the size of what was freed, up to 32 MiB, and so would keep up to 200 MB in
    each worker after a few large uploads. A fixed threshold stays. Other C libraries have no such call, nor the need.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD)


def _follow_supervisor() -> None:
    """Leave the signals of a terminal to the supervisor, and end when it ends, however it does."""
    # Ctrl-C and a closed terminal reach every process; a worker that stopped by itself would count as failed.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    # Until Granian sets its own handler, this process has a copy of the supervisor's, which would stop nothing.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        stop_after(supervisor.pid)


def banner(options: Options, address: Address, create_admin: str, setup_code: str = "", demonstrate: str = "") -> str:
    """What an operator should know about the server that just started.

    The code (for the first administrator's account) is for an instance that has no active administrator; `demonstrate`,
    which is a command as `create_admin` is, for one that has no accounts yet.
    """
    base = options.public_url or address.url
    first = ["", "Make the first administrator's account in your browser:", f"  {base}/setup?code={setup_code}"]
    look_around = (
        ["", "Or fill it with a made-up community, to look around:", f"  {demonstrate}"] if demonstrate else []
    )
    lines = [
        f"Mini Twitter answers at {address.url}/",
        f"  {base}/v1/docs/   the API, to read and to try",
        f"  {base}/admin/     the admin",
        *(first if setup_code else []),
        "",
        "Or from another terminal:" if setup_code else "Make an administrator's account, from another terminal:",
        f"  {create_admin}",
        *look_around,
        "",
        f"Data folder: {options.data_dir}",
        f"Database: {_database(options)}",
        "Stop with Ctrl-C.",
    ]
    return "\n".join(lines)


def _database(options: Options) -> str:
    if not options.database_url:
        return f"SQLite, {options.data_dir / Path('db.sqlite3')}"
    return "PostgreSQL" if options.database_url.startswith("postgres") else "as DATABASE_URL says"
