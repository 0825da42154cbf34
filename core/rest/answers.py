"""What each operation of Core REST answers: a request that was understood → the text or response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse

from config.http.exceptions import rest_body
from config.http.rendering import JSON_CONTENT_TYPE, dumps
from config.principal import Principal
from core.query import ir
from core.query.groups import DEFAULT_GROUPS
from core.query.scope import Scope, require
from core.query.writes import check_batch
from core.records.create import create
from core.records.delete import delete
from core.records.destroy import destroy
from core.records.duplicates import duplicate_pages
from core.records.find import find_page, find_version
from core.records.group_by import group_by
from core.records.history import history
from core.records.merge import merge
from core.records.partial import Outcome, create_each
from core.records.restore import restore
from core.records.update import update
from core.rest import envelope
from core.rest.bodies import Alike, Merged
from core.rest.conditional import entity_tag, is_unchanged, tag_of_written
from core.rest.parameters import Asked
from core.rest.transfer import export_file, import_file
from metadata.schema import ObjectSchema, WorkspaceSchema

_ID_ONLY = ir.Everything(only=("id",))


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was understood: `body` as its reader gives it, `expected` what If-Match allows."""

    request: HttpRequest
    principal: Principal
    schema: WorkspaceSchema
    subject: ObjectSchema
    id: str | None
    asked: Asked
    body: Any
    expected: tuple[str, ...] | None = None

    @property
    def target(self) -> ir.Target:
        """One record when the path has an id, else all that match the filter."""
        if self.id is not None:
            return ir.Target(id=self.id, expected=self.expected)
        return ir.Target(filter=self.asked.filter)

    def written(self, verb: str, records: list[str]) -> str | Written:
        """The envelope of a write: the record of the path's id, or every record it was about."""
        if self.id is not None:
            return self.written_one(verb, records[0])
        return envelope.of_records(verb + self.subject.plural_pascal, records)

    def written_one(self, verb: str, record: str) -> Written:
        return Written(envelope.of_record(verb + self.subject.singular_pascal, record), tag_of_written(record))


class Written(NamedTuple):
    """The answer about one record that was written, and its entity tag, which the next If-Match can name."""

    text: str
    tag: str | None


def answer_find_many(call: Call) -> str:
    asked = call.asked
    page = asked.page(settings.DEFAULT_PAGE_SIZE)
    query = ir.Find(call.subject.singular, asked.selection, asked.filter, asked.order, page, asked.with_total)
    return envelope.of_page(call.subject.plural, find_page(call.principal, call.schema, query))


def answer_find_one(call: Call) -> HttpResponse:
    assert call.id is not None
    query = ir.FindOne(call.subject.singular, call.asked.selection, ir.Match("id", {"eq": call.id}))
    text, version = find_version(call.principal, call.schema, query)
    tag = entity_tag(call.id, version, text)
    if is_unchanged(call.request.META.get("HTTP_IF_NONE_MATCH"), tag):
        response: HttpResponse = HttpResponseNotModified()
    else:
        text = envelope.of_record(call.subject.singular, text)
        response = HttpResponse(text.encode(), content_type=JSON_CONTENT_TYPE)
    response["ETag"] = tag
    return response


def answer_history(call: Call) -> str:
    query = ir.History(call.subject.singular, call.id, call.asked.page(settings.DEFAULT_PAGE_SIZE))
    return envelope.of_page("history", history(call.principal, call.schema, query))


def answer_create_one(call: Call) -> Written:
    query = ir.Create(call.subject.singular, (call.body,), call.asked.selection, call.asked.upsert)
    [record] = create(call.principal, call.schema, query)
    return call.written_one("create", record)


def answer_create_many(call: Call) -> str | HttpResponse:
    if call.asked.goes_on:
        return answer_create_each(call, call.body)
    query = ir.Create(call.subject.singular, call.body, call.asked.selection, call.asked.upsert)
    return envelope.of_records("create" + call.subject.plural_pascal, create(call.principal, call.schema, query))


def answer_create_each(call: Call, records: Sequence[Mapping[str, object]]) -> HttpResponse:
    """`on_error=continue`: what could be written, and a result for every record; 200 when none could."""
    scope = Scope(call.schema, call.principal)
    require(scope, "update", call.subject)
    check_batch(scope, len(records))
    outcomes = create_each(scope, call.subject, records, call.asked.selection, as_upsert=call.asked.upsert)
    written = [each.text for each in outcomes if each.fault is None]
    results = dumps([result_of(index, each) for index, each in enumerate(outcomes)]).decode()
    text = envelope.of_records("create" + call.subject.plural_pascal, written)
    content = f'{text[:-1]},"results":{results}}}'.encode()
    return HttpResponse(content, status=201 if written else 200, content_type=JSON_CONTENT_TYPE)


def result_of(index: int, outcome: Outcome) -> dict[str, object]:
    if outcome.fault is None:
        return {"index": index, "status": 200 if outcome.is_update else 201, "id": outcome.id}
    refusal = rest_body(outcome.fault)
    return {"index": index, "status": refusal.pop("statusCode"), **refusal}


def answer_update(call: Call) -> str | Written:
    query = ir.Update(call.subject.singular, call.target, call.body, call.asked.selection)
    return call.written("update", update(call.principal, call.schema, query))


def answer_delete(call: Call) -> str | Written:
    """A soft delete shows the record as it now is; of a destroyed one only the id is left."""
    if call.asked.soft_delete:
        deleted = ir.Delete(call.subject.singular, call.target, ir.Everything())
        return call.written("delete", delete(call.principal, call.schema, deleted))
    destroyed = ir.Destroy(call.subject.singular, call.target, _ID_ONLY)
    return call.written("delete", destroy(call.principal, call.schema, destroyed))


def answer_restore(call: Call) -> str | Written:
    query = ir.Restore(call.subject.singular, call.target, call.asked.selection)
    return call.written("restore", restore(call.principal, call.schema, query))


def answer_duplicates(call: Call) -> str:
    alike: Alike = call.body
    query = ir.Duplicates(call.subject.singular, call.asked.selection, ids=alike.ids, records=alike.records)
    pages = duplicate_pages(call.principal, call.schema, query)
    return envelope.of_duplicates(f"{call.subject.singular}Duplicates", pages)


def answer_merge(call: Call) -> str:
    merged: Merged = call.body
    query = ir.Merge(call.subject.singular, merged.ids, merged.priority, call.asked.selection, merged.dry_run)
    return envelope.of_record("merge" + call.subject.singular_pascal, merge(call.principal, call.schema, query))


def answer_group_by(call: Call) -> str:
    asked = call.asked
    query = ir.GroupBy(
        object_name=call.subject.singular,
        dimensions=asked.dimensions,
        selection=ir.Everything(),
        aggregates=asked.aggregates,
        filter=asked.filter,
        order=asked.order_of_groups,
        record_order=asked.record_order,
        limit=DEFAULT_GROUPS if asked.limit is None else asked.limit,
        with_records=asked.with_records,
        omit_nulls=asked.omits_nulls,
        view_id=asked.view_id,
    )
    return envelope.of_groups(group_by(call.principal, call.schema, query))


def answer_export(call: Call) -> StreamingHttpResponse:
    return export_file(call.principal, call.schema, call.subject, call.asked)


def answer_import(call: Call) -> HttpResponse:
    return import_file(call.request, call.principal, call.schema, call.subject, call.asked)
