"""Lines over sizes that grow tenfold, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pygal
from pygal.style import CleanStyle

FOLDER = Path(__file__).resolve().parent.parent / ".data" / "benchmarks"


def draw(name: str, title: str, unit: str, sizes: Sequence[int], lines: Mapping[str, Sequence[float]]) -> Path:
    """`lines`: by what was asked, a value for each size. Gives the file, which needs nothing from the network."""
    chart = pygal.Line(js=(), style=CleanStyle, height=600, width=1000, truncate_legend=-1, logarithmic=True)
    chart.title = f"{title}, {unit}"
    chart.x_labels = [f"{size:,}" for size in sizes]
    for work, values in lines.items():
        chart.add(work.strip(" …"), [round(value, 3) for value in values])
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.svg"
    chart.render_to_file(str(path))
    return path
