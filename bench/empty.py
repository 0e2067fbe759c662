"""The least that an API of this kind can do: one empty Resource, on the product's own server code."""

from flask import Flask
from flask_restful import Api, Resource

from api import server
from api.config import Config, read_config
from api.metrics_folder import metrics_folder
from api.stopping import Stopping


class Empty(Resource):
    """Nothing."""

    def get(self) -> dict[str, str]:
        """Say nothing."""
        return {}


def create_empty_app(_config: Config) -> Flask:
    """Flask, flask-restful, and no more."""
    app = Flask("empty")
    app.extensions["stopping"] = Stopping()
    Api(app).add_resource(Empty, "/v1/me")
    return app


if __name__ == "__main__":
    server.create_app = create_empty_app
    server.keep_looking = lambda _app: None  # there is nothing to look at
    config = read_config()
    with metrics_folder(config.workers):
        server.run_server(config, on_start=lambda: None)
