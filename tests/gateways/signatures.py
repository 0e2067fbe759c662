"""The vendors' signatures, computed from their published descriptions and from nothing of their SDKs."""

import hashlib
import hmac
import re
from urllib.parse import quote


def tc3_signature(secret, *, method, path, query, headers, signed, body, timestamp, service) -> str:
    """TC3-HMAC-SHA256: Tencent's 'Signature method v3'. ``headers`` have lower-case names."""
    date = _utc_date(timestamp)
    # The published description puts values in lower case as well: it matters for an action, not for what is signed here.
    canonical_headers = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in signed)
    canonical = "\n".join([method, path, query, canonical_headers, ";".join(signed), _sha256(body)])
    scope = f"{date}/{service}/tc3_request"
    to_sign = "\n".join(["TC3-HMAC-SHA256", str(timestamp), scope, _sha256(canonical.encode())])
    key = f"TC3{secret}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def acs3_signature(secret, *, method, path, query, headers, signed, body) -> str:
    """ACS3-HMAC-SHA256: Alibaba's 'V3 request body and signature mechanism'. ``query`` is a dict, decoded."""
    canonical_query = "&".join(f"{_encode(name)}={_encode(query[name])}" for name in sorted(query))
    canonical_headers = "".join(f"{name}:{headers[name].strip()}\n" for name in signed)
    canonical = "\n".join([method, path, canonical_query, canonical_headers, ";".join(signed), _sha256(body)])
    to_sign = f"ACS3-HMAC-SHA256\n{_sha256(canonical.encode())}"
    return hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def read_authorization(header: str) -> tuple[str, dict[str, str]]:
    """The algorithm, and the fields that follow it."""
    algorithm, _, rest = header.partition(" ")
    return algorithm, dict(part.split("=", 1) for part in re.split(r",\s*", rest) if "=" in part)


def _utc_date(timestamp) -> str:
    """The day of a Unix time, by arithmetic: days since 1970 to year, month, day."""
    days = int(timestamp) // 86400 + 719468
    era, day_of_era = divmod(days, 146097)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return f"{year + era * 400 + (month <= 2):04}-{month:02}-{day:02}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _encode(text: str) -> str:
    return quote(text, safe="~")
