"""How a text leaves the building."""
