"""Which of the texts registered at a vendor a message becomes, and what fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sms.gateway import Delivery, GatewayUnusable, Message, Outcome, Reason

ANY = ""
MAINLAND = "+86"
PARAMS = ("code", "minutes")


def without_template(message: Message) -> Delivery:
    """What becomes of a message that no text was registered for: a code's is missing, a notice's may be."""
    return Delivery(Outcome.NOT_SENT, Reason.MISCONFIGURED if message.code else Reason.NO_TEMPLATE, fault="no_template")


@dataclass(frozen=True)
class Templates:
    """The registered texts: ``ids`` by purpose and language, ``signs`` by language, ``ANY`` being whichever.

    The purpose counts for more than the language. ``params`` are the variables of a text with a code, in its order.
    A notice takes a text registered for its purpose only, which has no variables. Numbers that are not of mainland China
    take what is registered for ``overseas``, where there is any.
    """

    ids: Mapping[tuple[str, str], str]
    signs: Mapping[str, str] = field(default_factory=dict)
    params: tuple[str, ...] = ("code",)
    overseas_ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    overseas_signs: Mapping[str, str] = field(default_factory=dict)

    def demand(self, ids: str, params: str) -> None:
        """Raise ``GatewayUnusable`` if nothing can be sent with these; the settings' names are ``ids`` and ``params``."""
        if not any((*self.ids.values(), *self.overseas_ids.values())):
            raise GatewayUnusable(f"{ids} is missing. See docs/sms.md.")
        if "code" not in self.params or len(set(self.params)) < len(self.params) or set(self.params) - set(PARAMS):
            raise GatewayUnusable(f"{params} lists code, or code and minutes, in the template's order.")

    def id_for(self, message: Message) -> str | None:
        """The text that ``message`` becomes, if any was registered for it."""
        purposes = (message.purpose, ANY) if message.code else (message.purpose,)
        keys = [(purpose, language) for purpose in purposes for language in (message.language, ANY)]
        registered = (self.overseas_ids, self.ids) if _is_overseas(message) else (self.ids,)
        return next((ids[key] for ids in registered for key in keys if ids.get(key)), None)

    def sign_for(self, message: Message) -> str | None:
        """The name that the text is signed with."""
        registered = (self.overseas_signs, self.signs) if _is_overseas(message) else (self.signs,)
        return next((signs[key] for signs in registered for key in (message.language, ANY) if signs.get(key)), None)

    def values_for(self, message: Message) -> dict[str, str]:
        """What the variables become, in the template's order."""
        if not message.code:
            return {}
        known = {"code": message.code, "minutes": str(max(1, message.expires_in // 60))}
        return {name: known[name] for name in self.params}


def _is_overseas(message: Message) -> bool:
    return not message.to.startswith(MAINLAND)
