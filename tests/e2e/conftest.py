"""One engine for all suites that use the official SDK: they need no state of their own but the jobs they make."""

import local
import pytest


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    engine = local.LocalEngine(local.bundle(tmp_path_factory.mktemp("bundle")))
    yield engine
    assert engine.stop() == 0, "".join(engine.said)


@pytest.fixture(scope="session")
def workspace(engine):
    return local.Workspace(engine.client())
