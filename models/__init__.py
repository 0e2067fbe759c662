"""The tables. No Flask, no configuration."""

from models.base import Model, UtcDateTime
from models.session import Session
from models.user import User

__all__ = ["Model", "Session", "User", "UtcDateTime"]
