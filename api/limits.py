"""The policy in one table: every limit and every work that is asked for, whom it counts, and what it does past its number.

A limit counts requests, in the windows of its setting (``LIMITS`` in ``api/config.py`` has the defaults), and refuses.
Work looks at debts: messages that nobody verified, and failed logins, of so many of the last hours. Whoever owes as much as
he may is asked for work: more at twice, and most at four times that. What an alarm is: ``services/debts.py``.
What a message may cost besides is in ``services/challenges.py`` (a phone) and ``services/budgets.py`` (site, region, prefix).
"""

from dataclasses import replace

from api import whom
from api.guards import ASK_FOR_WORK, REFUSE, MayOwe, NamedLimit, Work
from schemas.body import Body
from schemas.register import RegisterBody
from services.errors import CodeExpired, CodeIncorrect, InvalidCredentials

# Limits              name                        whom it counts    past its number
sms_per_address = NamedLimit("sms_per_address", whom.address, REFUSE)
sms_per_phone = NamedLimit("sms_per_phone", whom.phone, ASK_FOR_WORK)
sms_per_account = NamedLimit("sms_per_account", whom.sender, REFUSE)
verify_per_address = NamedLimit("verify_per_address", whom.address, REFUSE)
register_per_address = NamedLimit("register_per_address", whom.address, REFUSE)
login_per_address = NamedLimit("login_per_address", whom.address, REFUSE)
login_per_account = NamedLimit("login_per_account", whom.account, ASK_FOR_WORK)
availability_per_address = NamedLimit("availability_per_address", whom.address, REFUSE)
refresh_per_address = NamedLimit("refresh_per_address", whom.address, REFUSE)
challenge_per_address = NamedLimit("challenge_per_address", whom.address, REFUSE)
introspect_per_address = NamedLimit("introspect_per_address", whom.address, REFUSE)
email_per_account = NamedLimit("email_per_account", whom.caller, REFUSE)
export_per_account = NamedLimit("export_per_account", whom.caller, REFUSE)
rename_per_account = NamedLimit("rename_per_account", whom.renamer, REFUSE)

NEVER = 10**9
# Debts         name              whose            calm  alarm  hours
unverified = (
    MayOwe("sms:address", whom.address, calm=10, alarm=1, hours=24),
    MayOwe("sms:network", whom.network, calm=20, alarm=10, hours=24, takes_work=True),
    MayOwe("sms:everybody", whom.everybody, calm=NEVER, alarm=10_000, hours=24, takes_work=True),
)
unverified_phone = MayOwe("sms:phone", whom.named_phone, calm=3, alarm=3, hours=24, strict=True)
unverified_numbers = MayOwe("sms:prefix", whom.prefix, calm=15, alarm=5, hours=24)
failed = (
    MayOwe("login:address", whom.address, calm=20, alarm=3, hours=1),
    MayOwe("login:network", whom.network, calm=80, alarm=12, hours=1),
)
failed_at_account = MayOwe("login:account", whom.account, calm=10, alarm=5, hours=1, forgiven=True)
# An alarm is about debts of its own kind: the code that somebody is about to log in with is not verified yet.
others_unverified, others_failed = (
    tuple(replace(debt, alarm=debt.calm, counts=False) for debt in debts) for debts in (unverified, failed)
)

# Work            its kind, and the debts that it looks at
work_for_sms = Work("sms", *unverified, unverified_phone, unverified_numbers, phone=whom.named_phone, vital=True)
work_for_resend = Work(
    "sms", *unverified, replace(unverified_phone, whom=whom.phone_of_code), phone=whom.phone_of_code, vital=True
)
work_for_login = Work(
    "login", *failed, failed_at_account, *others_unverified, failures=(InvalidCredentials, CodeIncorrect, CodeExpired)
)
work_for_register = Work("sms", *others_unverified, *others_failed, body=RegisterBody, counts=False)


def proof_per_account(schema: type[Body]) -> NamedLimit:
    """Current passwords that are tried in bodies of ``schema`` count with the login attempts of the caller's name."""
    return NamedLimit("login_per_account", whom.prover(schema), REFUSE)
