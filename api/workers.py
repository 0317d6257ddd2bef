"""Worker processes and the one that started them."""

import asyncio
import os
import signal

SUPERVISOR = "SANGKIEN_SUPERVISOR"
"""Tells a worker the process id of the one that started it, where there are several."""
_EVERY = 1.0  # seconds


async def leave_with(parent: int) -> None:
    """End this process, as a request to end would, once its parent is gone.

    A supervisor that was killed cannot end its workers; left alone they would hold the port.
    """
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells a process that its parent died
        await asyncio.sleep(_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
