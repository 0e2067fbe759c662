"""Keys: the folded forms that uniqueness stands on, the same on every database."""

import unicodedata


def fold(text: str) -> str:
    """NFKC and case folding, normalised again because folding can undo the first (Unicode 3.13, D145)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
