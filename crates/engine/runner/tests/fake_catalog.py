"""A small Unity Catalog REST server in memory, as Sail needs it, for tests.

It answers what SPARK.md describes and nothing more, and keeps every request, so that a test
can say which calls were made. The engine has its own server; this one only stands in for it.
"""

import json
import re
import shutil
import threading
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/api/2.1/unity-catalog"


class Catalog:
    """Schemas, tables and Delta commits of all catalogs, by full name."""

    def __init__(self, root, catalogs):
        self.root = root
        self.catalogs = set(catalogs)
        self.schemas = {(c, "default"): {"catalog_name": c, "name": "default"} for c in catalogs}
        self.tables = {}
        self.staged = {}
        self.commits = {}
        self.log = []
        self.lock = threading.Lock()

    def answer(self, method, path, query, body):
        """The status and JSON answer of one request."""
        parts = [urllib.parse.unquote(p) for p in path[len(PREFIX) :].strip("/").split("/")]
        kind, name = parts[0], (parts[1] if len(parts) > 1 else None)
        with self.lock:
            handler = getattr(self, f"{method.lower()}_{kind.replace('-', '_')}", None)
            if handler is None:
                return 404, {"error_code": "ENDPOINT_NOT_FOUND", "message": path}
            return handler(name, query, body)

    def post_schemas(self, _name, _query, body):
        key = (body["catalog_name"], body["name"])
        if key[0] not in self.catalogs:
            return missing("CATALOG", key[0])
        if key in self.schemas:
            return 409, {"error_code": "SCHEMA_ALREADY_EXISTS", "message": f"Schema '{'.'.join(key)}' already exists"}
        self.schemas[key] = {**body, "full_name": ".".join(key), "schema_id": str(uuid.uuid4())}
        return 200, self.schemas[key]

    def get_schemas(self, name, query, _body):
        if name is None:
            return 200, {"schemas": [s for (c, _), s in sorted(self.schemas.items()) if c == query["catalog_name"]]}
        found = self.schemas.get(split(name))
        return (200, found) if found else missing("SCHEMA", name)

    def delete_schemas(self, name, query, _body):
        key = split(name)
        if key not in self.schemas:
            return missing("SCHEMA", name)
        inside = [t for t in self.tables if t[:2] == key]
        if inside and query.get("force") != "true":
            return 400, {"error_code": "FAILED_PRECONDITION", "message": f"Schema '{name}' is not empty"}
        for table in inside:
            del self.tables[table]
        del self.schemas[key]
        return 200, {}

    def post_staging_tables(self, _name, _query, body):
        table_id = str(uuid.uuid4())
        location = f"{self.root}/{body['catalog_name']}/{body['schema_name']}/{body['name']}-{table_id}"
        self.staged[location] = table_id
        return 200, {**body, "id": table_id, "staging_location": location}

    def post_tables(self, _name, _query, body):
        key = (body["catalog_name"], body["schema_name"], body["name"])
        if key[:2] not in self.schemas:
            return missing("SCHEMA", ".".join(key[:2]))
        if key in self.tables:
            return 409, {"error_code": "TABLE_ALREADY_EXISTS", "message": f"Table '{'.'.join(key)}' already exists"}
        table_id = self.staged.pop(body.get("storage_location"), None) or str(uuid.uuid4())
        self.tables[key] = {**body, "table_id": table_id}
        return 200, self.tables[key]

    def get_tables(self, name, query, _body):
        if name is None:
            wanted = (query["catalog_name"], query["schema_name"])
            return 200, {"tables": [t for k, t in sorted(self.tables.items()) if k[:2] == wanted]}
        found = self.tables.get(split(name))
        return (200, found) if found else missing("TABLE", name)

    def delete_tables(self, name, _query, _body):
        table = self.tables.pop(split(name), None)
        if table is None:
            return missing("TABLE", name)
        if table["storage_location"].startswith(self.root + "/"):
            shutil.rmtree(table["storage_location"][len("file://") :], ignore_errors=True)
        return 200, {}

    def post_delta(self, _name, _query, body):
        kept = self.commits.setdefault(body["table_id"], {"latest": 0, "commits": []})
        info = body.get("commit_info")
        if info:
            if info["version"] <= kept["latest"]:
                return 409, {"error_code": "ALREADY_EXISTS", "message": f"Commit {info['version']} exists"}
            kept["latest"] = info["version"]
            kept["commits"].append(info)
        columns = ((body.get("metadata") or {}).get("schema") or {}).get("columns")
        if columns:
            for table in self.tables.values():
                if table["table_id"] == body["table_id"]:
                    table["columns"] = columns
        done = body.get("latest_backfilled_version")
        if done is not None:
            kept["commits"] = [c for c in kept["commits"] if c["version"] > done]
        return 200, {}

    def get_delta(self, _name, _query, body):
        kept = self.commits.get(body["table_id"], {"latest": 0, "commits": []})
        commits = [c for c in kept["commits"] if c["version"] >= body.get("start_version", 0)]
        return 200, {"commits": commits, "latest_table_version": kept["latest"]}


def missing(kind, name):
    return 404, {"error_code": f"{kind}_NOT_FOUND", "message": f"{kind.title()} '{name}' does not exist."}


def split(full_name):
    """The parts of a full name; a part with a dot or another odd character comes in backquotes."""
    found = re.findall(r"`((?:[^`]|``)*)`|([^.`]+)", full_name)
    return tuple(quoted.replace("``", "`") or plain for quoted, plain in found)


def serve(root, catalogs):
    """Start the server on a free port; returns (server, catalog, base uri)."""
    catalog = Catalog(root, catalogs)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query))
            status, answer = catalog.answer(self.command, url.path, query, body)
            catalog.log.append((self.command, self.path, body, status, answer))
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = handle_any

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, catalog, f"http://127.0.0.1:{server.server_port}{PREFIX}"
