"""``/v1/login``."""

from flask import Response
from flask_restful import Resource

from api.limits import login_per_account, login_per_address, work_for_login
from api.parsing import parse_body
from api.replies import reply
from api.sources import current_source
from api.wiring import services
from schemas.login import LoginBody
from services.sessions import SignedIn


class Login(Resource):
    """A session for a password or a code."""

    decorators = [login_per_address, login_per_account, work_for_login]

    def post(self) -> Response:
        """Log in; a success clears the account's limit, never the address's."""
        body = parse_body(LoginBody)
        signed_in = _by_code(**body) if "sms_id" in body else _by_password(**body)
        login_per_account.clear()
        return reply(signed_in)


def _by_password(account: tuple[str, str], password: str) -> SignedIn:
    return services().logins.by_password(*account, password, current_source())


def _by_code(sms_id: str, code: str) -> SignedIn:
    with services().challenges.redeem(sms_id, code, ("login",)) as proof:
        return services().logins.by_code(proof.phone, current_source())
