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
    """The table. A row's bar is a comparison and a number; rows without one only inform.

    A bar of time or of what is done in a second was made on another machine. It is judged as it stands, and, once the
    pace of this one is known (`benchmarks.pace`), with the bar as far away as this machine is slower.
    """

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    pace: float | None = None

    def add(self, work: str, shown: str, value: float | None = None, bar: str = "", *, is_timed: bool = False) -> None:
        verdict = ""
        if value is not None and bar:
            sign, text = bar.split(" ")[:2]
            limit = float(text.replace(",", ""))
            verdict = _verdict(value, sign, limit)
            if is_timed and self.pace is not None:
                at_pace = limit / self.pace if sign == "≥" else limit * self.pace
                verdict += f", at pace {_verdict(value, sign, at_pace)}"
        self.rows.append((work, shown, bar, verdict))
        print("  ".join(part for part in self.rows[-1] if part), file=sys.stderr)

    def __str__(self) -> str:
        table = [("Work", "Measured", "Bar", "")] + self.rows
        widths = [max(len(row[place]) for row in table) for place in range(4)]
        lines = [
            "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        return "\n".join([lines[0], "-" * sum(widths), *lines[1:]])


def _verdict(value: float, sign: str, limit: float) -> str:
    return "PASS" if (value >= limit if sign == "≥" else value <= limit) else "FAIL"
