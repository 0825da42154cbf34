"""A soak: mixed load for as long as one likes, with changes of the data model and moves between three databases.

    .venv/bin/python benchmarks/soak.py 20          # minutes
    .venv/bin/python benchmarks/soak.py 20 --rate 50

It prints, for each minute, the memory of every process, the connections of every database and the deliveries that wait;
at the end every kind of answer that came, what was lost or is there twice, and how much of each grew from the first
quarter, after a warm-up, to the last. It fails where an answer is no documented error or a write is not there once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.clusters import Caller, Clusters, clusters, rows  # noqa: E402

SAMPLE_EVERY_S = 10
MOVE_EVERY_S = 90
CHANGE_EVERY_S = 60  # of the data model, five each time: processes remember many versions of it
PLACES = ("west", "default", "east")
WAITS_FOR_MOVES_S = 60
FLAT = 1.10  # the last quarter to the first
RELIEF = 8  # connections of the threads that two processes may add while requests wait
INDEX = "mutation ($input: CreateOneIndexInput!) { createOneIndex(input: $input) { id } }"
EXPECTED = frozenset(("DUPLICATE_ENTRY", "RECORD_NOT_FOUND", "INVALID_ARGS_FILTER", "WORKSPACE_MOVING"))


def is_refused(operation: str, content: bytes) -> bool:
    return operation.startswith("GraphQL") and b'"errors":' in content


@dataclass
class Told:
    """What the clients saw: answers by what was asked, and what was acknowledged."""

    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)  # operation, status, code
    longest_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    faults: list[str] = field(default_factory=list)
    rockets: set[str] = field(default_factory=set)  # that are there
    pings: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, operation: str, status: int, content: bytes, took_s: float) -> None:
        code = ""
        if status >= 400 or is_refused(operation, content):
            body = json.loads(content)
            errors = body.get("errors")
            code = body.get("code") or (errors and errors[0]["extensions"].get("subCode")) or "?"
            if (status >= 500 and code != "WORKSPACE_MOVING") or code not in EXPECTED:
                self.faults.append(f"{operation}: {status} {content[:500]!r}")
        with self.lock:
            self.answers[operation, status, code] += 1
            self.longest_s[operation] = max(self.longest_s[operation], took_s)


class Client(threading.Thread):
    """Does one thing after the other, chosen at random, `a_second` of them."""

    def __init__(self, caller: Caller, told: Told, over: threading.Event, a_second: float, seed: int) -> None:
        super().__init__(daemon=True)
        self.caller, self.told, self.over, self.a_second = caller, told, over, a_second
        self.random = random.Random(seed)
        self.mine: list[str] = []  # rockets that nobody else writes
        self.number = seed * 10_000_000
        self.imported: set[str] = set()  # codes

    def run(self) -> None:
        kinds = {
            self.create: 5, self.create_many: 3, self.create_ping: 4, self.update: 6, self.upsert: 2, self.delete: 2,
            self.read: 8, self.find: 6, self.find_over_graphql: 5, self.group: 1, self.search: 2, self.history: 2,
            self.import_file: 1, self.export: 0.2, self.update_over_graphql: 3, self.refused: 2, self.look_at_model: 1,
        }  # fmt: skip
        due = time.monotonic()
        while not self.over.is_set():
            due = max(due + self.random.expovariate(self.a_second), time.monotonic() - 5)
            self.over.wait(max(0.0, due - time.monotonic()))
            try:
                self.random.choices(list(kinds), list(kinds.values()))[0]()  # type: ignore[arg-type]
            except Exception as fault:
                self.told.faults.append(repr(fault))

    def ask(self, operation: str, method: str, path: str, body: Any = None) -> Any:
        """Until it is done or refused for good; a write under one Idempotency-Key."""
        key = {} if method == "GET" else {"Idempotency_Key": str(uuid4())}
        deadline = time.monotonic() + WAITS_FOR_MOVES_S
        while True:
            began = time.monotonic()
            status, content = self.caller.send(method, path, body, **key)
            self.told.note(operation, status, content, time.monotonic() - began)
            if b"WORKSPACE_MOVING" not in content or time.monotonic() > deadline:
                break
            time.sleep(1)
        if status not in (200, 201) or is_refused(operation, content) or "/export" in path:
            return None
        found = json.loads(content)
        return found["data"] if isinstance(found, dict) else found

    def graphql(self, operation: str, query: str, **variables: Any) -> Any:
        return self.ask(operation, "POST", "/graphql", {"query": query, "variables": variables})

    def rocket(self) -> dict[str, Any]:
        self.number += 1
        return {"name": f"Rocket {self.number}", "code": f"C{self.number}", "speed": self.number % 1000}

    def keep(self, ids: list[str]) -> None:
        self.mine += ids
        with self.told.lock:
            self.told.rockets.update(ids)

    # What it does ------------------------------------------------------------------------------------

    def create(self) -> None:
        if made := self.ask("REST create", "POST", "/rest/rockets", self.rocket()):
            self.keep([made["createRocket"]["id"]])

    def create_many(self) -> None:
        sent = [self.rocket() for _ in range(20)]
        if made := self.ask("REST create 20", "POST", "/rest/batch/rockets", sent):
            self.keep([each["id"] for each in made["createRockets"]])

    def create_ping(self) -> None:
        if made := self.ask("REST create, told", "POST", "/rest/pings", {"name": "Ping"}):
            with self.told.lock:
                self.told.pings.add(made["createPing"]["id"])

    def update(self) -> None:
        if self.mine:
            id = self.random.choice(self.mine)
            self.ask("REST update", "PATCH", f"/rest/rockets/{id}", {"speed": self.random.randrange(1000)})

    def update_over_graphql(self) -> None:
        if self.mine:
            text = "mutation ($id: UUID!, $n: Float) { updateRocket(id: $id, data: {speed: $n}) { id speed } }"
            self.graphql("GraphQL update", text, id=self.random.choice(self.mine), n=self.random.randrange(1000))

    def upsert(self) -> None:
        sent = [self.rocket() for _ in range(3)]
        if made := self.ask("REST upsert 3", "POST", "/rest/batch/rockets?upsert=true", sent):
            self.keep([each["id"] for each in made["createRockets"]])

    def delete(self) -> None:
        if self.mine:
            id = self.mine.pop(self.random.randrange(len(self.mine)))
            if self.ask("REST destroy", "DELETE", f"/rest/rockets/{id}"):
                with self.told.lock:
                    self.told.rockets.discard(id)

    def read(self) -> None:
        """What was acknowledged is there, whichever database it is in by now."""
        if self.mine:
            id = self.mine[-1]
            found = self.ask("REST get one", "GET", f"/rest/rockets/{id}")
            if found is None or found["rocket"]["id"] != id:
                self.told.faults.append(f"{id} was acknowledged and is not read")

    def find(self) -> None:
        speed = self.random.randrange(900)
        self.ask("REST list", "GET", f"/rest/rockets?filter=speed[gte]:{speed}&order_by=speed&limit=60&count=none")

    def find_over_graphql(self) -> None:
        text = "query ($n: Float) { rockets(first: 30, filter: {speed: {lt: $n}}) { edges { node { id name code } } } }"
        self.graphql("GraphQL list", text, n=self.random.randrange(1000))

    def group(self) -> None:
        by = '[{"createdAt":{"granularity":"DAY"}}]'.replace('"', "%22")
        self.ask("REST group by", "GET", f"/rest/rockets/groupBy?group_by={by}")

    def search(self) -> None:
        self.ask("REST search", "GET", f"/rest/search?query=rocket%20{self.number}")

    def history(self) -> None:
        if self.mine:
            self.ask("REST history", "GET", f"/rest/rockets/{self.random.choice(self.mine)}/history")

    def import_file(self) -> None:
        sent = [self.rocket() for _ in range(100)]
        lines = "".join(json.dumps(each) + "\n" for each in sent).encode()
        began = time.monotonic()
        kind = {"Content_Type": "application/x-ndjson"}
        for _ in range(WAITS_FOR_MOVES_S):
            status, content = self.caller.send("POST", "/rest/rockets/import?format=jsonl&upsert=true", lines, **kind)
            self.told.note("REST import 100", status, content, time.monotonic() - began)
            if b"WORKSPACE_MOVING" not in content:
                break
            time.sleep(1)
        if status == 200:
            self.imported |= {each["code"] for each in sent}

    def export(self) -> None:
        self.ask("REST export", "GET", "/rest/rockets/export?format=jsonl")

    def refused(self) -> None:
        """What has to be refused, each by its documented code."""
        which = self.random.randrange(3)
        if which == 0:
            self.ask("REST unknown record", "GET", f"/rest/rockets/{uuid4()}")
        elif which == 1:
            self.ask("REST unknown field", "GET", "/rest/rockets?filter=sped[eq]:1")
        elif self.mine:
            sent = {"code": f"C{self.number}"}
            if made := self.ask("REST duplicate", "POST", "/rest/rockets", sent):  # the last one was destroyed
                self.keep([made["createRocket"]["id"]])

    def look_at_model(self) -> None:
        self.ask("REST objects", "GET", "/rest/metadata/objects")


class Modeller(threading.Thread):
    """Changes the data model all the time: fields come, are renamed, indexed and go."""

    def __init__(self, caller: Caller, object_id: str, every_s: float, told: Told, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.caller, self.object_id, self.every_s, self.told, self.over = caller, object_id, every_s, told, over
        self.changes = 0

    def run(self) -> None:
        number = 0
        while not self.over.wait(self.every_s):
            number += 1
            try:
                of = {"objectMetadataId": self.object_id}
                made = {**of, "type": "NUMBER", "name": f"extra{number}", "label": "Extra"}
                field = self.change("POST", "/rest/metadata/fields", made)["createOneField"]["id"]
                index = {**of, "indexType": "BTREE", "fields": [{"fieldMetadataId": field}]}
                self.change("POST", "/metadata", {"query": INDEX, "variables": {"input": {"index": index}}})
                self.change("PATCH", f"/rest/metadata/fields/{field}", {"name": f"other{number}", "label": "Other"})
                self.change("PATCH", f"/rest/metadata/fields/{field}", {"isActive": False})
                self.change("DELETE", f"/rest/metadata/fields/{field}")
            except Exception as fault:
                self.told.faults.append(f"model: {fault!r}")

    def change(self, method: str, path: str, body: Any = None) -> Any:
        operation = "GraphQL index" if path == "/metadata" else f"Metadata {method}"
        for _ in range(WAITS_FOR_MOVES_S):
            began = time.monotonic()
            status, content = self.caller.send(method, path, body)
            self.told.note(operation, status, content, time.monotonic() - began)
            if b"WORKSPACE_MOVING" not in content:
                break
            time.sleep(1)
        assert status in (200, 201) and not is_refused(operation, content), content
        self.changes += 1
        return json.loads(content)["data"] if content else None


class Mover(threading.Thread):
    def __init__(self, ground: Clusters, workspace: str, every_s: float, told: Told, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.ground, self.workspace, self.every_s, self.told, self.over = ground, workspace, every_s, told, over
        self.held_s: list[float] = []

    def run(self) -> None:
        number = 0
        while not self.over.wait(self.every_s):
            place = PLACES[number % len(PLACES)]
            number += 1
            try:
                said = self.ground.manage("workspace", "move", self.workspace, "--to", place, "--keep", "5")
            except RuntimeError as fault:
                self.told.faults.append(str(fault))
                continue
            held = re.search(r"Writes were held for ([\d.]+)", said)
            self.held_s.append(float(held[1]) if held else -1.0)


# What is measured ------------------------------------------------------------------------------------


def processes(ground: Clusters) -> dict[str, list[int]]:
    """The pids of the server's processes by what they are."""
    found: dict[str, list[int]] = defaultdict(list)
    for each in Path("/proc").iterdir():
        if not each.name.isdigit():
            continue
        try:
            command = (each / "cmdline").read_text().split("\0")
            environment = (each / "environ").read_text()
        except OSError:
            continue
        if f"DATA_DIR={ground.server.data_dir}\0" not in environment:
            continue
        for word in ("config.server.granian", "deliver_webhooks", "maintain"):
            if word in command:
                found[word.rpartition(".")[2]].append(int(each.name))
    return found


