"""Alembic's entry: migrates the database that it is handed."""

from alembic import context

from models import Model

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Model.metadata, render_as_batch=True, compare_type=True)
context.run_migrations()
