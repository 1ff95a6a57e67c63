"""The page of results: tables between markers, and nothing else changed."""

from typing import Any

import pytest

from benchmarks import report
from benchmarks.cases import CASES

MACHINE = {"date": "2026-05-01", "system": "Linux, 2 cores", "Python": "3.11.7", "SQLite": "3.46"}


def figure(case: str, database: str, subject: str = "product", cpu: tuple[float, float] = (0.4, 0.0)) -> dict[str, Any]:
    return {
        "case": case,
        "title": case,
        "database": database,
        "subject": subject,
        "server_cpu": cpu[0],
        "database_cpu": cpu[1],
        "rate": 3456.7,
        "p50": 1.23,
        "p99": 4.56,
        "received": 10689.4,
        "requests": 100,
        "errors": 0,
    }


def outcome(database: str, *figures: dict[str, Any], memory: int = 0) -> dict[str, Any]:
    return {
        "database": database,
        "figures": list(figures),
        "start": 1.234,
        "server_memory": 150_400_000,
        "database_memory": memory,
    }


def test_a_standard_run_becomes_three_tables() -> None:
    results = {
        "machine": MACHINE,
        "outcomes": [
            outcome(
                "SQLite",
                figure("feed", "SQLite"),
                figure("feed", "SQLite", "textbook", (40.0, 0.0)),
                figure("floor", "SQLite", "floor", (0.1, 0.0)),
                {**figure("like", "SQLite"), "errors": 2},
            ),
            outcome("PostgreSQL", figure("feed", "PostgreSQL", cpu=(0.5, 0.1)), memory=99_600_000),
        ],
    }

    lines = report.standard(results).splitlines()

    assert lines[0] == "Measured 2026-05-01 on Linux, 2 cores, Python 3.11.7, SQLite 3.46."
    assert len(lines) == 1 + 1 + (2 + len(CASES)) + 1 + (2 + 1) + 1 + (2 + 2)
    assert lines[4] == (
        "| home feed, first page of 20 | **0.40**, goal 0.45 | **0.60** (0.50 + 0.10), goal 0.75 | 3,457 | 3,457"
        " | 1.2 / 4.6 | 1.2 / 4.6 | 10,689 |"
    )
    assert "| like toggle | **0.40**, goal 1.0, 2 errors | - | 3,457 | - | 1.2 / 4.6 | - / - | 10,689 |" in lines
    assert "| home feed, first page of 20, SQLite | 0.40 | 40.00 | 0.100 | 1/100 | 4.0 x |" in lines
    assert lines[-2:] == ["| SQLite | 1.23 s | 150 MB | - |", "| PostgreSQL | 1.23 s | 150 MB | 100 MB |"]


def test_a_growth_run_becomes_a_table() -> None:
    points = [
        {"size": 20_000, "figure": figure("feed", "SQLite", cpu=(0.4, 0.0))},
        {"size": 5_000_000, "figure": figure("feed", "SQLite", cpu=(0.5, 0.0))},
        {"size": 5_000_000, "figure": figure("feed", "PostgreSQL", cpu=(0.5, 0.1))},
    ]

    text = report.growth({"machine": MACHINE, "run": "tweets", "points": points})

    assert text == (
        "Measured 2026-05-01 on Linux, 2 cores, Python 3.11.7, SQLite 3.46.\n\n"
        "![CPU by tweets in the database](img/performance-growth-tweets.svg)\n\n"
        "CPU ms a request by tweets in the database:\n\n"
        "|  | 20,000 | 5,000,000 | grows |\n"
        "| --- | --- | --- | --- |\n"
        "| feed, SQLite | 0.40 | 0.50 | 1.2 x |\n"
        "| feed, PostgreSQL | - | 0.60 | 1.0 x |\n"
    )


def test_what_stands_around_the_markers_stays() -> None:
    page = "before\n<!-- a: written by the benchmark -->\nold\n<!-- end of a -->\nafter\n"

    once = report.between(page, "a", "new\n")

    assert once == "before\n<!-- a: written by the benchmark -->\n\nnew\n\n<!-- end of a -->\nafter\n"
    assert report.between(once, "a", "new\n") == once


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines <!-- b: written by the benchmark --> and <!-- end of b -->"):
        report.between("before\n<!-- b: written by the benchmark -->\nafter\n", "b", "new\n")


def test_the_page_in_the_checkout_has_the_markers() -> None:
    page = report.PAGE.read_text(encoding="utf-8")

    for name in (report.STANDARD, *map(report.growth_name, report.RUNS)):
        assert "new" in report.between(page, name, "new")
