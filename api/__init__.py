"""The Flask side: configuration, wiring, limits, authentication and errors."""
