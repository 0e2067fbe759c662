"""Receipts of single messages from Alibaba, through the vendor's SDK."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from alibabacloud_dysmsapi20170525.models import QuerySendDetailsRequest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

from sms.aliyun import ONCE, AliyunSettings, connect, inner_error
from sms.gateway import Reason
from sms.receipts import CHINA, Receipt, Report, code_of, time_in_china
from sms.vendor_codes import aliyun_delivery, vendor_word

DELIVERED = {"3": True, "2": False}
PAGE = 10
# Refused for one message, as far as we know; the parameters are the number, the message's id and its day.
OF_MESSAGE = frozenset({Reason.BAD_NUMBER, Reason.OPTED_OUT, Reason.REGION, Reason.CONTENT, Reason.REFUSED})
PARAMETERS = "isv.INVALID_PARAMETERS"
CLOCKS_DIFFER = timedelta(minutes=1)


class AliyunReceipts:
    """Asks with ``QuerySendDetails``. Its reply holds the message's text, and that the code: nothing of it is kept."""

    name = "aliyun"

    def __init__(self, settings: AliyunSettings) -> None:
        self._client = connect(settings)

    def ask(self, phone: str, message_id: str, sent_at: datetime) -> Report:
        """Whether the message has arrived, or failed; an empty report while the vendor waits itself."""
        report = Report()
        for day in _days(sent_at):
            report = self._ask(phone, message_id, day)
            if report.receipts or report.fault:
                break
        return report

    def _ask(self, phone: str, message_id: str, day: str) -> Report:
        request = QuerySendDetailsRequest(
            phone_number=phone.removeprefix("+86").removeprefix("+"),
            biz_id=message_id,
            send_date=day,
            page_size=PAGE,
            current_page=1,
        )
        try:
            return _report(message_id, self._client.query_send_details_with_options(request, ONCE).body)
        except AlibabaCloudException as error:
            return _refusal(error.code, "refused")
        except Exception as error:  # also whatever a garbled reply does to the SDK
            return Report(fault=type(inner_error(error)).__name__)


def _days(sent_at: datetime) -> Iterable[str]:
    """The day in China; around midnight two, as the vendor's clock is another one."""
    moments = (sent_at - CLOCKS_DIFFER, sent_at + CLOCKS_DIFFER)
    return dict.fromkeys(f"{moment.astimezone(CHINA):%Y%m%d}" for moment in moments)


def _refusal(code: object, otherwise: str) -> Report:
    word = vendor_word(code)
    of_message = word == PARAMETERS or aliyun_delivery(word, "").reason in OF_MESSAGE
    return Report(fault=word or otherwise, of_message=of_message)


def _report(message_id: str, body: Any) -> Report:
    if body.code != "OK":
        return _refusal(body.code, "garbled")
    found = body.sms_send_detail_dtos
    details = found.sms_send_detail_dto if found else ()
    return Report(tuple(_receipt(message_id, detail) for detail in details if str(detail.send_status) in DELIVERED))


def _receipt(message_id: str, detail: Any) -> Receipt:
    delivered = DELIVERED[str(detail.send_status)]
    return Receipt(message_id, delivered, code_of(detail.err_code), time_in_china(detail.receive_date))
