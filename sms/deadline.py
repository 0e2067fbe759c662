"""An end to waiting: no gateway holds a caller longer than it may, nor more callers than it may."""

import threading
from concurrent.futures import Future, wait

from sms.gateway import Delivery, Gateway, Message, Outcome, Reason


class Deadline:
    """Asks a gateway, and waits for its answer no longer than ``seconds``; a call takes one of ``places``.

    Read timeouts of HTTP clients run anew with every byte, so a dripping reply outlasts them. A call past the deadline
    is *unknown* and keeps its place until it really ends, as nobody can stop it. Without a free place the gateway is not
    asked. Several gateways may share the places.
    """

    def __init__(self, gateway: Gateway, seconds: float, places: threading.BoundedSemaphore) -> None:
        self.name = gateway.name
        self._gateway = gateway
        self._seconds = seconds
        self._places = places

    def send(self, message: Message) -> Delivery:
        """Hand the message over within the deadline; raises what the gateway raises."""
        if not self._places.acquire(blocking=False):
            return Delivery(Outcome.NOT_SENT, Reason.BUSY)
        answer: Future[Delivery] = Future()
        # A daemon, and not of an executor, whose threads would hold up the end of the process.
        call = threading.Thread(target=self._call, args=(message, answer), name=f"sms-{self.name}", daemon=True)
        try:
            call.start()
        except RuntimeError:
            self._places.release()
            return Delivery(Outcome.NOT_SENT, Reason.BUSY)
        if not wait([answer], self._seconds).done:
            return Delivery(Outcome.UNKNOWN, fault="deadline")
        return answer.result()

    def _call(self, message: Message, answer: "Future[Delivery]") -> None:
        try:
            delivery = self._gateway.send(message)
        except BaseException as error:
            self._places.release()
            answer.set_exception(error)
        else:
            self._places.release()
            answer.set_result(delivery)
