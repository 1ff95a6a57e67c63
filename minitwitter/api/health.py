"""Health addresses for supervisors and load balancers."""

from functools import lru_cache

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from minitwitter.api.methods import safe
from minitwitter.core.errors import ServiceUnavailable


@safe
def healthz(_: HttpRequest) -> HttpResponse:
    """200 while the process answers at all. Asks nothing of the database, so that an outage restarts nobody."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@safe
def readyz(_: HttpRequest) -> HttpResponse:
    """200 when the database is reachable and migrated, else 503 problem JSON."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if not _is_migrated():
        _is_migrated.cache_clear()  # Only a yes is final.
        raise ServiceUnavailable("The database is not migrated yet. Run `minitwitter manage migrate`.")
    return JsonResponse({"status": "ready"}, headers={"Cache-Control": "no-store"})


@lru_cache(maxsize=1)
def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
