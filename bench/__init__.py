"""Speed of the hot paths, as ratios to what they can't be faster than: ``python -m bench``."""
