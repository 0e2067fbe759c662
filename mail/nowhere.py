"""No way out: what a server has without ``MAIL_URL`` and without a development inbox."""

from mail.transport import Cause, Mail, NotTaken


class Nowhere:
    """Takes nothing, so that every mail is on the list of those that were not sent."""

    def send(self, mail: Mail) -> None:
        """Raise ``NotTaken``."""
        raise NotTaken(Cause.UNSET)
