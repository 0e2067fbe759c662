"""What the candidate servers do when things go wrong.

Usage: python bench/servers/behaviour.py [--only CHECK,CHECK] [NAME ...]

Every check starts its own server on 127.0.0.1, is bounded in time and ends
what it started. It prints what was seen; it does not judge.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from candidates import CANDIDATES
from running import ADDRESS, HERE, end, rss_kib, running, stat, tree

Seen = dict[str, Any]
Server = subprocess.Popen[bytes]


def connect(port: int, timeout: float = 5) -> socket.socket:
    return socket.create_connection((ADDRESS, port), timeout)


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes, resets or says nothing more."""
    data = b""
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except TimeoutError:
        return data or b"(no answer)"
    except OSError:
        return data or b"(reset)"
    return data or b"(closed)"


def ask(port: int, head: str, body: bytes = b"", timeout: float = 3) -> bytes:
    with connect(port, timeout) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode("latin-1") + body)
        return read_all(connection)


def get(port: int, path: str = "/who", timeout: float = 2) -> Any:
    """JSON of a GET on a new connection; None when it is not answered."""
    try:
        answer = ask(port, f"GET {path} HTTP/1.1\nHost: x\nConnection: close\n\n", timeout=timeout)
        return json.loads(answer.split(b"\r\n\r\n", 1)[1])
    except (OSError, ValueError, IndexError):
        return None


def status(answer: bytes) -> str:
    return answer.split(b"\r\n", 1)[0].decode("latin-1") if answer.startswith(b"HTTP") else answer.decode("latin-1")


def content(answer: bytes) -> str:
    return answer.split(b"\r\n\r\n", 1)[-1].decode("latin-1")[:200]


def ms(since: float) -> int:
    return round((time.monotonic() - since) * 1000)


def exited(server: Server, since: float, limit: float = 15) -> Seen:
    try:
        code = server.wait(limit)
    except subprocess.TimeoutExpired:
        return {"exit": f"still running after {limit:.0f} s"}
    return {"exit_code": code, "exit_ms": ms(since)}


def stop_while_busy(name: str) -> Seen:
    """SIGTERM while a request of 1.5 s runs."""
    with running(name) as (server, port):
        answers: list[bytes] = []
        head = "GET /sleep/1500 HTTP/1.1\nHost: x\nConnection: close\n\n"
        client = threading.Thread(target=lambda: answers.append(ask(port, head)))
        client.start()
        time.sleep(0.4)
        begin = time.monotonic()
        server.terminate()
        refused: int | None = None
        while refused is None and ms(begin) < 3000:
            time.sleep(0.02)
            try:
                connect(port, 0.2).close()
            except ConnectionRefusedError:
                refused = ms(begin)
            except OSError:
                pass
        seen = exited(server, begin)
        client.join(4)
        return {"running_request": status(answers[0]) if answers else "none", "refused_after_ms": refused, **seen}


