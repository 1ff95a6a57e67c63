"""Queries whose SQL the ORM writes once, for what is asked at every request.

To build a queryset and to turn it into SQL takes 200 to 1,000 microseconds each time; to run the SQL takes 20 to 50. A
`Statement` is a queryset with `Parameter`s in the places of its values. The ORM compiles it at the first call, so that
rules such as visibility stand in one place and in one language, and each call only fills the values in.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import orjson
from django.db import connection
from django.db.models import BooleanField, DateTimeField, Expression, Field, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.sql import DeleteQuery, UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

from minitwitter.core.database import change, fetch

Row = tuple[Any, ...]
Converter = Callable[[Any], Any]
# How many places a list has: a shorter one is filled up with its last value. Few sizes are few statements for the
# database to prepare, and the longest is that of a page.
_LIST_SIZES = (1, 5, 20, 50, 100)
# SQLite's driver reads the columns of times and truths by their types (`core.sqlite3`), and whole numbers as such.
_AS_THE_DRIVER_READS = (DateTimeField, BooleanField, IntegerField)


class Parameter(Expression):
    """The place of a value in a statement; with `index`, of one value of a list.

    It needs an `output_field` only where the ORM calculates with it.
    """

    def __init__(self, name: str, index: int | None = None, *, output_field: Any = None) -> None:
        super().__init__(output_field=output_field)
        self.name = name
        self.index = index

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:  # noqa: ARG002  (Django calls)
        return "%s", (self,)


def nested(place: OuterRef | Parameter) -> OuterRef | Parameter:
    """The same place, as a subquery names it that stands within the one it was meant for."""
    return OuterRef(place) if isinstance(place, OuterRef) else place


class _Numbers(Field):  # type: ignore[type-arg]  # Not generic outside of the type checker.
    """What a list in a row is read from: PostgreSQL's driver returns a list, SQLite a text in JSON."""

    def from_db_value(self, value: Any, *_: Any) -> list[Any] | None:
        if isinstance(value, str):
            value = orjson.loads(value)
        found: list[Any] | None = value
        return found


class IdList(Subquery):
    """The ids that a queryset finds, all of them as one value of a row, in no order.

    The queryset ends in `values` of the one column.
    """

    output_field = _Numbers()
    templates: ClassVar = {
        "sqlite": "(SELECT json_group_array({columns}) FROM (%(subquery)s))",
        "postgresql": "ARRAY(%(subquery)s)",
    }

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:  # type: ignore[override]
        columns = ", ".join(map(connection.ops.quote_name, self.query.selected or ()))
        return super().as_sql(compiler, connection, template=self.templates[connection.vendor].format(columns=columns))


class RowList(IdList):
    """The rows that a queryset finds, each a list of whole numbers or None; otherwise like `IdList`."""

    templates: ClassVar = {
        "sqlite": "(SELECT json_group_array(json_array({columns})) FROM (%(subquery)s))",
        "postgresql": "ARRAY(SELECT ARRAY[{columns}] FROM (%(subquery)s) found)",
    }


class Statement:
    """A query by parameters. `build` returns the queryset, which ends in `values_list`."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build

    def rows(self, **values: Any) -> list[Row]:
        """What the query finds with these values, one for each name among its parameters."""
        sql, places, converters = self._compiled
        found = fetch(sql, _filled(places, values))
        return [_converted(row, converters) for row in found] if converters else found

    def first(self, **values: Any) -> Row | None:
        """The first of the rows, if there is any."""
        return next(iter(self.rows(**values)), None)

    @cached_property
    def _compiled(self) -> tuple[str, list[Any], list[tuple[int, Converter]]]:
        compiler = self._build().query.get_compiler(connection=connection)
        sql, places = compiler.as_sql()
        return sql, list(places), _converters(compiler)


def _filled(places: list[Any], values: dict[str, Any]) -> list[Any]:
    """What stands in the places of a statement: values where it has Parameters."""
    return [
        place if type(place) is not Parameter
        else values[place.name] if place.index is None
        else values[place.name][place.index]
        for place in places
    ]  # fmt: skip


class Change:
    """An UPDATE or a DELETE by parameters."""

    def __init__(self, compiler: Callable[[], SQLCompiler]) -> None:
        self._compiler = compiler

    def apply(self, **values: Any) -> int:
        """Change the rows, and return how many there were."""
        sql, places = self._compiled
        return change(sql, _filled(places, values))

    @cached_property
    def _compiled(self) -> tuple[str, list[Any]]:
        sql, places = self._compiler().as_sql()
        return sql, list(places)


def update(build: Callable[[], QuerySet[Any, Any]], **changes: Any) -> Change:
    """An UPDATE of the rows of a queryset; the new values may be expressions and `Parameter`s."""

    def compiler() -> SQLCompiler:
        query: Any = build().query.chain(UpdateQuery)
        query.add_update_values(changes)
        made: SQLCompiler = query.get_compiler(connection=connection)
        return made

    return Change(compiler)


def delete(build: Callable[[], QuerySet[Any, Any]]) -> Change:
    """A DELETE of the rows of a queryset, and of nothing beside them: for rows that nothing refers to."""
    return Change(lambda: build().query.chain(DeleteQuery).get_compiler(connection=connection))


class ListStatement:
    """A query by parameters of which one, `name`, is a list of at most a page's length.

    `build` returns the queryset; it is given the `Parameter`s that stand where the values of the list would.
    """

    def __init__(self, name: str, build: Callable[[Any], QuerySet[Any, Any]]) -> None:
        self._name = name
        self._statements = {size: Statement(_with_places(build, name, size)) for size in _LIST_SIZES}

    def rows(self, items: Sequence[int | str], **values: Any) -> list[Row]:
        """What the query finds with the items in the list's places. Precondition: 1 to 100 items."""
        size = next(size for size in _LIST_SIZES if size >= len(items))
        filled = [*items, *[items[-1]] * (size - len(items))]
        return self._statements[size].rows(**{self._name: filled}, **values)


def _with_places(build: Callable[[Any], QuerySet[Any, Any]], name: str, size: int) -> Callable[[], QuerySet[Any, Any]]:
    return lambda: build([Parameter(name, index) for index in range(size)])


def moment(value: datetime) -> Any:
    """A time as the database's driver takes it for a parameter."""
    return connection.ops.adapt_datetimefield_value(value)


def _converters(compiler: SQLCompiler) -> list[tuple[int, Converter]]:
    """The columns whose values the driver does not return as Django has them, and what makes them so."""
    found = compiler.get_converters([column[0] for column in compiler.select or ()])
    return [
        (index, _converter(functions, expression))
        for index, (functions, expression) in found.items()
        if not isinstance(expression.output_field, _AS_THE_DRIVER_READS)
    ]


def _converter(functions: list[Any], expression: Any) -> Converter:
    def convert(value: Any) -> Any:
        for function in functions:
            value = function(value, expression, connection)
        return value

    return convert


def _converted(row: Row, converters: list[tuple[int, Converter]]) -> Row:
    values = list(row)
    for index, convert in converters:
        values[index] = convert(values[index])
    return tuple(values)
