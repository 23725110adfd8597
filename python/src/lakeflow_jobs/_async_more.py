"""The methods of ``_more`` as awaitables."""

from __future__ import annotations

from ._config import wait_options
from ._native import Client
from ._wait import AsyncRunWait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from typing import Any, Literal

    from ._native import Run


class MoreAsyncJobs:
    """The rarer methods of :class:`AsyncJobs`."""

    _client: Client

    async def submit(self, request: Mapping[str, Any]) -> int:
        """Starts a one-time run and returns its id. However often the network fails, one run is started.

        :param request: the fields of ``runs/submit``: ``{"run_name": …, "tasks": […]}``.
        """
        return await self._client.submit(request)

    async def submit_and_wait(
        self,
        request: Mapping[str, Any],
        *,
        timeout: float | timedelta | None = None,
        check: bool = True,
        on_interrupt: Literal["leave", "cancel"] | None = None,
    ) -> Run:
        """Starts a one-time run, waits for its end and returns it.

        :param timeout: seconds after which the wait ends, the run going on.
        :param check: raise :class:`RunFailed` when the run does not succeed.
        """
        options = wait_options(
            None, timeout=timeout, check=check, on_interrupt=on_interrupt, cancel_on_timeout=None
        )
        return await AsyncRunWait(self._client.submit_and_wait(request, options)).result()

    async def update_job(
        self,
        job_id: int,
        new_settings: Mapping[str, Any] | None = None,
        *,
        fields_to_remove: Sequence[str] = (),
    ) -> None:
        """Changes the settings that ``new_settings`` names, after ``fields_to_remove`` are taken away."""
        fields: dict[str, Any] = {"job_id": job_id, "fields_to_remove": list(fields_to_remove)}
        if new_settings is not None:
            fields["new_settings"] = new_settings
        await self._client.call("update_job", fields)

    async def cancel_all_runs(self, job_id: int) -> None:
        """Asks for a cancel of all active runs of a job."""
        await self._client.call("cancel_all_runs", {"job_id": job_id})

    async def cancel_queued_runs(self, job_id: int | None = None) -> None:
        """Asks for a cancel of all runs that wait in a queue: of a job, or of the whole workspace."""
        job = {} if job_id is None else {"job_id": job_id}
        await self._client.call("cancel_all_runs", {"all_queued_runs": True, **job})

    async def delete_run(self, run_id: int) -> None:
        """Deletes a run that has ended."""
        await self._client.call("delete_run", {"run_id": run_id})

    async def export_run(
        self, run_id: int, views: Literal["CODE", "DASHBOARDS", "ALL"] = "CODE"
    ) -> dict[str, Any]:
        """The pages of a notebook task's run as HTML."""
        return await self._client.call("export_run", {"run_id": run_id, "views_to_export": views})

    async def get_permissions(self, job_id: int) -> dict[str, Any]:
        """Who may do what with a job."""
        return await self._client.call("get_permissions", {"job_id": job_id})

    async def set_permissions(self, job_id: int, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Replaces all direct permissions of a job; one of them must be the owner's."""
        fields = {"job_id": job_id, "access_control_list": list(entries)}
        return await self._client.call("set_permissions", fields)

    async def update_permissions(self, job_id: int, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Adds permissions of a job, or replaces those of the same principals."""
        fields = {"job_id": job_id, "access_control_list": list(entries)}
        return await self._client.call("update_permissions", fields)

    async def get_permission_levels(self, job_id: int) -> dict[str, Any]:
        """The permission levels that may be given."""
        return await self._client.call("get_permission_levels", {"job_id": job_id})

    async def get_policy_compliance(self, job_id: int) -> dict[str, Any]:
        """Whether the clusters of a job comply with their policies."""
        return await self._client.call("get_policy_compliance", {"job_id": job_id})

    async def list_policy_compliance(self, policy_id: str, limit: int = 100) -> list[dict[str, Any]]:
        """The jobs that use a policy, at most ``limit``."""
        return await self._client.list_policy_compliance(policy_id, limit)

    async def enforce_policy_compliance(self, job_id: int, *, validate_only: bool = False) -> dict[str, Any]:
        """Changes the clusters of a job so that they comply, or with ``validate_only`` tells what would change."""
        fields = {"job_id": job_id, "validate_only": validate_only}
        return await self._client.call("enforce_policy_compliance", fields)
