"""``flask jobs …``: for whoever runs them by cron, or wants one now."""

import sys

import click
from flask.cli import AppGroup

from api.jobs import build_jobs
from api.wiring import services

job_commands = AppGroup("jobs", help="What is done again and again: list it, run it now.")


@job_commands.command("list")
def list_jobs() -> None:
    """Every job, and its period."""
    for job in build_jobs(services()).by_name.values():
        click.echo(f"{job.name:<22}every {job.every_seconds} s")


@job_commands.command("run")
@click.argument("name")
def run_job(name: str) -> None:
    """Run the job NAME now, even if it has just run."""
    jobs = build_jobs(services())
    if name not in jobs.by_name:
        sys.exit(f"There is no job '{name}'; the jobs are {', '.join(jobs.by_name)}.")
    try:
        count = jobs.run(jobs.by_name[name])
    except Exception as error:
        sys.exit(f"{name} failed: {type(error).__name__}")
    click.echo(f"{name} ran; it dealt with {count}")
