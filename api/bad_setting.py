"""The one reason not to start."""


class BadSetting(Exception):
    """A setting that the server does not start with; the text says which, and what to do."""
