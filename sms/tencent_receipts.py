"""Receipts from Tencent's queue, through the vendor's SDK. The vendor opens the queue on request only."""

from typing import Any

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from sms.receipts import Receipt, Report, code_of, is_message_id, unix_time
from sms.tencent import TencentSettings, connect
from sms.vendor_codes import vendor_word

LIMIT = 100
STATES = {"SUCCESS": True, "FAIL": False}


class TencentReceipts:
    """Pulls with ``PullSmsSendStatus``, up to 100 at a time. What was pulled is never handed out again."""

    name = "tencent"

    def __init__(self, settings: TencentSettings) -> None:
        self._request = {"SmsSdkAppId": settings.sdk_app_id, "Limit": LIMIT}
        self._client = connect(settings)

    def pull(self) -> Report:
        """The receipts that wait, or the first hundred of them."""
        try:
            return _report(self._client.call_json("PullSmsSendStatus", self._request))
        except TencentCloudSDKException as error:
            return Report(fault=vendor_word(error.code) or "refused")
        except Exception as error:  # whatever a garbled reply does to the SDK, or to us
            return Report(fault=type(error).__name__)


def _report(reply: dict[str, Any]) -> Report:
    entries = reply["Response"]["PullSmsSendStatusSet"] or []
    receipts = tuple(_receipt(entry) for entry in entries if _is_receipt(entry))
    return Report(receipts, more=len(entries) >= LIMIT)


def _is_receipt(entry: Any) -> bool:
    """Anything else among them is passed over: it is out of the queue, and the others must not be lost for it."""
    return (
        isinstance(entry, dict) and entry.get("ReportStatus") in tuple(STATES) and is_message_id(entry.get("SerialNo"))
    )


def _receipt(entry: dict[str, Any]) -> Receipt:
    delivered = STATES[entry["ReportStatus"]]
    return Receipt(
        entry["SerialNo"], delivered, code_of(entry.get("Description")), unix_time(entry.get("UserReceiveTime"))
    )
