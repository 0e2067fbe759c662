"""The settings of mails: through which server, from whom, and where their links lead."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from environs import Env

from api.bad_setting import BadSetting
from mail.compose import Sender
from mail.smtp import SmtpSettings, Tls

FORM = "write it like smtp://user:password@host:587, or smtps://user:password@host:465"
PORTS = {"smtp": 587, "smtps": 465}
STARTTLS = {tls.value: tls for tls in (Tls.OFFERED, Tls.REQUIRED, Tls.OFF)}
HOST = re.compile(r"[A-Za-z0-9.\-:]+")


def read_smtp(env: Env) -> SmtpSettings | None:
    """The mail server of ``MAIL_URL``, if it names one; raises ``BadSetting``, whose text doesn't repeat a password."""
    url, sender = env.str("MAIL_URL", "").strip(), env.str("MAIL_FROM", "").strip()
    if url in ("", "console"):
        return None
    try:
        parts = urlsplit(url)
        port, options = parts.port, dict(parse_qsl(parts.query, strict_parsing=True) if parts.query else ())
    except ValueError as error:
        raise BadSetting(f"MAIL_URL can't be read; {FORM}.") from error
    if parts.scheme not in PORTS or not HOST.fullmatch(parts.hostname or "") or parts.path.strip("/") or parts.fragment:
        raise BadSetting(f"MAIL_URL can't be read; {FORM}. A # or / in the password is written %23 or %2F.")
    return SmtpSettings(
        host=parts.hostname or "",
        port=port or PORTS[parts.scheme],
        sender=_sender(sender),
        tls=_tls(parts.scheme, options),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def read_public_url(env: Env, port: int) -> str:
    """Where the site is, without a slash at its end; raises ``BadSetting``."""
    url = env.str("PUBLIC_URL", "").strip().rstrip("/") or f"http://127.0.0.1:{port}"
    try:
        parts = urlsplit(url)
        is_site = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_site = False
    if (
        not is_site
        or "@" in url
        or "?" in url
        or "#" in url
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise BadSetting("PUBLIC_URL is where the site is, like https://shop.example or https://shop.example/mall.")
    return url


def _sender(text: str) -> Sender:
    try:
        return Sender.read(text)
    except ValueError as error:
        raise BadSetting("MAIL_FROM is who mails are from, like 咚宝 <no-reply@shop.example>.") from error


def _tls(scheme: str, options: dict[str, str]) -> Tls:
    wanted = options.pop("starttls", None)
    if options or (wanted is not None and wanted not in STARTTLS):
        raise BadSetting("MAIL_URL knows one option: ?starttls=required, offered or off.")
    if scheme == "smtps":
        return Tls.WRAPPED
    return STARTTLS[wanted or Tls.OFFERED.value]
