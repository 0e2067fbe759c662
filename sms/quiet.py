"""Silence for libraries that would log a whole request: its URL or body holds the phone, the code and the key."""

import logging

_TALKERS = ("urllib3", "tencentcloud_sdk_common", "darabonba-core")


def hush() -> None:
    """Let the HTTP clients and the vendors' SDKs log nothing below a failure, whatever the root logger's level."""
    for name in _TALKERS:
        logging.getLogger(name).setLevel(logging.ERROR)
