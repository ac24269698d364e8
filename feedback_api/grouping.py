"""Group concurrent blocking calls: while one group runs, the next one fills.

arrivals   a     b c d     e f
running    [a....][b c d....][e f...]
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Grouped(Generic[Item, Result]):
    """Calls `work` in a thread, one group at a time, so one commit serves many requests.

    `work` must return one result per item, in order. If it raises, every caller of that group gets the error.
    """

    def __init__(self, work: Callable[[list[Item]], list[Result]], limit: int = 500) -> None:
        self._work = work
        self._limit = limit
        self._turn = asyncio.Lock()
        self._filling: list[Item] = []
        self._group: asyncio.Task[list[Result]] | None = None

    async def __call__(self, item: Item) -> Result:
        """Wait for the item's group and return the item's own result."""
        if self._group is None or len(self._filling) >= self._limit:
            self._filling = []
            self._group = asyncio.create_task(self._do(self._filling))
        group, place = self._group, len(self._filling)
        self._filling.append(item)
        return (await asyncio.shield(group))[place]

    async def _do(self, items: list[Item]) -> list[Result]:
        async with self._turn:
            if items is self._filling:
                self._group = None
            return await asyncio.to_thread(self._work, items)
