"""The rules, in the product's own words. No Flask, no status codes."""
