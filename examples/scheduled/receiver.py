"""Receives what jobs tell a webhook, and prints a line for each.

python receiver.py [PORT]        without a port, a free one
"""

import http.server
import json
import sys


class Receiver(http.server.BaseHTTPRequestHandler):
    seen = set()

    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        # A notification comes at least once: the same delivery again is the same notification.
        delivery = self.headers.get("x-lakeflow-delivery")
        if delivery is None or delivery not in self.seen:
            self.seen.add(delivery)
            print(told["event_type"], told["job"]["name"], told["run"]["run_id"], flush=True)

    def log_message(self, *_):
        """Requests are not logged; notifications are."""


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    print(f"http://127.0.0.1:{server.server_address[1]}/hook", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
