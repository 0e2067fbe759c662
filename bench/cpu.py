"""CPU time of process trees."""

import psutil


def cpu_seconds(root: int) -> float:
    """User and system time of a process and of all below it, with that of children already gone."""
    parent = psutil.Process(root)
    return sum(_own_seconds(process) for process in (parent, *parent.children(recursive=True)))


def idle_seconds() -> float:
    """Seconds that the cores had nothing to do, all together, since the machine was started."""
    times = psutil.cpu_times()
    return times.idle + times.iowait


def _own_seconds(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])
    except psutil.NoSuchProcess:
        return 0.0
