"""Measures what a release must hold and prints it beside the bars: `make bench`, `make bench ARGS=--table`.

It starts a durable PostgreSQL of its own (or takes the one DATABASE_URL names, whose database it fills
and does not clean), seeds people and companies, and asks one granian server. Everything compared is
asked over the same connections in turns, so that what else the machine does hits all sides alike.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.database import database  # noqa: E402
from benchmarks.report import FULL, QUICK, Report  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small data set and short rounds")
    # Parts of their own, which the main run leaves out:
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument(
        "--table",
        action="store_true",
        help="reads and writes over REST and GraphQL, by item: requests/s and CPU of server + PostgreSQL, of"
        " Fourgate, of hand-written views that send the same SQL and of a plain DRF + graphene-django application,"
        " with ratios and bars, 1, 8 and 32 at a time",
    )
    parts.add_argument(
        "--profile",
        metavar="ITEM",
        help="where an item of the table (all: each) spends its Python time, and what EXPLAIN (ANALYZE, BUFFERS) says"
        " of its statement",
    )
    parts.add_argument(
        "--waits",
        action="store_true",
        help="what users wait for at 100,000 people, and what others wait meanwhile: import, export, a field made and"
        " deleted, an upsert, a group by, a search",
    )
    parts.add_argument(
        "--growth",
        action="store_true",
        help="the items over 10,000 to 1,000,000 records and 1 to 1,000 workspaces, drawn to .data/benchmarks/*.svg;"
        " what `make bench LARGE=1` runs",
    )
    parts.add_argument("--million", action="store_true", help="one object of a million records (--quick: 50,000)")
    parts.add_argument("--large-model", action="store_true", help="a data model of 100 objects x 50 fields")
    parts.add_argument("--graphql", action="store_true", help="Core GraphQL against REST and the ordinary executor")
    parts.add_argument("--request-log", action="store_true", help="what it costs, and its pages at a million entries")
    parts.add_argument("--settings-pages", action="store_true", help="every page of the settings in a large workspace")
    arguments = parser.parse_args()
    scale = QUICK if arguments.quick else FULL
    many = 50_000 if arguments.quick else 1_000_000
    report = Report()
    with database() as data_dir:
        if arguments.table:
            from benchmarks.table import measure_table

            measure_table(scale.companies, scale.people, scale.round_s, data_dir)
            print(f"{scale.companies:,} companies, {scale.people:,} people")
        elif arguments.profile:
            from benchmarks.profiling import profile

            profile(arguments.profile, scale.companies, scale.people)
        elif arguments.waits:
            from benchmarks.waits import measure_waits

            measure_waits(report, scale.people)
        elif arguments.growth:
            from benchmarks.growth import measure_growth

            measure_growth(report, is_quick=arguments.quick, turn_s=scale.round_s)
        elif arguments.million:
            from benchmarks.million import measure_million

            measure_million(report, many)
        elif arguments.request_log:
            from benchmarks.request_log import measure_request_log

            measure_request_log(report, many)
        elif arguments.settings_pages:
            from benchmarks.settings_pages import LARGE, SMALL, measure_settings_pages

            measure_settings_pages(report, SMALL if arguments.quick else LARGE)
        elif arguments.large_model:
            from benchmarks.large_model import measure_large_model

            measure_large_model(report)
        elif arguments.graphql:
            from benchmarks.executor import measure_graphql

            measure_graphql(report, scale.companies, scale.people)
        else:
            from benchmarks.overview import measure_overview

            measure_overview(scale, report)
            print(f"\n{scale.companies:,} companies, {scale.people:,} people")
    print(f"\n{os.cpu_count()} cores\n\n{report if report.rows else ''}")


if __name__ == "__main__":
    main()
