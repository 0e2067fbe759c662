"""The rules, in the product's own words. No Flask, no status codes."""

import sys
from pathlib import Path

from services.argon2_build import choose_build

# Before anything imports argon2.
NOT_ACCELERATED = choose_build(Path(sys.prefix) / "accelerated")
