"""The table: URL -> Resource, and nothing else."""

from flask_restful import Api

from resources.challenge import Challenge
from resources.email import EmailVerify, MyEmail
from resources.events import EventList
from resources.export import DataExport
from resources.login import Login
from resources.logout import Logout
from resources.me import Me
from resources.password import MyPassword, PasswordReset
from resources.phone import MyPhone, PhoneKeep, PhoneUndo
from resources.receipts import SmsReceipts
from resources.register import Availability, Register
from resources.sessions import SessionItem, SessionList
from resources.sms import Sms, SmsResend, SmsVerify
from resources.tokens import TokenIntrospect, TokenRefresh

ROUTES = (
    ("/v1/challenge", Challenge),
    ("/v1/sms", Sms),
    ("/v1/sms/<sms_id>/resend", SmsResend),
    ("/v1/sms/<sms_id>/verify", SmsVerify),
    ("/v1/sms/receipts/<secret>/<vendor>", SmsReceipts),
    ("/v1/register/availability", Availability),
    ("/v1/register", Register),
    ("/v1/login", Login),
    ("/v1/token/refresh", TokenRefresh),
    ("/v1/token/introspect", TokenIntrospect),
    ("/v1/logout", Logout),
    ("/v1/password/reset", PasswordReset),
    ("/v1/sessions", SessionList),
    ("/v1/sessions/<session_id>", SessionItem),
    ("/v1/me", Me),
    ("/v1/me/email", MyEmail),
    ("/v1/me/password", MyPassword),
    ("/v1/me/phone", MyPhone),
    ("/v1/me/events", EventList),
    ("/v1/me/export", DataExport),
    ("/v1/email/verify", EmailVerify),
    ("/v1/phone/undo", PhoneUndo),
    ("/v1/phone/keep", PhoneKeep),
)


def add_routes(api: Api) -> None:
    """Put every Resource at its URL."""
    for url, resource in ROUTES:
        api.add_resource(resource, url)
