"""Speed of the hot paths, as ratios to what they can't be faster than: ``python -m bench``."""

from services import NOT_ACCELERATED

# Importing it has chosen the build of argon2, for whatever in here hashes beside the server.
__all__ = ["NOT_ACCELERATED"]
