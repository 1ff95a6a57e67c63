"""The files in deploy/: they are good by their own formats, and name only what there is."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from minitwitter import env
from tests.operating import ROOT, running

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
SYSTEMD_ANALYZE = shutil.which("systemd-analyze")
KNOWN = {option.variable for option in env.OPTIONS.values()}


@pytest.mark.parametrize("file", [*sorted(DEPLOY.glob("*")), ROOT / ".env.example", ROOT / "docs/deployment.md"])
def test_only_options_that_exist_are_named(file: Path) -> None:
    if file.is_file():
        assert set(re.findall(r"\bMINITWITTER_[A-Z_]+\b", file.read_text(encoding="utf-8"))) <= KNOWN


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return content


def test_the_example_of_options_has_what_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    offered = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert asked == offered


def test_the_server_believes_the_proxy_and_nobody_else() -> None:
    services = compose()["services"]
    proxy = services["caddy"]["networks"]["front"]["ipv4_address"]
    assert services["server"]["environment"]["MINITWITTER_TRUSTED_PROXIES"] == proxy
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    assert compose()["networks"]["back"] == {"internal": True}
    assert services["database"]["networks"] == ["back"]


def test_the_server_has_nothing_it_does_not_need() -> None:
    server = compose()["services"]["server"]
    assert (server["read_only"], server["cap_drop"]) == (True, ["ALL"])
    assert server["security_opt"] == ["no-new-privileges:true"]


def test_the_files_pass_their_own_checkers(tmp_path: Path) -> None:
    commands: list[list[str | Path]] = [
        [BIN / "hadolint", DEPLOY / "Dockerfile"],
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"],
        [BIN / "caddy", "validate", "--config", DEPLOY / "Caddyfile"],
    ]
    variables = {"SITE_ADDRESS": "tweets.example.org", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for command in commands:
        result = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
    shown = subprocess.run(
        [BIN / "caddy", "fmt", "--diff", DEPLOY / "Caddyfile"], capture_output=True, text=True, check=False
    )
    assert not re.search(r"^[-+]", shown.stdout, re.MULTILINE), shown.stdout


def test_caddy_does_for_the_server_what_operations_say(tmp_path: Path) -> None:
    command = [str(BIN / "caddy"), "adapt", "--config", str(DEPLOY / "Caddyfile")]
    variables = {"SITE_ADDRESS": "tweets.example.org", "HOME": str(tmp_path)}
    shown = subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout
    (server,) = json.loads(shown)["apps"]["http"]["servers"].values()
    assert (server["listen"], server["max_header_bytes"]) == ([":443"], 32_000)
    assert (server["read_header_timeout"], server["idle_timeout"]) == (10_000_000_000, 120_000_000_000)
    buffers, limits = re.findall(r'"request_buffers":(\d+)', shown), re.findall(r'"max_size":(\d+)', shown)
    # Whatever the server would take is received whole first.
    from django.conf import settings

    assert buffers == limits
    assert int(buffers[0]) > settings.MAX_BODY_BYTES


@pytest.mark.skipif(SYSTEMD_ANALYZE is None, reason="needs systemd")
def test_the_unit_is_valid_and_confined(tmp_path: Path) -> None:
    unit = (DEPLOY / "minitwitter.service").read_text(encoding="utf-8")
    copy = tmp_path / "minitwitter.service"
    copy.write_text(unit.replace("/opt/minitwitter/bin/minitwitter", "/bin/true"), encoding="utf-8")

    for command in (["verify", str(copy)], ["security", "--offline=true", "--threshold=20", str(copy)]):
        result = subprocess.run([SYSTEMD_ANALYZE or "", *command], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


def test_the_health_check_tells_a_server_from_none(tmp_path: Path) -> None:
    def check(port: int, hosts: str) -> subprocess.CompletedProcess[str]:
        variables = {"MINITWITTER_PORT": str(port), "MINITWITTER_ALLOWED_HOSTS": hosts}
        command = [sys.executable, str(DEPLOY / "healthcheck.py")]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    with running(tmp_path, MINITWITTER_ALLOWED_HOSTS="tweets.example.org") as server:
        assert check(server.port, "tweets.example.org").returncode == 0
        assert (check(server.port, "").returncode, check(server.port, "").stderr) == (1, "The server answers 400.\n")
    gone = check(server.port, "tweets.example.org")
    assert (gone.returncode, gone.stderr[:27]) == (1, "The server does not answer:")
