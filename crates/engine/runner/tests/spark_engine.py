"""Stands in for the engine's Spark side: a catalog, a Sail server and `POST /internal/spark`."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fake_catalog

TOKEN = "task-token"


class Engine:
    def __init__(self, folder, catalogs):
        self.warehouse = str(folder / "warehouse")
        os.makedirs(self.warehouse)
        self.catalog_server, self.catalog, uri = fake_catalog.serve("file://" + self.warehouse, catalogs)
        self.port = _free_port()
        self.sail = subprocess.Popen(
            [_sail(), "spark", "server", "--ip", "127.0.0.1", "--port", str(self.port)],
            env=sail_environment(catalogs, uri),
            stdout=open(folder / "sail.log", "w"),
            stderr=subprocess.STDOUT,
        )
        _wait(self.port)
        self.answers = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def fields(self):
        """What a request needs to reach this engine."""
        return {"engine_url": self.url, "task_token": TOKEN}

    def stop(self):
        self.sail.terminate()
        self.sail.wait(20)
        self.http.shutdown()
        self.catalog_server.shutdown()

    def _answer(self):
        return {
            "remote": f"sc://127.0.0.1:{self.port}",
            "default_catalog": "retail",
            "default_schema": "default",
            "warehouse": self.warehouse,
            "aliases": {"system.lakeflow": "lakeflow_system.lakeflow"},
            "conf": {"spark.sql.sources.default": "delta"},
        }

    def _handler(engine):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                allowed = self.path == "/internal/spark" and self.headers["authorization"] == f"Bearer {TOKEN}"
                answer = (
                    engine._answer() if allowed else {"error_code": "UNAUTHENTICATED", "message": "unknown task token"}
                )
                data = json.dumps(answer).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_args):
                pass

        return Handler


def sail_environment(catalogs, uri):
    """The environment of SPARK.md section 1."""
    entries = (f'{{type="unity", name="{c}", uri="{uri}", default_catalog="{c}", token="secret"}}' for c in catalogs)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "UNITY_", "UC_"))}
    return {**clean, "SAIL_CATALOG__LIST": f"[{', '.join(entries)}]", "SAIL_CATALOG__DEFAULT_CATALOG": catalogs[0]}


def _sail():
    beside = os.path.join(os.path.dirname(sys.executable), "sail")
    return beside if os.path.exists(beside) else shutil.which("sail")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
