"""Waits as iterators: each step is the run as it has changed, the last one the run at its end."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._native import Run, Wait
    from ._progress import Progress


class _AnyWait:
    """What waits have in common, however they are iterated."""

    def __init__(self, native: Wait, progress: Progress | None = None) -> None:
        self._native = native
        self._progress = progress

    @property
    def run_id(self) -> int | None:
        """The run's id, once the host has told it."""
        return self._native.run_id

    @property
    def run(self) -> Run | None:
        """The last that was seen of the run."""
        return self._native.run

    def notify(self) -> None:
        """Something has been heard about the run: look at once."""
        self._native.notify()

    def _close(self) -> None:
        if self._progress is not None:
            self._progress.close()
            self._progress = None


class RunWait(_AnyWait):
    """A wait for a run: iterate it for each change, or call :meth:`result` for the end.

    It begins when it is first asked, and it can be left: the run goes on, and ``jobs.wait(run_id)`` takes it up again. The
    last item is the run at its end; a run that did not succeed raises :class:`RunFailed` after it, unless the wait was made
    with ``check=False``.

    >>> from lakeflow_jobs import Jobs
    >>> jobs = getfixture("jobs")  # Jobs() elsewhere
    >>> for run in jobs("hello").run_and_wait():
    ...     state = run.state
    >>> state
    'SUCCESS'
    """

    def __iter__(self) -> RunWait:
        return self

    def __next__(self) -> Run:
        try:
            run = self._native.next()
        except BaseException:
            self._close()
            raise
        if run is None:
            self._close()
            raise StopIteration
        if self._progress is not None:
            self._progress.update(run)
        return run

    def result(self) -> Run:
        """Waits to the end and returns the run.

        :raises RunFailed: it did not succeed, and the wait checks that.
        :raises WaitTimedOut: the wait's time was over first.
        :raises Interrupted: Ctrl-C.
        """
        if self._progress is not None:
            for _ in self:
                pass
        else:
            self._native.finish()
        run = self._native.run
        assert run is not None
        return run

    def stop(self) -> None:
        """Ends the wait from another thread; the run goes on."""
        self._native.stop()


class AsyncRunWait(_AnyWait):
    """A wait for a run: ``async for`` gives each change, ``await wait.result()`` the run at its end.

    It begins when it is first asked. Cancelling the task leaves the run as it is, unless the wait was made with
    ``on_interrupt="cancel"``; then the run is cancelled too.

    >>> import asyncio
    >>> from lakeflow_jobs import AsyncJobs
    >>> jobs = getfixture("async_jobs")  # AsyncJobs() elsewhere
    >>> async def main():
    ...     async for run in jobs("hello").run_and_wait():
    ...         state = run.state
    ...     return state
    >>> asyncio.run(main())
    'SUCCESS'
    """

    def __aiter__(self) -> AsyncRunWait:
        return self

    async def __anext__(self) -> Run:
        try:
            run = await self._native.anext()
        except BaseException as raised:
            self._left(raised)
            raise
        if run is None:
            self._close()
            raise StopAsyncIteration
        if self._progress is not None:
            self._progress.update(run)
        return run

    async def result(self) -> Run:
        """Waits to the end and returns the run.

        :raises RunFailed: it did not succeed, and the wait checks that.
        :raises WaitTimedOut: the wait's time was over first.
        """
        if self._progress is not None:
            async for _ in self:
                pass
        else:
            try:
                await self._native.afinish()
            except BaseException as raised:
                self._left(raised)
                raise
        run = self._native.run
        assert run is not None
        return run

    def stop(self) -> None:
        """Ends the wait; the run goes on."""
        self._native.stop()

    def _left(self, raised: BaseException) -> None:
        self._close()
        # Faults of the run are Exceptions; a cancelled task and an interrupt are not.
        if not isinstance(raised, Exception):
            self._native.abandon()
