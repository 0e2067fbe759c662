"""Shapes of the requests. Pure: no database, no Flask."""
