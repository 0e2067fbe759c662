"""What of somebody else's words may stand in a log: those of libraries may quote what shoppers typed, or what rows hold."""

import re

HIDDEN = "…"
# What is quoted, addresses, numbers of five digits or more, and what is as long as a token.
PERSONAL = re.compile(r"""'[^']*'|"[^"]*"|\S+@\S+|\+?\d[\d ]{3,}\d|(?=\S*\d)[\w+/=-]{20,}""")


def redact(text: str) -> str:
    """The text without what may be personal or secret."""
    return PERSONAL.sub(HIDDEN, text)
