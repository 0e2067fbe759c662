"""Circuit breakers, one for each gateway, shared by all processes through Redis."""

from services.scripts import RedisClient, load_script

FAILURES = 5
PROBE_SECONDS = 10


class Breakers:
    """A gateway that fails ``FAILURES`` times in a row is left alone for ``pause`` seconds; then one message probes it."""

    def __init__(self, redis: RedisClient, pause: int) -> None:
        self._pause_ms = pause * 1000
        self._enter = load_script(redis, "enter_breaker")
        self._report = load_script(redis, "report_breaker")

    def wait(self, gateway: str) -> float:
        """0 when a message may go to the gateway, else for how many seconds it is left alone."""
        return float(self._enter(keys=[_key(gateway)], args=[PROBE_SECONDS * 1000])) / 1000

    def report(self, gateway: str, failed: bool) -> bool:
        """Count how a message went; True when this failure opened the breaker."""
        return bool(self._report(keys=[_key(gateway)], args=[int(failed), FAILURES, self._pause_ms]))


def left_alone(redis: RedisClient, gateway: str) -> float:
    """For how many seconds a gateway is left alone from now, without probing it; 0 when it is not."""
    open_until = int(redis.hget(_key(gateway), "open_until") or 0)
    seconds, microseconds = redis.time()
    return max(0.0, open_until / 1000 - float(seconds) - float(microseconds) / 1e6)


def _key(gateway: str) -> str:
    return f"breaker:{gateway}"
