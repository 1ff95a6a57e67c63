"""Carry out deploy/Dockerfile without a container engine: its steps in their order, in a new folder.

Paths of the image are paths below that folder, and the base image is the Python that runs this. What this cannot show
is what only an engine does: the base image itself, layers, and the isolation of a container.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
# The folders that the image has of its own. A path below another one would be one of this machine.
IMAGE_FOLDERS = ("/opt/minitwitter", "/src", "/data")
_IMAGE_PATH = re.compile(rf"(?<![\w./-])({'|'.join(map(re.escape, IMAGE_FOLDERS))})(?![\w-])")
# Programs of the base image that steps call.
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


class BuildError(Exception):
    """A step failed, or the Dockerfile has something that this cannot carry out. The message says which."""


class Instruction(NamedTuple):
    """One line of a Dockerfile."""

    name: str
    arguments: str


def instructions(dockerfile: Path) -> list[Instruction]:
    """The instructions of the file, without comments, each on one line."""
    lines = [line for line in dockerfile.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    parts = [line.strip().partition(" ") for line in joined.splitlines() if line.strip()]
    return [Instruction(name.upper(), arguments.strip()) for name, _, arguments in parts]


@dataclass
class Image:
    """What the last stage leaves: the folder that is its root, and how a container of it starts."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def here(self, text: str) -> str:
        """The text with the image's paths as they are on this machine."""
        return _IMAGE_PATH.sub(lambda match: f"{self.folder}{match[1]}", text)

    def variables(self, more: Mapping[str, str]) -> dict[str, str]:
        """The environment of a process in it."""
        base = {"PATH": f"{self.folder}.bin:{_SYSTEM_PATH}"}
        own: dict[str, str] = {}
        for name, value in self.environment.items():
            own[name] = self.here(value).replace("$PATH", own.get("PATH", base["PATH"]))
        return {**base, **own, **more}

    @property
    def user_ids(self) -> tuple[int, int]:
        """The numbers of the user and the group."""
        user, _, group = self.user.partition(":")
        return int(user), int(group)


def build(dockerfile: Path, context: Path, folder: Path) -> Image:
    """Carry out all stages; the image's root becomes `folder`, which must not be there. Raises BuildError."""
    _make_base(folder)
    stages: dict[str, Path] = {}
    image, stage = Image(folder), ""
    for step in instructions(dockerfile):
        if step.name != "FROM":
            _carry_out(image, step, context, stages)
            continue
        if folder.exists():
            # What was installed knows its path, so the next stage gets the same one.
            kept = Path(f"{folder}.{stage or len(stages)}")
            folder.rename(kept)
            stages[stage] = kept
        folder.mkdir()
        stage = step.arguments.partition(" AS ")[2]
        image = Image(folder)
    for kept in stages.values():
        shutil.rmtree(kept)
    return image


def _make_base(folder: Path) -> None:
    """The base image's Python, and where only root may give files away, a `chown` that does nothing."""
    programs = Path(f"{folder}.bin")
    programs.mkdir()
    prefix = Path(sys.base_prefix)
    if os.geteuid() != 0:
        (programs / "chown").symlink_to(shutil.which("true") or "/bin/true")
    elif not _is_open_to_all(prefix):
        # It finds its library beside itself, so it may be moved.
        prefix = Path(f"{folder}.python")
        unneeded = shutil.ignore_patterns("test", "__pycache__", "site-packages", "*.a", "share")
        shutil.copytree(sys.base_prefix, prefix, symlinks=True, ignore=unneeded)
    (programs / "python3").symlink_to(prefix / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


def _is_open_to_all(path: Path) -> bool:
    """Whether other users get there: the Python of root's home folder is no use to the image's user."""
    return all(place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents))


def _carry_out(image: Image, step: Instruction, context: Path, stages: Mapping[str, Path]) -> None:
    match step.name:
        case "RUN":
            _run(image, step.arguments)
        case "COPY":
            _copy(image, step.arguments, context, stages)
        case "WORKDIR":
            image.directory = step.arguments
            Path(image.here(step.arguments)).mkdir(parents=True, exist_ok=True)
        case "ENV":
            image.environment |= dict(_pairs(step.arguments))
        case "USER":
            image.user = step.arguments
        case "ENTRYPOINT":
            image.entrypoint = json.loads(step.arguments)
        case "CMD":
            image.command = json.loads(step.arguments)
        case "HEALTHCHECK":
            image.healthcheck = json.loads(step.arguments.partition("CMD ")[2])
        case "ARG" | "EXPOSE" | "VOLUME":
            pass  # Nothing to do outside of an engine.
        case _:
            raise BuildError(f"{step.name} is not known to tools/image.py: add it there.")


def _pairs(arguments: str) -> Iterator[tuple[str, str]]:
    for pair in shlex.split(arguments):
        name, _, value = pair.partition("=")
        yield name, value


def _run(image: Image, command: str) -> None:
    print(f"RUN {command}", flush=True)
    # The rest of the caller's environment says where packages come from.
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HOME", "SSL_", "LANG"))}
    result = subprocess.run(
        ["/bin/sh", "-c", image.here(command)],
        cwd=image.here(image.directory) if image.directory != "/" else image.folder,
        env={**kept, **image.variables({})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise BuildError(f"This step failed with exit code {result.returncode}: RUN {command}\n{result.stdout}")


def _copy(image: Image, arguments: str, context: Path, stages: Mapping[str, Path]) -> None:
    print(f"COPY {arguments}", flush=True)
    *sources, target = shlex.split(arguments)
    base = context
    if sources[0].startswith("--from="):
        base = stages[sources.pop(0).partition("=")[2]]
    place = Path(image.here(target))
    if not place.is_absolute():
        place = Path(image.here(image.directory)) / place
    for source in sources:
        # Paths of another stage are absolute there.
        _copy_one(base / source.lstrip("/"), place, into=target.endswith("/"))


def _copy_one(source: Path, place: Path, *, into: bool) -> None:
    if not source.exists():
        raise BuildError(f"COPY: {source} is missing; does .dockerignore leave it out?")
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
        return
    target = place / source.name if into else place
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def copy_context(folder: Path, root: Path = ROOT) -> None:
    """Copy what an engine would be sent, by .dockerignore: `*`, then `!path` for what is let in, `**/name` for never.

    Raises BuildError for another kind of line.
    """
    lines = [line.strip() for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines()]
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    never = [rule.removeprefix("**/") for rule in rules if rule.startswith("**/")]
    if rules[:1] != ["*"] or len(rules) != 1 + len(allowed) + len(never):
        raise BuildError(".dockerignore has a line that tools/image.py does not know: add it there.")
    for name in allowed:
        _copy_allowed(root / name, folder / name, never)


def _copy_allowed(source: Path, target: Path, never: Sequence[str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=lambda _, names: [n for n in names if _matches(n, never)])
    else:
        shutil.copy(source, target)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
