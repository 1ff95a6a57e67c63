"""The plots of docs/performance.md."""

from pathlib import Path
from typing import Any

from benchmarks.cases import CASES
from benchmarks.instances import POSTGRESQL, SQLITE
from benchmarks.report import RUNS, costs_by_size, growth_name

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "img"
COLOURS = {SQLITE: "#2a78b5", POSTGRESQL: "#d9822b"}


def standard(results: dict[str, Any]) -> None:
    """CPU by case, on a logarithmic axis, with the textbook and the floor beside it."""
    plt = _pyplot()
    figures = [figure for outcome in results["outcomes"] for figure in outcome["figures"]]
    labels = [("product", case.name, case.title) for case in CASES]
    labels += [("textbook", case.name, f"{case.title} (textbook)") for case in CASES if case.peer]
    labels += [("floor", "floor", "an empty Django view")]
    canvas, axes = plt.subplots(figsize=(9, 7))
    for shift, (database, colour) in zip((0.2, -0.2), COLOURS.items(), strict=True):
        for place, (subject, case, _) in enumerate(reversed(labels)):
            key = (subject, case, database)
            for figure in figures:
                if (figure["subject"], figure["case"], figure["database"]) == key:
                    cost = figure["server_cpu"] + figure["database_cpu"]
                    axes.barh(place + shift, cost, height=0.38, color=colour)
                    axes.text(cost * 1.05, place + shift, f"{cost:.2f}", va="center", fontsize=7)
        axes.barh(0, 0, color=colour, label=database)
    axes.set_xscale("log")
    axes.set_yticks(range(len(labels)), [label for _, _, label in reversed(labels)], fontsize=8)
    axes.set_xlabel("CPU milliseconds a request, server and database together")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    _save(canvas, "performance-cpu.svg")


def growth(results: dict[str, Any]) -> None:
    """CPU by size."""
    plt = _pyplot()
    canvas, axes = plt.subplots(figsize=(9, 4))
    points = results["points"]
    cases = list(dict.fromkeys(point["figure"]["case"] for point in points))
    for case, style in zip(cases, ("o-", "s--", "^:", "v-.", "D-", "x--", "+:"), strict=False):
        for database, colour in COLOURS.items():
            if costs := sorted(costs_by_size(points, case, database).items()):
                axes.plot(*zip(*costs, strict=True), style, color=colour, markersize=4, label=f"{case}, {database}")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(RUNS[results["run"]])
    axes.set_ylabel("CPU milliseconds a request")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    _save(canvas, f"performance-{growth_name(results['run'])}.svg")


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("svg")
    # The text stays text, and the same results make the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "minitwitter"})
    import matplotlib.pyplot as plt

    return plt


def _save(canvas: Any, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    canvas.tight_layout()
    canvas.savefig(FOLDER / name, metadata={"Date": None})
