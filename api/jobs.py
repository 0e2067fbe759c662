"""Which jobs there are, and the threads that run them beside the requests."""

import threading
import time
from datetime import timedelta

import structlog

from api.wiring import Services
from services.jobs import Job, Jobs

MINUTE, HOUR, DAY = 60, 3600, 86400


def build_jobs(wired: Services) -> Jobs:
    """The jobs that the settings ask for."""
    messages, keep = wired.messages, timedelta(days=wired.config.sms.log_days)
    keep_notices = timedelta(days=wired.config.notice_days)
    every = wired.config.sms.receipts_poll_seconds or DAY
    jobs = [
        Job("sms_purge", DAY, lambda: messages.purge(keep)),
        Job("events_purge", DAY, lambda: wired.events.purge(timedelta(days=wired.config.event_days))),
        Job("sessions_purge", DAY, lambda: wired.sessions.purge(timedelta(days=wired.config.session_log_days))),
        Job("sessions_count", DAY, wired.living_sessions.count),
        Job("phone_changes_purge", DAY, wired.phone_changes.purge),
        Job("limits_purge", HOUR, wired.limit_hits.purge),
        Job("notices", MINUTE, wired.notices.send_due),
        Job("notices_purge", DAY, lambda: wired.notice_log.purge(keep_notices)),
        Job("erasure", HOUR, wired.erasure.erase_due),
        *(Job(f"sms_receipts_{poll.gateway}", every, poll.run) for poll in wired.polls),
    ]
    return Jobs(jobs, wired.redis, structlog.get_logger())


def start_jobs(jobs: Jobs) -> None:
    """Look again and again which jobs are due, each in a thread of its own, so that one that is slow holds up no other.

    They are daemons: the process ends without waiting for them.
    """
    for job in jobs.by_name.values():
        threading.Thread(target=_repeat, args=(jobs, job), name=f"job-{job.name}", daemon=True).start()


def _repeat(jobs: Jobs, job: Job) -> None:
    while True:
        time.sleep(job.pause())
        jobs.run_if_due(job)
