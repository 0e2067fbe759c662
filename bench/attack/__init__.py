"""Attacks on the real app, simulated: what they cost the site, and what honest shoppers feel of it."""
