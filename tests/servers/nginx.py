"""A private nginx that shares requests out to several servers, as docs/operations/proxy.md says."""

import os
import shutil
from urllib.request import urlopen

import pytest

from tests.servers.process import ServerProcess, reserve_port, temporary_folder

MISSING = "There is no nginx: apt-get install nginx-light."
CONFIGURATION = """
daemon off;
master_process off;
{user}
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream accounts {{
        {servers}
        keepalive 16;
        keepalive_timeout 900ms;
    }}
    server {{
        listen 127.0.0.1:{port};
        underscores_in_headers off;
        location / {{
            proxy_pass http://accounts;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_connect_timeout 1s;
            proxy_read_timeout 20s;
            proxy_next_upstream error timeout;
        }}
    }}
}}
"""


class Nginx:
    """It goes on to the next server where a connection is refused, and never sends a POST twice."""

    def __init__(self, *urls: str):
        self.folder = temporary_folder("nginx")
        self._held = reserve_port()
        self.url = f"http://127.0.0.1:{self._held.getsockname()[1]}"
        places = (url.removeprefix("http://") for url in urls)
        text = CONFIGURATION.format(
            user="user root;" if os.geteuid() == 0 else "",
            folder=self.folder,
            port=self._held.getsockname()[1],
            servers="\n        ".join(f"server {place} max_fails=1 fail_timeout=1s;" for place in places),
        )
        (self.folder / "nginx.conf").write_text(text, encoding="utf-8")
        self._process = ServerProcess(
            [_program(), "-e", str(self.folder / "start.log"), "-c", str(self.folder / "nginx.conf")],
            self.folder / "nginx.log",
        )
        self._process.wait_until(self._answers)

    def remove(self):
        """Stop it and delete its folder."""
        self._process.stop()
        self._held.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        with urlopen(f"{self.url}/healthz", timeout=5) as answer:
            return answer.status == 200


def _program() -> str:
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.exit(MISSING, 3)
    return found
