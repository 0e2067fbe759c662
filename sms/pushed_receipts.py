"""Receipts as the vendors push them: arrays of objects, from which only what we keep is read."""

from collections.abc import Iterable, Iterator
from typing import Any

from sms.receipts import Receipt, code_of, is_message_id, time_in_china


def read_receipts(vendor: str, entries: Iterable[Any]) -> Iterator[Receipt]:
    """The entries that are receipts; anything else among them is passed over, as a vendor would send it for ever."""
    read = {"tencent": _tencent, "aliyun": _aliyun}[vendor]
    for entry in entries:
        if isinstance(entry, dict) and (receipt := read(entry)):
            yield receipt


def _tencent(entry: dict[str, Any]) -> Receipt | None:
    status, message_id = entry.get("report_status"), entry.get("sid")
    if status not in ("SUCCESS", "FAIL"):
        return None
    return _receipt(message_id, status == "SUCCESS", entry.get("errmsg"), entry.get("user_receive_time"))


def _aliyun(entry: dict[str, Any]) -> Receipt | None:
    delivered, message_id = entry.get("success"), entry.get("biz_id")
    if not isinstance(delivered, bool):
        return None
    return _receipt(message_id, delivered, entry.get("err_code"), entry.get("report_time"))


def _receipt(message_id: Any, delivered: bool, code: object, time: object) -> Receipt | None:
    if not is_message_id(message_id):
        return None
    return Receipt(message_id, delivered, code_of(code), time_in_china(time))
