"""All that the database holds, as text: to look whether somebody is in it."""

from sqlalchemy import Engine, MetaData


def where_is(needle: str, engine: Engine) -> list[str]:
    """The columns that hold ``needle`` anywhere, as ``table.column``."""
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        return [
            f"{table.name}.{name}"
            for table in metadata.sorted_tables
            for row in connection.execute(table.select())
            for name, value in row._mapping.items()
            if needle in str(value)
        ]
