"""How much is measured, and the table of what was."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scale:
    companies: int
    people: int
    round_s: float
    rounds: int
    batches: int  # of 60 records, per kind of write
    changes: int  # of the data model
    workspaces: int  # further ones, for their memory


FULL = Scale(10_000, 100_000, 1.0, 9, 150, 7, 10)
QUICK = Scale(500, 5_000, 0.4, 3, 30, 3, 10)


@dataclass
class Report:
    """The table. A row's bar is a comparison and a number; rows without one only inform."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, work: str, shown: str, value: float | None = None, bar: str = "") -> None:
        verdict = ""
        if value is not None and bar:
            sign, limit = bar.split(" ")[:2]
            passed = value >= float(limit.replace(",", "")) if sign == "≥" else value <= float(limit.replace(",", ""))
            verdict = "PASS" if passed else "FAIL"
        self.rows.append((work, shown, bar, verdict))
        print("  ".join(part for part in self.rows[-1] if part), file=sys.stderr)

    def __str__(self) -> str:
        table = [("Work", "Measured", "Bar", "")] + self.rows
        widths = [max(len(row[place]) for row in table) for place in range(4)]
        lines = [
            "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        return "\n".join([lines[0], "-" * sum(widths), *lines[1:]])