def rss_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError):
        return 0.0


def sample(ground: Clusters) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, pids in processes(ground).items():
        sizes = [rss_mb(pid) for pid in pids]
        found[f"{name} MB, largest"] = max(sizes)
        found[f"{name} MB, all"] = sum(sizes)
    for name, url in sorted(ground.urls.items()):
        [(count,)] = rows(url, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        found[f"connections to {name}"] = count - 1
        [(waiting,)] = rows(url, "SELECT count(*) FROM webhooks_delivery WHERE status IN ('pending', 'delivering')")
        found["connections to all"] = found.get("connections to all", 0) + count - 1
        found["deliveries waiting"] = found.get("deliveries waiting", 0) + waiting
    return found


def shown(samples: list[dict[str, float]], from_: int, to: int) -> dict[str, float]:
    part = samples[from_:to]
    return {name: statistics.median(each.get(name, 0) for each in part) for name in samples[-1]}


def soak(minutes: float, rate: float, move_every_s: float, change_every_s: float) -> bool:
    """Whether all was well."""
    with clusters(with_replica=True) as ground:
        caller = ground.workspace("Soak", "east")
        objects = caller.ask("GET", "/rest/metadata/objects")["data"]["objects"]
        rocket = next(each["id"] for each in objects if each["nameSingular"] == "rocket")
        told, over = Told(), threading.Event()
        many = 6
        clients = [Client(Caller(ground.server, caller.token), told, over, rate / many, seed) for seed in range(many)]
        modeller = Modeller(Caller(ground.server, caller.token), rocket, change_every_s, told, over)
        mover = Mover(ground, "Soak", move_every_s, told, over)
        threads = [*clients, modeller, mover]
        print(f"{minutes:g} minutes, {rate:g} requests/s, replica of {', '.join(ground.replicated) or 'nothing'}")
        began = time.monotonic()
        for each in threads:
            each.start()
        samples: list[dict[str, float]] = []
        while time.monotonic() - began < minutes * 60:
            time.sleep(SAMPLE_EVERY_S)
            samples.append(sample(ground))
            if len(samples) % 6 == 0:
                line = ", ".join(f"{name} {value:,.0f}" for name, value in samples[-1].items())
                print(f"{(time.monotonic() - began) / 60:5.1f} min  {line}", flush=True)
            if len(told.faults) > 100:
                break
        over.set()
        for each in threads:
            each.join(180)
        took_s = time.monotonic() - began
        is_well = report(told, samples, took_s)
        print(f"{modeller.changes} changes of the data model; {len(mover.held_s)} moves, writes held for", mover.held_s)
        return is_whole(ground, told, clients) and is_well and "Traceback" not in ground.server.log.read_text()


def report(told: Told, samples: list[dict[str, float]], took_s: float) -> bool:
    print(f"\n{sum(told.answers.values()):,} answers in {took_s / 60:.1f} minutes")
    for (operation, status, code), count in sorted(told.answers.items()):
        print(f"  {operation:24} {status} {code:24} {count:8,}  longest {told.longest_s[operation]:.2f} s")
    quarter = max(1, len(samples) // 4)
    first, last = shown(samples, quarter // 2, quarter // 2 + quarter), shown(samples, -quarter, len(samples))
    is_flat = True
    for name, value in last.items():
        grew = value / first[name] if first[name] else 1.0
        print(f"  {name:28} {first[name]:8,.0f} → {value:8,.0f}  x {grew:.2f}")
        if name.endswith(" MB, all"):
            is_flat = is_flat and grew <= FLAT
        elif name == "connections to all":  # those to one database go where the workspace goes
            is_flat = is_flat and value <= first[name] + RELIEF
    for fault in told.faults[:20]:
        print("  FAULT", fault)
    print("flat" if is_flat else "NOT FLAT", f"and {len(told.faults)} faults")
    return is_flat and not told.faults


def is_whole(ground: Clusters, told: Told, clients: list[Client]) -> bool:
    """Whether every acknowledged write is there once, and nothing else."""
    shard, schema, table = ground.table("Soak", "rocket")
    url = ground.urls[shard]
    codes = set().union(*(each.imported for each in clients))
    found = rows(url, f"SELECT id::text, data->>'code' FROM {table}")
    mine = {id for id, code in found if code not in codes}
    lost, more = told.rockets - mine, mine - told.rockets
    lost_codes = codes - {code for _, code in found}
    twice = len(found) - len({code for _, code in found})
    [(total,)] = rows(url, f"SELECT sum(live) FROM {schema}.record_count WHERE object_id = %s", table[-32:])
    _, _, pings = ground.table("Soak", "ping")
    kept = {id for (id,) in rows(url, f"SELECT id::text FROM {pings}")}
    deadline = time.monotonic() + 120
    sent = "SELECT count(*) FILTER (WHERE status = 'delivered'), count(*) FROM webhooks_delivery"
    while time.monotonic() < deadline and len(set(r := rows(url, sent)[0])) > 1:
        time.sleep(0.5)
    received = Counter(ground.receiver.ids)
    print(
        f"{len(found):,} rockets: {len(lost) + len(lost_codes)} lost, {len(more)} unknown, {twice} twice; total"
        f" {total}; {len(kept):,} pings: {len(told.pings - kept)} lost, {len(kept - told.pings)} unknown;"
        f" deliveries {r}, {len(received):,} received, {sum(received.values()) - len(received)} again"
    )
    return (
        not (lost or more or lost_codes or twice or kept ^ told.pings)
        and total == len(found)
        and (len(received) == len(kept))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float, nargs="?", default=20)
    parser.add_argument("--rate", type=float, default=40, help="requests a second, of all clients")
    parser.add_argument("--move-every", type=float, default=MOVE_EVERY_S, help="seconds between two moves")
    parser.add_argument(
        "--change-every", type=float, default=CHANGE_EVERY_S, help="seconds between five changes of the data model"
    )
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores")
    sys.exit(0 if soak(arguments.minutes, arguments.rate, arguments.move_every, arguments.change_every) else 1)


if __name__ == "__main__":
    main()
