"""Commands for a cluster that are more than one: pipelines, and scripts that a node may not know yet."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Protocol, TypeVar, cast

from redis.client import Pipeline
from redis.commands.core import Script
from redis.exceptions import AskError, NoScriptError, ResponseError

from api.redis_client import LeanRedis

SCRIPTED = ("EVAL", "EVALSHA")
T = TypeVar("T")


class Router(Protocol):
    """Who knows which node has a key."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command to the node of its key."""

    def primary_of(self, key: str) -> LeanRedis:
        """The node that has ``key``, as far as is known."""

    def follow(self, key: Any, call: Callable[[LeanRedis], T]) -> T:
        """Call the node that has ``key``, or whoever it says has it."""


class WholeScript(Script):
    """A script that is called by its hash, and sent whole to a node that does not know it."""

    def __call__(self, keys: Any = None, args: Any = None, client: Any = None) -> Any:
        """Run it on the node that has the keys; what it returns."""
        redis, keys = client or self.registered_client, keys or ()
        try:
            return redis.evalsha(self.sha, len(keys), *keys, *(args or ()))
        except NoScriptError:
            return redis.execute_command("EVAL", self.script, len(keys), *keys, *(args or ()))


class ClusterPipeline(Pipeline):
    """Commands that are kept until they are sent together."""

    def __init__(self, cluster: Router, transaction: bool) -> None:
        super().__init__(cast(Any, None), {}, transaction, None)
        self._cluster = cluster
        self._together = transaction

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send all commands, and read their replies in the order of the commands."""
        commands, self.command_stack = self.command_stack, []
        if self._together:
            return self._send(commands, raise_on_error) if commands else []
        replies = self._send_apart(commands)
        if raise_on_error:
            self.raise_first_error(commands, replies)
        return replies

    def _send(self, commands: list[Any], raise_on_error: bool) -> list[Any]:
        """To the node of the first key."""

        def send(node: LeanRedis) -> list[Any]:
            with node.pipeline(self._together) as pipeline:
                pipeline.command_stack = list(commands)
                return pipeline.execute(raise_on_error)

        return self._cluster.follow(key_of(commands[0][0]), send)

    def _send_apart(self, commands: list[Any]) -> list[Any]:
        """To each node what is for it; what one of them has given away is sent once more, by itself."""
        replies: list[Any] = [None] * len(commands)
        homes = [id(self._cluster.primary_of(key_of(args))) for args, _ in commands]
        order = sorted(range(len(commands)), key=homes.__getitem__)
        for _, group in groupby(order, homes.__getitem__):
            numbers = list(group)
            for i, reply in zip(numbers, self._send([commands[i] for i in numbers], False), strict=True):
                replies[i] = self._again(*commands[i]) if isinstance(reply, AskError) else reply
        return replies

    def _again(self, args: Any, options: Any) -> Any:
        try:
            return self._cluster.execute_command(*args, **options)
        except ResponseError as error:
            return error


def key_of(args: Sequence[Any]) -> Any:
    """The first key of a command, as our commands have them."""
    return args[3] if args[0] in SCRIPTED else args[1]