def stop_with_idle(name: str) -> Seen:
    """SIGTERM with an idle keep-alive connection and one that sent nothing."""
    with running(name) as (server, port):
        with connect(port) as idle, connect(port):
            idle.sendall(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
            idle.recv(4096)
            begin = time.monotonic()
            server.terminate()
            return exited(server, begin)


def stop_with_dripping_body(name: str) -> Seen:
    """SIGTERM while a body never comes to its end."""
    with running(name) as (server, port), connect(port) as slow:
        slow.sendall(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        time.sleep(0.3)
        begin = time.monotonic()
        server.terminate()
        return exited(server, begin, 20)


def stop_thrice(name: str) -> Seen:
    """SIGTERM three times to the whole process group, 0.2 s apart."""
    with running(name, processes=2) as (server, port):
        with connect(port) as busy:
            busy.sendall(b"GET /sleep/1500 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            time.sleep(0.2)
            begin = time.monotonic()
            for _ in range(3):
                if server.poll() is None:
                    os.killpg(server.pid, signal.SIGTERM)
                time.sleep(0.2)
            return {"running_request": status(read_all(busy)), **exited(server, begin)}


def stop_group(name: str) -> Seen:
    """One SIGTERM to every process of the server, as systemd sends it."""
    with running(name, processes=2) as (server, port), connect(port) as busy:
        busy.sendall(b"GET /sleep/1500 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.2)
        begin = time.monotonic()
        for pid in tree(server.pid):
            os.kill(pid, signal.SIGTERM)
        return {"running_request": status(read_all(busy)), **exited(server, begin)}


def workers_of(port: int, wanted: int = 2) -> set[int]:
    pids: set[int] = set()
    for _ in range(60):
        answer = get(port)
        if answer:
            pids.add(answer["pid"])
        if len(pids) >= wanted:
            break
    return pids


def kill_worker(name: str) -> Seen:
    """SIGKILL of one of two workers while requests come in for 6 s."""
    with running(name, processes=2) as (server, port):
        before = workers_of(port)
        victim = max(before)
        begin = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        good = bad = 0
        back: int | None = None
        while ms(begin) < 6000 and server.poll() is None:
            answer = get(port, timeout=0.5)
            good, bad = (good + 1, bad) if answer else (good, bad + 1)
            if answer and answer["pid"] not in before and back is None:
                back = ms(begin)
            time.sleep(0.01)
        return {"answered": good, "failed": bad, "new_worker_after_ms": back, "server_exit": server.poll()}


def kill_worker_twice(name: str) -> Seen:
    """SIGKILL of a worker, and of its successor 2 s later."""
    with running(name, processes=2) as (server, port):
        first = workers_of(port)
        os.kill(max(first), signal.SIGKILL)
        time.sleep(2)
        second = workers_of(port)
        fresh = second - first
        if fresh:
            os.kill(fresh.pop(), signal.SIGKILL)
        time.sleep(3)
        return {
            "replaced": bool(second - first),
            "server_exit": server.poll(),
            "answers": bool(get(port)),
            "left_over": [pid for pid in second if stat(pid) is not None and server.poll() is not None],
        }


def kill_main(name: str) -> Seen:
    """SIGKILL of the main process: do its workers go on without it?"""
    with running(name, processes=2) as (server, port):
        workers = [pid for pid in tree(server.pid) if pid != server.pid]
        server.kill()
        server.wait(5)
        time.sleep(2.5)
        alive = [pid for pid in workers if (found := stat(pid)) and found.state != "Z"]
        answers = get(port) is not None
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
        return {"workers": len(workers), "alive_after_2.5_s": len(alive), "still_answering": answers}


def hung_worker(name: str) -> Seen:
    """One of two workers keeps the interpreter lock for 8 s."""
    with running(name, processes=2) as (_server, port), connect(port) as stuck:
        stuck.sendall(b"GET /hang HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        begin, good, bad, last = time.monotonic(), 0, 0, 0
        while ms(begin) < 9000:
            if get(port, timeout=0.3):
                good += 1
                time.sleep(0.05)
            else:
                bad, last = bad + 1, ms(begin)
        return {"answered": good, "failed": bad, "last_failure_ms": last}


def drip(name: str, opening: bytes, count: int) -> Seen:
    with running(name) as (server, port):
        clients = [connect(port) for _ in range(count)]
        begin = time.monotonic()
        for client in clients:
            client.sendall(opening)
        closed: list[int] = []
        first_words = b""
        probes: list[int | None] = []
        while ms(begin) < 14_000 and len(closed) < count:
            for client in list(clients):
                client.setblocking(False)
                try:
                    client.send(b"a")
                    words = client.recv(4096)
                    first_words = first_words or words
                    if words:
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    pass
                clients.remove(client)
                client.close()
                closed.append(ms(begin))
            if len(probes) < 6:
                asked = time.monotonic()
                probes.append(ms(asked) if get(port, timeout=1) else None)
            time.sleep(0.7)
        threads = [found.threads for pid in tree(server.pid) if (found := stat(pid))]
        for client in clients:
            client.close()
        time.sleep(0.5)
        return {
            "probes_answered_ms": probes,
            "cut_after_ms": [closed[0], closed[-1]] if closed else None,
            "cut": f"{len(closed)} of {count}",
            "said": status(first_words) if first_words else None,
            "threads": threads,
            "fine_afterwards": get(port) is not None,
        }


def slow_headers(name: str) -> Seen:
    """50 clients send a header byte by byte; 8 threads."""
    return drip(name, b"GET /who HTTP/1.1\r\nHost: x\r\nX-Slow: ", 50)


def slow_bodies(name: str) -> Seen:
    """50 clients send a body byte by byte; 8 threads."""
    return drip(name, b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n", 50)


def idle_connections(name: str) -> Seen:
    """600 idle keep-alive connections that have sent one request each."""
    with running(name) as (_server, port):
        clients = []
        for _ in range(600):
            try:
                client = connect(port, 1)
                client.sendall(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
                clients.append(client)
            except OSError:
                break
        answered = 0
        for client in clients:
            client.settimeout(0.05)
            try:
                answered += bool(client.recv(4096))
            except OSError:
                pass
        begin = time.monotonic()
        probe = get(port, timeout=8)
        waited = ms(begin)
        clients[0].settimeout(14)
        try:
            clients[0].recv(1)
            cut: int | None = ms(begin)
        except OSError:
            cut = None
        for client in clients:
            client.close()
        return {"answered": answered, "new_one_answered_ms": waited if probe else None, "idle_closed_after_ms": cut}


def chunked(port: int, path: str, size: int, ending: bool = True) -> bytes:
    body = b""
    for start in range(0, size, 1024):
        piece = b"x" * min(1024, size - start)
        body += f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    head = f"POST {path} HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nConnection: close\n\n"
    if ending:
        return ask(port, head, body + b"0\r\n\r\n")
    with connect(port, 3) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def bodies(name: str) -> Seen:
    """Chunked, too large, cut short."""
    head = "POST {} HTTP/1.1\nHost: x\nContent-Length: {}\nConnection: close\n\n"
    with running(name) as (_server, port):
        seen: Seen = {}
        for label, answer in {
            "chunked_1k_flask": chunked(port, "/body", 1024),
            "chunked_17k_flask": chunked(port, "/body", 17 * 1024),
            "chunked_17k_input": chunked(port, "/input", 17 * 1024),
            "chunked_1k_without_end": chunked(port, "/body", 1024, ending=False),
            "length_17k_flask": ask(port, head.format("/body", 17408), b"x" * 17408),
            "length_1k_input": ask(port, head.format("/input", 1024), b"x" * 1024),
            "both_length_and_chunked": ask(
                port,
                "POST /body HTTP/1.1\nHost: x\nContent-Length: 3\nTransfer-Encoding: chunked\n\n",
                b"1\r\nx\r\n0\r\n\r\n",
                timeout=1,
            ),
        }.items():
            seen[label] = f"{status(answer)} | {content(answer)}"
        for path in ("/body", "/input"):
            with connect(port, 3) as short:
                short.sendall(head.format(path, 100).replace("\n", "\r\n").encode() + b"x" * 50)
                short.shutdown(socket.SHUT_WR)
                answer = read_all(short)
                seen[f"50_of_100_bytes_{path[1:]}"] = f"{status(answer)} | {content(answer)}"
        return seen


def large_body(name: str) -> Seen:
    """100 MB to a route that answers 413 without reading."""
    size = 100 * 1024 * 1024
    with running(name) as (server, port), connect(port, 5) as client:
        before = max(rss_kib(pid) for pid in tree(server.pid))
        client.sendall(f"POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
        sent, block, trouble, peak = 0, b"x" * 65536, "", before
        client.settimeout(2)
        try:
            while sent < size:
                sent += client.send(block)
                if sent % (8 << 20) < 65536:
                    peak = max(peak, *(rss_kib(pid) for pid in tree(server.pid)))
        except OSError as error:
            trouble = type(error).__name__
        answer = read_all(client)
        return {
            "sent_mib": round(sent / 2**20, 1),
            "sending_ended": trouble or "all sent",
            "answer": status(answer),
            "rss_growth_mib": round((peak - before) / 1024, 1),
        }


def refuse_unread(name: str) -> Seen:
    """413 without reading 64 KiB that are sent at once; then a second request."""
    with running(name) as (_server, port):
        got = 0
        for _ in range(20):
            answer = ask(port, "POST /refuse HTTP/1.1\nHost: x\nContent-Length: 65536\n\n", b"x" * 65536, 0.5)
            got += answer.startswith(b"HTTP/1.1 413")
        with connect(port, 1) as client:
            client.sendall(b"POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65536)
            second = b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            try:
                client.sendall(second)
            except OSError:
                pass
            rest = read_all(client)
        return {
            "413_seen": f"{got} of 20",
            "connection_header": b"onnection: close" in rest.split(b"\r\n\r\n")[0],
            "second_request_answered": rest.count(b"HTTP/1.1 ") > 1,
        }


def oddities(name: str) -> Seen:
    """Methods, headers, half-close, versions."""
    with running(name) as (_server, port):
        asked = {
            "HEAD": "HEAD /empty HTTP/1.1\nHost: x\nConnection: close\n\n",
            "TRACE": "TRACE /empty HTTP/1.1\nHost: x\nConnection: close\n\n",
            "CONNECT": "CONNECT x:1 HTTP/1.1\nHost: x\nConnection: close\n\n",
            "no_Host": "GET /empty HTTP/1.1\nConnection: close\n\n",
            "garbage": "hello\n\n",
            "one_header_of_20k": f"GET /empty HTTP/1.1\nHost: x\nX-Big: {'a' * 20_000}\nConnection: close\n\n",
            "one_header_of_100k": f"GET /empty HTTP/1.1\nHost: x\nX-Big: {'a' * 100_000}\nConnection: close\n\n",
            "150_headers": "GET /empty HTTP/1.1\nHost: x\n"
            + "".join(f"X-{n}: a\n" for n in range(150))
            + "Connection: close\n\n",
            "target_of_70k": f"GET /{'a' * 70_000} HTTP/1.1\nHost: x\nConnection: close\n\n",
        }
        seen: Seen = {}
        for label, head in asked.items():
            try:
                answer = ask(port, head, timeout=2)
            except OSError as error:
                answer = type(error).__name__.encode()
            seen[label] = status(answer)
            if label == "HEAD":
                seen["HEAD_body_bytes"] = len(content(answer))
                headers = answer.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
                seen["headers"] = [h for h in headers if not h.lower().startswith("date")]
        with connect(port, 2) as client:
            expect = b"POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            client.sendall(expect + b"Content-Length: 3\r\nConnection: close\r\n\r\n")
            time.sleep(0.3)
            client.settimeout(1)
            try:
                first = client.recv(4096)
            except TimeoutError:
                first = b"(nothing)"
            client.sendall(b"abc")
            seen["Expect"] = [status(first), status(read_all(client))]
        with connect(port, 3) as client:
            client.sendall(b"POST /refuse HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 30000\r\n\r\n")
            client.settimeout(1)
            seen["Expect_refused_unread"] = status(read_all(client))
        with connect(port, 3) as client:
            client.sendall(b"GET /sleep/300 HTTP/1.1\r\nHost: x\r\n\r\n")
            client.shutdown(socket.SHUT_WR)
            seen["half_close"] = status(read_all(client))
        with connect(port, 1) as client:
            client.sendall(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            seen["pipelined_3"] = read_all(client).count(b"HTTP/1.1 200")
        return seen


def environment(name: str) -> Seen:
    """What the application is told about a request."""
    with running(name) as (_server, port):
        head = (
            "GET /environ?a=%20b HTTP/1.0\nHost: x\nX-Forwarded-For: 1.1.1.1\nX_Forwarded_For: 6.6.6.6\n"
            "X-Twice: one\nX-Twice: two\nX-Latin: caf\xe9\nAuthorization: a\nAuthorization: b\nContent-Type: t/a\n"
            "Content-Type: t/b\n\n"
        )
        answer = ask(port, head)
        try:
            seen = json.loads(answer.split(b"\r\n\r\n", 1)[1])
        except (ValueError, IndexError):
            return {"answer": status(answer)}
        keys = "REMOTE_ADDR REMOTE_PORT SERVER_PROTOCOL SERVER_SOFTWARE CONTENT_LENGTH CONTENT_TYPE RAW_URI REQUEST_URI"
        keys += " HTTP_X_FORWARDED_FOR HTTP_X_TWICE HTTP_X_LATIN HTTP_AUTHORIZATION wsgi.multiprocess"
        keys += " wsgi.multithread wsgi.input_terminated leaks_process_environment"
        return {key: seen.get(key) for key in keys.split()}


def port_in_use(name: str) -> Seen:
    """A second server on a port in use; by the same server, by a stranger."""
    seen: Seen = {}

    def second(port: int) -> Seen:
        command = [sys.executable, str(HERE / "candidates.py"), name, "api", str(port), "1", "8"]
        environment = {**os.environ, "BENCH_LOG": "1"}
        other = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
        try:
            code: int | str = other.wait(5)
        except subprocess.TimeoutExpired:
            code = "keeps running"
        end(other)
        said = other.stdout.read() if other.stdout else b""
        lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
        wanted = [line for line in lines if "ddress" in line] or lines[-1:]
        return {"exit": code, "said": wanted[0][:160] if wanted else ""}

    with running(name) as (_server, port):
        seen["same_server"] = second(port)
    with socket.socket() as stranger:
        stranger.bind((ADDRESS, 0))
        stranger.listen()
        seen["stranger"] = second(stranger.getsockname()[1])
    return seen


def threads_come_and_go(name: str) -> Seen:
    """Threads that serve, one at a time and 8 at once."""
    with running(name) as (server, port):
        alone = {(get(port) or {}).get("thread") for _ in range(10)}
        clients = [threading.Thread(target=get, args=(port, "/sleep/300")) for _ in range(12)]
        begin = time.monotonic()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return {"threads_when_alone": len(alone), "12_of_300_ms_took_ms": ms(begin), "pids": len(tree(server.pid))}


CHECKS: dict[str, Callable[[str], Seen]] = {
    check.__name__: check
    for check in (
        stop_while_busy, stop_with_idle, stop_with_dripping_body, stop_group, stop_thrice, kill_worker,
        kill_worker_twice, kill_main, hung_worker, slow_headers, slow_bodies, idle_connections, bodies, large_body,
        refuse_unread, oddities, environment, port_in_use, threads_come_and_go,
    )
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(CANDIDATES), metavar="NAME")
    parser.add_argument("--only", default=",".join(CHECKS), help="comma separated")
    args = parser.parse_args()
    for check in args.only.split(","):
        print(f"\n## {check}: {CHECKS[check].__doc__}", flush=True)
        for name in args.names:
            try:
                seen = CHECKS[check](name)
            except Exception as error:
                seen = {"check_failed": repr(error)}
            print(f"{name}:", flush=True)
            for key, value in seen.items():
                print(f"    {key}: {value}", flush=True)


if __name__ == "__main__":
    main()
