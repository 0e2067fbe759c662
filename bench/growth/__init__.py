"""What a request costs where there are many accounts: ``python -m bench.growth``."""
