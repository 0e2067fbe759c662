"""HTTP verbs, one file per noun of the URL."""
