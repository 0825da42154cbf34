"""Random mutations, and what they do to the records in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from graphql import GraphQLError
from hypothesis import strategies as st

from tests.core.differential.models import DAYS, OPTIONS, TEXTS, ObjectModel, answered
from tests.core.differential.oracle import Oracle, Record, Row
from tests.core.differential.writer import DEPTH, Enum, Writer

VERBS = ("create", "update", "delete", "restore", "destroy")
UNKNOWN = "01900000-0000-4000-8000-000000000000"


class MutationWriter(Writer):
    """Documents of one or two writes; what each answers is selected as deep as a query's records."""

    def document(self) -> str:
        names = [
            (verb, name)
            for verb in VERBS
            for each in self.model.objects.values()
            for name in (each.singular, each.plural)
        ]
        chosen = self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
        return self.operation("mutation", [self.write(*each) for each in chosen])

    def write(self, verb: str, name: str) -> str:
        subject, is_many = self.model.root(name)
        given: dict[str, tuple[str, Any]] = {}
        if verb == "create":
            kind = f"{subject.type_name}CreateInput!"
            bodies = [self.body(subject, with_id=True) for _ in range(self.draw(st.integers(1, 3)))]
            given["data"] = (f"[{kind}]!", bodies) if is_many else (kind, bodies[0])
        elif is_many:
            given["filter"] = (f"{subject.type_name}FilterInput!", self.condition_of_a_write(subject))
        else:
            given["id"] = ("UUID!", self.target(subject))
        if verb == "update":
            given["data"] = (f"{subject.type_name}UpdateInput!", self.body(subject, with_id=False))
        arguments = ", ".join(self.argument(name, kind, value) for name, (kind, value) in given.items())
        name = f"{verb}{subject.type_name}{'s' if is_many else ''}"
        # what a destroyed record was related to is not asked of it
        return f"{self.fresh('k')}: {name}({arguments}) {self.record(subject, 0 if verb == 'destroy' else DEPTH - 1)}"

    def condition_of_a_write(self, subject: ObjectModel) -> dict[str, Any]:
        found = self.condition(subject)
        return {"and": [found, self.condition(subject)]} if self.chance(3) else found

    def target(self, subject: ObjectModel) -> str:
        if self.chance(8):
            return UNKNOWN
        found: str = self.one_of(*self.oracle.records[subject.singular])["id"]
        return found

    def body(self, subject: ObjectModel, *, with_id: bool) -> dict[str, Any]:
        body: dict[str, Any] = {"id": str(self.draw(st.uuids(version=4)))} if with_id else {}
        for name in self.draw(st.lists(st.sampled_from(sorted(subject.fields)), max_size=4, unique=True)):
            body[name] = self.value(subject.fields[name])
        for name, parent in sorted(subject.to_one.items()):
            if self.chance(3):
                live = self.oracle.live(self.model.objects[parent])
                body[f"{name}Id"] = self.one_of(None, *live)
                if body[f"{name}Id"] is not None:
                    body[f"{name}Id"] = body[f"{name}Id"]["id"]
        return body

    def value(self, kind: str) -> Any:
        if self.chance(5):
            return None
        match kind:
            case "TEXT":
                return self.one_of(*TEXTS)
            case "NUMBER":
                return self.draw(st.integers(-3, 12))
            case "BOOLEAN":
                return self.one_of(True, False)
            case "DATE":
                return self.one_of(*DAYS)
            case "SELECT":
                return Enum(self.one_of(*OPTIONS))
            case "FULL_NAME":
                return {part: self.one_of(*TEXTS) for part in self.one_of(("firstName",), ("lastName", "firstName"))}
            case "ARRAY":
                return self.draw(st.lists(st.sampled_from(TEXTS[1:]), max_size=3))
        return {"a": [self.one_of(*TEXTS), self.draw(st.integers(0, 3)), {"b": None}]}


class WritingOracle(Oracle):
    """An oracle whose records change; `copy` it before."""

    @classmethod
    def copy(cls, oracle: Oracle) -> WritingOracle:
        return cls(oracle.model, oracle.schema, deepcopy(dict(oracle.records)))

    def root(self, name: str, arguments: Mapping[str, Any]) -> Any:
        verb = next((each for each in VERBS if name.startswith(each)), None)
        if verb is None:
            return super().root(name, arguments)
        subject, is_many = self.model.root(name[len(verb)].lower() + name[len(verb) + 1 :])
        if verb == "create":
            given = arguments["data"] if is_many else [arguments["data"]]
            self.require_related(subject, given)
            changed = [self.create(subject, each) for each in given]
        else:
            targets = self.targets(verb, subject, is_many, arguments)
            if verb == "update" and targets:
                self.require_related(subject, [arguments["data"]])
            changed = [self.change(verb, subject, each, arguments) for each in targets]
        rows = [Row(subject, each) for each in changed]
        return rows if is_many else rows[0]

    def targets(self, verb: str, subject: ObjectModel, is_many: bool, arguments: Mapping[str, Any]) -> list[Record]:
        """The records meant: to update or delete live ones, to destroy or restore any."""
        records = self.records[subject.singular]
        if is_many:
            wanted = [each for each in records if self.matches(subject, each, arguments["filter"])]
        else:
            wanted = [each for each in records if each["id"] == arguments["id"]]
        fit = [each for each in wanted if each["deletedAt"] is None or verb in ("destroy", "restore")]
        if not is_many and not fit:
            raise GraphQLError("Record not found")
        return sorted(fit, key=lambda each: str(each["id"]))

    def require_related(self, subject: ObjectModel, given: Sequence[Mapping[str, Any]]) -> None:
        """Refuse ids that are nobody's: an earlier mutation of the document may have destroyed what they name."""
        named = dict.fromkeys(name for each in given for name in each if each[name] is not None)
        for name in [each[:-2] for each in named if each[:-2] in subject.to_one]:
            parent = subject.to_one[name]
            known = {each["id"] for each in self.records[parent]}
            if parent == subject.singular:
                known |= {each["id"] for each in given if "id" in each}
            missing = sorted({each[f"{name}Id"] for each in given if each.get(f"{name}Id")} - known)
            if missing:
                raise GraphQLError(f"{name}Id: no {parent} with id {', '.join(missing)}")

    def create(self, subject: ObjectModel, given: Mapping[str, Any]) -> Record:
        record = {"id": given["id"], "deletedAt": None}
        record |= {name: answered(given.get(name), kind) for name, kind in subject.fields.items()}
        record |= {f"{name}Id": given.get(f"{name}Id") for name in subject.to_one}
        self.records[subject.singular].append(record)
        return record

    def change(self, verb: str, subject: ObjectModel, record: Record, arguments: Mapping[str, Any]) -> Record:
        if verb == "update":
            for name, value in arguments["data"].items():
                if isinstance(value, dict) and subject.fields.get(name) == "FULL_NAME":
                    record[name] = {**record[name], **{part: text or "" for part, text in value.items()}}
                else:
                    record[name] = answered(value, subject.fields[name]) if name in subject.fields else value
        elif verb == "destroy":
            self.destroy(subject, record)
        else:
            record["deletedAt"] = "now" if verb == "delete" else None
        return record

    def destroy(self, subject: ObjectModel, record: Record) -> None:
        self.records[subject.singular].remove(record)
        for child, name in subject.to_many.values():
            for each in self.records[child]:
                if each[f"{name}Id"] == record["id"]:
                    each[f"{name}Id"] = None
