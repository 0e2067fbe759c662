"""Health, the interface's description, its viewer, and the development inbox: plain views beside the Resources."""

from pathlib import Path

import flask_swagger_ui
from flask import Flask, Response, abort, current_app, request

from api.config import ROOT
from api.errors import problem_reply
from api.replies import reply
from api.wiring import services

PAGES = Path(__file__).parent / "pages"
VIEWER = Path(flask_swagger_ui.__file__).parent / "dist"
# What the two pages ask for; no other file of the folders is served.
DOCS_FILES = {
    "docs.css": PAGES,
    "docs.js": PAGES,
    "icon.svg": PAGES,
    "swagger-ui.css": VIEWER,
    "swagger-ui-bundle.js": VIEWER,
}
INBOX_FILES = dict.fromkeys(("palette.css", "inbox.css", "inbox.js", "link.css", "link.js", "icon.svg"), PAGES)
# Where links in messages lead; in production the shop has these pages.
LINKS = ("/verify-email", "/undo-phone", "/keep-phone")
TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
PUBLIC_KEYS, PUBLIC_KEYS_SECONDS = "/.well-known/jwks.json", 300
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
# The inbox shows what strangers may have written, so that its scripts may not make HTML of text at all.
INBOX_POLICY = f"{PAGE_POLICY}; require-trusted-types-for 'script'; trusted-types 'none'"


def add_system_routes(app: Flask) -> None:
    """The views of this module; the inbox only where there is one."""
    app.add_url_rule("/", view_func=index)
    app.add_url_rule("/healthz", view_func=health)
    app.add_url_rule("/readyz", view_func=readiness)
    app.add_url_rule("/openapi.yaml", view_func=description)
    app.add_url_rule("/docs", view_func=docs)
    app.add_url_rule(PUBLIC_KEYS, view_func=public_keys)
    app.add_url_rule("/docs/<name>", view_func=docs_file)
    if app.extensions["dongbao"].inbox:
        app.add_url_rule("/dev/inbox", view_func=inbox)
        app.add_url_rule("/dev/<name>", view_func=inbox_file)
        for path in LINKS:
            app.add_url_rule(path, view_func=link_page)


def index() -> Response:
    """Where to go from here."""
    links = {"docs": "/docs", "openapi": "/openapi.yaml", "health": "/healthz", "readiness": "/readyz"}
    if services().inbox:
        links["inbox"] = "/dev/inbox"
    return reply({"name": "Dongbao Accounts", "links": links})


def health() -> Response:
    """The process answers; nothing else is asked."""
    return reply({"status": "ok"})


def readiness() -> Response:
    """The database and Redis answer too; of clocks that differ, and of a server about to end, only the bad case is told."""
    checks = vars(services().readiness.look()).copy()
    if checks["clock"] == "ok":
        del checks["clock"]
    if current_app.extensions["stopping"]:
        checks["server"] = "stopping"
    if all(state == "ok" for state in checks.values()):
        return reply({"status": "ok", "checks": checks})
    return problem_reply("service_unavailable", retry_after=5, checks=checks)


def description() -> Response:
    """The interface, as ``openapi.yaml`` says it."""
    return Response((ROOT / "openapi.yaml").read_bytes(), mimetype="application/yaml")


def public_keys() -> Response:
    """What other services verify JWTs with (RFC 7517); no key where there are none. It may be kept, as it is nobody's."""
    keys = reply(services().jwts.jwks)
    keys.headers["Cache-Control"] = f"public, max-age={PUBLIC_KEYS_SECONDS}"
    return keys


def docs() -> Response:
    """The viewer of the description; it works offline."""
    return _page("docs.html", PAGE_POLICY)


def docs_file(name: str) -> Response:
    """A file of the viewer, ours or the package's."""
    return _file(DOCS_FILES, name)


def inbox() -> Response:
    """The messages "sent": a page for people, JSON for whoever asks for it."""
    box = services().inbox
    if box is None:
        abort(404)
    wanted = request.accept_mimetypes.best_match(("text/html", "application/json"), default="text/html")
    shown = reply({"messages": box.messages()}) if wanted == "application/json" else _page("inbox.html", INBOX_POLICY)
    shown.vary.add("Accept")
    return shown


def link_page() -> Response:
    """Asks for a click, and posts what the link carries."""
    return _page("link.html", INBOX_POLICY)


def inbox_file(name: str) -> Response:
    """A file of the inbox page, or of the page that links lead to."""
    return _file(INBOX_FILES, name)


def _page(name: str, policy: str) -> Response:
    page = _file({name: PAGES}, name)
    page.headers["Content-Security-Policy"] = policy
    return page


def _file(folders: dict[str, Path], name: str) -> Response:
    """One of the named files; the type is said here, as some systems hold a script for plain text."""
    if name not in folders:
        abort(404)
    return Response((folders[name] / name).read_bytes(), mimetype=TYPES[Path(name).suffix])
