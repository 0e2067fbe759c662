"""What a shopper does about a password and a phone; each returns the reply."""

from datetime import timedelta

from tests.clients import Reply
from tests.shopper import Shopper

NEW_PASSWORD = "another horse battery"
DORMANT = timedelta(days=181)


def reset(shopper: Shopper, ticket: str, password: str = NEW_PASSWORD) -> Reply:
    body = {"ticket": ticket, "password": password, "password_confirm": password}
    return shopper.client.post("/v1/password/reset", json=body)


def change_password(shopper: Shopper, password: str = NEW_PASSWORD, **proof: str) -> Reply:
    """With the current password, unless ``proof`` is another."""
    proof = proof or {"current_password": shopper.password}
    body = {"password": password, "password_confirm": password, **proof}
    return shopper.client.put("/v1/me/password", json=body, token=shopper.access_token)


def change_phone(shopper: Shopper, sms_id: str, code: str, **proof: str) -> Reply:
    """Likewise, by a code that the new number got."""
    proof = proof or {"current_password": shopper.password}
    return shopper.client.put(
        "/v1/me/phone", json={"sms_id": sms_id, "code": code, **proof}, token=shopper.access_token
    )


def move(shopper: Shopper, phone: str) -> Reply:
    """Prove a number and change to it, the whole way."""
    sms_id = shopper.send_code("change_phone", phone)
    return change_phone(shopper, sms_id, shopper.last_code(phone))


def undo(shopper: Shopper, token: str) -> Reply:
    return shopper.client.post("/v1/phone/undo", json={"token": token})


def keep(shopper: Shopper, token: str) -> Reply:
    return shopper.client.post("/v1/phone/keep", json={"token": token})
