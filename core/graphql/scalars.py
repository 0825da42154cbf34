"""The scalars of record fields beside those that both GraphQL APIs share."""

from __future__ import annotations

from collections.abc import Mapping

import graphene

from metadata.graphql.scalars import JSON, UUID, BigInt, ConnectionCursor, DateTime, Plain


class Date(Plain):
    """A day, `2025-01-02`: no time, no zone."""


class Time(Plain):
    """A time of day in milliseconds. No field type has it; clients declare it."""


class BigFloat(Plain):
    """A number of any size and precision; a numeral in a string is taken too."""


class Position(Plain):
    """A record's place among the others: a number, or on input `first` or `last`."""


class TSVector(Plain):
    """The words a record is found by, as PostgreSQL writes them."""


class Cursor(Plain):
    """A record's place in the order asked for, opaque to clients."""


SCALARS: tuple[type[graphene.Scalar], ...] = (
    UUID, DateTime, Date, Time, BigInt, BigFloat, Position, JSON, TSVector, Cursor, ConnectionCursor,
    graphene.String, graphene.Int, graphene.Float, graphene.Boolean, graphene.ID,
)  # fmt: skip
BY_NAME: Mapping[str, type[graphene.Scalar]] = {scalar._meta.name: scalar for scalar in SCALARS}
