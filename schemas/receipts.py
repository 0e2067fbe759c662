"""Receipts as the vendors push them: arrays of objects, from which only what we keep is read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

CHINA = timezone(timedelta(hours=8))
FORMAT = "%Y-%m-%d %H:%M:%S"
LONGEST_ID = 64
LONGEST_CODE = 96


@dataclass(frozen=True)
class Receipt:
    """What a vendor reports of one message; ``at`` is None where the vendor's time can't be read."""

    message_id: str
    delivered: bool
    code: str | None
    at: datetime | None


def read_receipts(vendor: str, entries: Iterable[Any]) -> Iterator[Receipt]:
    """The entries that are receipts; anything else among them is passed over, as a vendor would send it for ever."""
    read = {"tencent": _tencent, "aliyun": _aliyun}[vendor]
    for entry in entries:
        if isinstance(entry, dict):
            receipt = read(entry)
            if receipt and 0 < len(receipt.message_id) <= LONGEST_ID and receipt.message_id.isprintable():
                yield receipt


def _tencent(entry: dict[str, Any]) -> Receipt | None:
    status = entry.get("report_status")
    if status not in ("SUCCESS", "FAIL"):
        return None
    return Receipt(_id(entry, "sid"), status == "SUCCESS", _text(entry, "errmsg"), _time(entry, "user_receive_time"))


def _aliyun(entry: dict[str, Any]) -> Receipt | None:
    delivered = entry.get("success")
    if not isinstance(delivered, bool):
        return None
    return Receipt(_id(entry, "biz_id"), delivered, _text(entry, "err_code"), _time(entry, "report_time"))


def _id(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _text(entry: dict[str, Any], name: str) -> str | None:
    value = entry.get(name)
    return "".join(filter(str.isprintable, value))[:LONGEST_CODE] if isinstance(value, str) else None


def _time(entry: dict[str, Any], name: str) -> datetime | None:
    """The vendors write China's time."""
    try:
        return datetime.strptime(str(entry.get(name)), FORMAT).replace(tzinfo=CHINA).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
