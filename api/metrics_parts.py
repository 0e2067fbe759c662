"""Times of what the database and Redis answered, and errors where they did not, taken where their clients call them."""

import time
from collections.abc import Callable
from typing import Any

from redis import Redis
from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.engine.interfaces import ExecutionContext

from api.metrics import Metrics

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")
Call = Callable[..., Any]


def measure_sql(engine: Engine, measured: Metrics) -> None:
    """Observe each statement of ``engine``, and count what fails. Of SQLAlchemy's events around a statement this one costs least."""
    observers = {verb: measured.sql.labels(verb.lower()).observe for verb in VERBS}
    observe_other = measured.sql.labels("other").observe

    def execute(cursor: Any, statement: str, parameters: Any, context: ExecutionContext) -> bool:
        began = time.perf_counter()
        context.dialect.do_execute(cursor, statement, parameters, context)
        observers.get(statement[:6], observe_other)(time.perf_counter() - began)
        return True

    def fail(context: ExceptionContext) -> None:
        measured.sql_errors.labels(type(context.sqlalchemy_exception or context.original_exception).__name__).inc()

    event.listen(engine, "do_execute", execute)
    event.listen(engine, "handle_error", fail)


def measure_redis(client: Redis, measured: Metrics) -> None:
    """Observe each round trip of ``client`` and of its pipelines, and count what fails."""
    wrap_redis(client, lambda call: _timed(call, measured))


def wrap_redis(client: Redis, wrap: Callable[[Call], Call]) -> None:
    """Put ``wrap`` around each round trip of ``client`` and of its pipelines."""
    make_pipeline = client.pipeline

    def pipeline(*args: Any, **options: Any) -> Any:
        made = make_pipeline(*args, **options)
        made.execute = wrap(made.execute)  # type: ignore[method-assign]
        return made

    client.execute_command = wrap(client.execute_command)  # type: ignore[method-assign]
    client.pipeline = pipeline  # type: ignore[method-assign]


def _timed(call: Call, measured: Metrics) -> Call:
    observe = measured.redis.observe

    def timed(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            answer = call(*args, **options)
        except Exception as error:
            measured.redis_errors.labels(type(error).__name__).inc()
            raise
        observe(time.perf_counter() - began)
        return answer

    return timed
