"""Juhe (聚合数据): mainland numbers only, a form in, JSON out, the HTTP status meaning nothing."""

import json
from dataclasses import dataclass, field

from sms.endpoint import demand, parse_endpoint
from sms.faults import GARBLED
from sms.gateway import Delivery, GatewayUnusable, Message, Outcome, Reason
from sms.http import Http, json_object
from sms.templates import Templates, without_template
from sms.vendor_codes import juhe_delivery

MAINLAND = "+86"
VARIABLES = ("tpl_value", "vars")


@dataclass(frozen=True)
class JuheSettings:
    """The account's key and its registered texts. Times are in seconds.

    ``variables`` is the form field that carries them: ``tpl_value``, or ``vars`` for newer accounts.
    """

    key: str = field(repr=False)
    templates: Templates
    variables: str = "tpl_value"
    endpoint: str = "https://v.juhe.cn"
    connect_timeout: float = 2
    read_timeout: float = 3


class JuheGateway:
    """Sends with ``/sms/send``. The key travels in the body: URLs end up in logs."""

    name = "juhe"

    def __init__(self, settings: JuheSettings) -> None:
        demand(JUHE_KEY=settings.key)
        settings.templates.demand("JUHE_TEMPLATE_ID", "JUHE_TEMPLATE_PARAMS")
        if settings.variables not in VARIABLES:
            raise GatewayUnusable(f"JUHE_VARIABLES is {' or '.join(VARIABLES)}.")
        self._url = f"{parse_endpoint(settings.endpoint, 'JUHE_ENDPOINT')}/sms/send"
        self._settings = settings
        self._http = Http(settings.connect_timeout, settings.read_timeout)

    def send(self, message: Message) -> Delivery:
        """Hand over one message."""
        template = self._settings.templates.id_for(message)
        if template is None:
            return without_template(message)
        if not message.to.startswith(MAINLAND):
            return Delivery(Outcome.NOT_SENT, Reason.REGION)
        form = {
            "mobile": message.to.removeprefix(MAINLAND),
            "tpl_id": template,
            self._settings.variables: self._values(message),
            "key": self._settings.key,
            "dtype": "json",
        }
        response = self._http.post(self._url, data=form)
        if isinstance(response, Delivery):
            return response
        reply = json_object(response)
        if reply is None:
            return GARBLED
        result = reply.get("result")
        return juhe_delivery(reply.get("error_code"), result.get("sid") if isinstance(result, dict) else None)

    def _values(self, message: Message) -> str:
        values = self._settings.templates.values_for(message)
        if self._settings.variables == "vars":
            return json.dumps(values)
        return "&".join(f"#{name}#={value}" for name, value in values.items())
