"""Stands in for Juhe (聚合数据): a form to ``/sms/send``, the status always 200."""

import json
import re
from urllib.parse import parse_qsl

from tests.gateways.standin import Reply, Request, StandIn, as_json

KEY = "juhe-key-of-the-tests"
TEMPLATES = {
    "166": {"code"},
    "167": {"code", "minutes"},
    "168": {"code"},
    "169": {"code"},
    "170": {"code"},
    "171": set(),
}


class JuheStandIn(StandIn):
    """``code`` is answered with ``status``; None lets the request be judged."""

    def reset(self) -> None:
        super().reset()
        self.code: int | str | None = None
        self.status = 200

    def answer(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        code = self._fault_of(request, form) if self.code is None else self.code
        if code not in (0, "0"):
            return as_json({"reason": "refused", "result": [], "error_code": code}, self.status)
        sid = f"2029865{len(self.messages):03}"
        self.messages.append(
            {
                **form,
                "phone": f"+86{form['mobile']}",
                "serial": sid,
                "params": self._params(form),
                "tpl": form["tpl_id"],
            }
        )
        result = {"count": 1, "fee": 1, "sid": sid}
        return as_json({"reason": "操作成功", "result": result, "error_code": code}, self.status)

    def _fault_of(self, request: Request, form: dict[str, str]) -> int:
        if request.method != "POST" or request.path != "/sms/send":
            return 205410
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return 205410
        if form.get("key") != KEY:
            return 10001
        if form.get("dtype") != "json":
            return 205404
        if not re.fullmatch(r"1[3-9]\d{9}", form.get("mobile", "")):
            return 205401
        if self._params(form).keys() != TEMPLATES.get(form.get("tpl_id", "")):
            return 205402
        return 0

    def _params(self, form: dict[str, str]) -> dict[str, str]:
        if "vars" in form:
            return json.loads(form["vars"])
        return dict(re.findall(r"#(\w+)#=([^&#]*)", form.get("tpl_value", "")))
