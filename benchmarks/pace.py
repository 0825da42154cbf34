"""How fast this machine is beside the one that the bars were made on.

Its yardstick is the hand-written view that gets one record: Django, the driver and PostgreSQL, nothing of Fourgate's
but the SQL. What it costs here by what it cost there is the pace: 2 means that all takes twice as long.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from pathlib import Path

BARS_MS = 0.27  # CPU of server and PostgreSQL on the machine of the bars, eight requests at a time
CLIENTS = 8
TURN_S = 1.0
TURNS = 5


def measure_pace() -> float:
    """Pace, as the median of some turns, beside a small workspace of its own."""
    from benchmarks.database import database_cpu_s
    from benchmarks.ground import Ground
    from benchmarks.load import clients
    from benchmarks.server import serving
    from benchmarks.statements import handwritten_statements
    from tests.server import free_port

    ground = Ground(50, 500, upserting=1)
    items = ground.items.all()
    [item] = [each for each in items if each.key == "rest-one"]
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "statements.json"
        file.write_text(json.dumps(handwritten_statements(items, ground.inside, ground.workspace)))
        with (
            serving(free_port(), os.cpu_count() or 1, {"BENCHMARK_STATEMENTS": str(file)}) as server,
            clients(server.port, CLIENTS) as load,
        ):
            requests = ground.requests(item, "by hand")
            load.run(requests, TURN_S)
            for _ in range(TURNS):
                before = server.cpu_s() + database_cpu_s()
                done = load.run(requests, TURN_S)
                costs.append((server.cpu_s() + database_cpu_s() - before) / done.answers * 1000)
    return statistics.median(costs) / BARS_MS
