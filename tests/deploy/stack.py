"""What compose.yaml starts, on loopback: the Redis and the nginx of deploy/, and two nodes between them."""

import http.client
import json
import os
import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.datastructures import Headers

from api.config import ROOT
from api.embedded_redis import find_redis_server
from tests.certificates import certificate
from tests.clients import Client, Reply
from tests.servers.live import LiveServer
from tests.servers.process import ServerProcess, reserve_port, temporary_folder
from tests.shopper import Shopper
from tests.waiting import wait_until

DEPLOY = ROOT / "deploy"
PASSWORD, ADMIN_PASSWORD = "f00d" * 12, "cafe" * 12
SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin"
# The address of another service of the mall.
INSIDE = "127.0.0.8"
# Whoever keeps the key of the certificate on the machine where containers run as root.
SOMEBODY = 12345


class Stack:
    """``nodes`` behind ``nginx``, on ``redis``; all of it ends with ``remove``."""

    def __init__(self, database_url: str, **settings: object):
        self.folder = temporary_folder("stack")
        self._held = [reserve_port() for _ in range(3)]
        self.redis_port, self.port, self.health_port = (held.getsockname()[1] for held in self._held)
        self.certificate = certificate(self.folder)
        self._key = self._keep_key()
        self._redis = self._start_redis()
        redis_url = f"redis://accounts:{PASSWORD}@127.0.0.1:{self.redis_port}/0"
        self.nodes = [LiveServer(database_url, redis_url) for _ in range(2)]
        settings = {"WORKERS": 1, "TRUSTED_PROXIES": 1, "MIGRATE": "off"} | settings
        for node, jobs in zip(self.nodes, ("on", "off"), strict=True):
            node.start(**settings, JOBS=jobs)
        self._nginx = self._start_nginx()

    def client(self, address: str = "127.0.0.1") -> "TlsClient":
        """Somebody who comes from an address of loopback."""
        return TlsClient(self, address)

    def shopper(self, address: str = "127.0.0.1") -> Shopper:
        client = self.client(address)

        def read_inbox():
            messages = client.get("/dev/inbox", headers={"Accept": "application/json"}).json["messages"]
            return [(message["to"], message["code"]) for message in messages if message["code"]]

        return Shopper(client, read_inbox)

    def redis(self, username: str | None = None, password: str | None = None) -> Redis:
        """A connection beside the nodes'."""
        once = Retry(NoBackoff(), 0)
        return Redis(port=self.redis_port, username=username, password=password, decode_responses=True, retry=once)

    def admin(self) -> Redis:
        return self.redis("admin", ADMIN_PASSWORD)

    def restart_redis(self):
        """End it as a container is ended, and start it again on its files."""
        self._redis.stop()
        self._redis = self._start_redis()

    def nginx_log(self) -> str:
        return self._nginx.log.read_text()

    def logged(self, reply: Reply) -> dict[str, Any]:
        """What nginx says of a request; its workers write that after the reply, each when it comes to it."""
        asked = reply.headers["X-Request-ID"]
        found = lambda: [line for line in self.nginx_log().splitlines() if f'"request_id":"{asked}"' in line]  # noqa: E731
        wait_until(found, "the request in the log")
        (line,) = found()
        return json.loads(line)

    def remove(self):
        self._nginx.stop()
        for node in self.nodes:
            node.remove()
        self._redis.kill()
        for held in self._held:
            held.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_redis(self) -> ServerProcess:
        env = {
            "PATH": f"{Path(find_redis_server()).parent}:{os.environ['PATH']}",
            "REDIS_USERS": str(self.folder / "users.acl"),
            "REDIS_PASSWORD": PASSWORD,
            "REDIS_ADMIN_PASSWORD": ADMIN_PASSWORD,
        }
        options = ("--port", str(self.redis_port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        started = ServerProcess(["sh", str(DEPLOY / "redis/start.sh"), *options], self.folder / "redis.log", env=env)
        started.wait_until(lambda: self.admin().ping())
        return started

    def _keep_key(self) -> Path:
        """As openssl leaves it: its owner's alone, and inside the container that is not root."""
        key = Path(shutil.copy(self.certificate, self.folder / "accounts.key"))
        key.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(key, SOMEBODY, SOMEBODY)
        return key

    def _start_nginx(self) -> ServerProcess:
        written = self.folder / "nginx.conf"
        written.write_text(self._nginx_conf(), encoding="utf-8")
        program = shutil.which("nginx", path=SBIN) or pytest.exit("There is no nginx: apt-get install nginx.", 3)
        command = [*_as_in_a_container(), program, "-c", str(written), "-g", "daemon off;"]
        started = ServerProcess(command, self.folder / "nginx.log")
        started.wait_until(lambda: self.client().exchange("GET", "/healthz", None, {}).status == 200)
        return started

    def _nginx_conf(self) -> str:
        """The file itself; only its places are others."""
        text = (DEPLOY / "nginx/nginx.conf").read_text(encoding="utf-8")
        places = {
            "/tmp/": f"{self.folder}/",
            "/run/secrets/tls_certificate": str(self.certificate),
            "/run/secrets/tls_key": str(self._key),
            "accounts-a:5000": f"127.0.0.1:{self.nodes[0].port}",
            "accounts-b:5000": f"127.0.0.1:{self.nodes[1].port}",
            "listen 8443": f"listen 127.0.0.1:{self.port}",
            "allow 10.0.0.0/8": f"allow {INSIDE}/32",
            "127.0.0.1:8081": f"127.0.0.1:{self.health_port}",
        }
        for place, ours in places.items():
            assert place in text, place
            text = text.replace(place, ours)
        return text


class TlsClient(Client):
    """Calls nginx over TLS, on a new connection each time."""

    def __init__(self, stack: Stack, address: str):
        self._port = stack.port
        self._address = address
        self._trusts = ssl.create_default_context(cafile=str(stack.certificate))

    def exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=30, context=self._trusts, source_address=(self._address, 0)
        )
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, Headers(answer.getheaders()), answer.read())
        finally:
            connection.close()


def _as_in_a_container() -> tuple[str, ...]:
    """Root with the capabilities that compose.yaml leaves to nginx; who is not root has none to lose."""
    if os.geteuid() != 0:
        return ()
    nginx = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["nginx"]
    kept = ",".join(f"+{name.lower()}" for name in nginx["cap_add"])
    return ("setpriv", "--no-new-privs", "--inh-caps", "-all", "--bounding-set", f"-all,{kept}")
