"""`spark`: a Spark Connect session, asked from the engine on first use (PROTOCOL.md section 5)."""

import json
import threading
import urllib.error
import urllib.request

from .errors import RUNNER_FAULT, UNSUPPORTED, TaskError

START_SECONDS = 120
CLOSE_SECONDS = 5
INSTALL_HINT = "install it with: pip install 'lakeflow-jobs[sail]' (or: pip install pysail pyspark-client)"


class LazySpark:
    """Looks like the session; makes it when something is asked of it. Tasks without Spark never pay."""

    def __init__(self, attempt):
        self._attempt = attempt
        self._session = None
        self._namespace = None
        self._lock = threading.RLock()

    def bind(self, namespace):
        """Where the name `spark` is to become the session itself, once there is one."""
        self._namespace = namespace

    @property
    def used(self):
        return self._session is not None

    def session(self):
        """The session, made on the first call."""
        with self._lock:
            if self._session is None:
                self._session = connect(self._attempt)
                if self._namespace is not None and self._namespace.get("spark") is self:
                    self._namespace["spark"] = self._session
            return self._session

    def close(self):
        """End the session so that the server can forget it; waits a few seconds at most.

        Returns False when the server did not answer: then threads of the client go on retrying,
        and the process must end without waiting for them.
        """
        if self._session is None:
            return True
        from .spark_patches import quiet_exit

        quiet_exit(self._session)
        worker = threading.Thread(target=_stop, args=(self._session,), daemon=True)
        worker.start()
        worker.join(CLOSE_SECONDS)
        return not worker.is_alive()

    def __getattr__(self, name):
        # Questions of copy, pickle and the like must not start a server.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.session(), name)

    def __repr__(self):
        return repr(self._session) if self._session is not None else "<spark: not started>"


def _stop(session):
    try:
        session.stop()
    except Exception:
        pass


def connect(attempt):
    """Ask the engine for a server and connect to it."""
    answer = _ask(attempt)
    try:
        from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise TaskError(UNSUPPORTED, f"`spark` needs the Spark Connect client ({error}): {INSTALL_HINT}") from None
    from . import spark_patches

    session = SparkSession.builder.remote(answer["remote"]).create()
    for key, value in (answer.get("conf") or {}).items():
        session.conf.set(key, value)
    spark_patches.install(session, answer, attempt)
    return session


def _ask(attempt):
    request = attempt.request
    if not request.get("engine_url"):
        raise TaskError(UNSUPPORTED, "`spark` is not available: this task was started without a Spark server")
    wanted = {"task_run_id": attempt.context.get("task_run_id"), "catalogs": sorted(attempt.catalogs)}
    body = json.dumps(wanted).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {request.get('task_token', '')}"}
    url = request["engine_url"].rstrip("/") + "/internal/spark"
    # The engine is on this machine: a proxy from the environment must not be asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, body, headers, method="POST"), timeout=START_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise _refused(error) from None
    except (OSError, ValueError) as error:
        raise TaskError(RUNNER_FAULT, f"the engine did not start a Spark server: {error}") from None


def _refused(error):
    try:
        answer = json.loads(error.read())
        code, message = answer.get("error_code"), answer.get("message")
    except (ValueError, AttributeError):
        code, message = None, None
    message = message or f"the engine answered {error.code}"
    if code == "SPARK_NOT_INSTALLED":
        return TaskError(UNSUPPORTED, f"`spark` is not available: {message}; {INSTALL_HINT}")
    return TaskError(RUNNER_FAULT, f"`spark` is not available: {message}")
