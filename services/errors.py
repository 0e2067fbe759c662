"""What can go wrong, in the product's words.

ServiceError                       has a stable ``code`` and members for the client
├── Invalid                        fields that break a rule only a service can check
├── TokenMissing, TokenInvalid, TokenExpired, SessionRevoked
├── InvalidCredentials, InvalidClient
├── RefreshInvalid, RefreshExpired, RefreshReused
├── ReauthenticationRequired, ChallengeRequired
├── CodeExpired, CodeIncorrect
├── TicketInvalid, TicketExpired
├── PhoneRegistered, UsernameTaken, EmailTaken
├── PhoneNotRegistered             carries a ticket to register with
├── NotFound
└── Later                          try again after ``retry_after`` seconds
    ├── RateLimited, SmsCooldown, SmsHourlyLimit, SmsDailyLimit
    └── SmsUnavailable, ServiceUnavailable
"""

from typing import Any, ClassVar


class ServiceError(Exception):
    """A refusal or failure with a stable code; ``members`` are facts the client may see."""

    code: ClassVar[str]

    def __init__(self, **members: Any) -> None:
        super().__init__(self.code)
        self.members = members


class Invalid(ServiceError):
    """Fields that are well-formed and still refused; ``errors`` maps each to keys of messages."""

    code = "validation_failed"

    def __init__(self, **errors: str) -> None:
        super().__init__(errors={field: [key] for field, key in errors.items()})


class TokenMissing(ServiceError):
    """A protected call came without an access token."""

    code = "token_missing"


class TokenInvalid(ServiceError):
    """The access token is forged, garbled or of another kind."""

    code = "token_invalid"


class TokenExpired(ServiceError):
    """The access token is too old."""

    code = "token_expired"


class SessionRevoked(ServiceError):
    """The access token is good, its session has ended."""

    code = "session_revoked"


class InvalidCredentials(ServiceError):
    """Unknown account, wrong password or disabled account: one answer for all."""

    code = "invalid_credentials"


class InvalidClient(ServiceError):
    """A service that asks without its name and secret, or with wrong ones (RFC 6749, 5.2)."""

    code = "invalid_client"


class ReauthenticationRequired(ServiceError):
    """A sensitive change without fresh proof, or with a wrong password."""

    code = "reauthentication_required"


class ChallengeRequired(ServiceError):
    """Work is asked for first; ``challenge`` is ALTCHA's object."""

    code = "challenge_required"


class RefreshInvalid(ServiceError):
    """The refresh token is forged, or its session has ended."""

    code = "refresh_invalid"


class RefreshExpired(ServiceError):
    """The session was idle too long or reached its end."""

    code = "refresh_expired"


class RefreshReused(ServiceError):
    """A refresh token came back after its successor was used: the session is ended (RFC 9700, 4.14.2)."""

    code = "refresh_reused"


class CodeExpired(ServiceError):
    """The SMS challenge is unknown, expired, used, out of attempts, or meant for something else."""

    code = "code_expired"


class CodeIncorrect(ServiceError):
    """A wrong guess; ``attempts_left`` says how many remain."""

    code = "code_incorrect"


class TicketInvalid(ServiceError):
    """The ticket is forged, or issued for another purpose."""

    code = "ticket_invalid"


class TicketExpired(ServiceError):
    """The ticket is too old or used up."""

    code = "ticket_expired"


class PhoneRegistered(ServiceError):
    """The phone has an account already."""

    code = "phone_registered"


class UsernameTaken(ServiceError):
    """Another account has this user name, or one that folds to the same key."""

    code = "username_taken"


class EmailTaken(ServiceError):
    """Another account has this address verified."""

    code = "email_taken"


class PhoneNotRegistered(ServiceError):
    """Possession of the phone is proven, but no account has it; ``ticket`` registers one."""

    code = "phone_not_registered"


class NotFound(ServiceError):
    """Nothing of that name belongs to the caller."""

    code = "not_found"


class Later(ServiceError):
    """Right in itself, refused for now; ``retry_after`` is in whole seconds, at least 1."""

    def __init__(self, retry_after: float = 1) -> None:
        super().__init__(retry_after=max(1, int(-(-retry_after // 1))))


class RateLimited(Later):
    """Too many calls of this kind."""

    code = "rate_limited"


class SmsCooldown(Later):
    """The phone got a message less than a cooldown ago."""

    code = "sms_cooldown"


class SmsHourlyLimit(Later):
    """The phone got its messages of this hour."""

    code = "sms_hourly_limit"


class SmsDailyLimit(Later):
    """The phone got its messages of this day."""

    code = "sms_daily_limit"


class SmsUnavailable(Later):
    """No gateway took the message; nothing was sent."""

    code = "sms_unavailable"


class ServiceUnavailable(Later):
    """A part is away, or the server is too busy to hash one more password."""

    code = "service_unavailable"
