"""Grouping of concurrent blocking calls: while one group is at work, the next one fills.

arrivals   a     b c d     e f
at work    [a....][b c d....][e f...]
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Grouped(Generic[Item, Result]):
    """Calls `work` in a thread with all items that came meanwhile, so that one commit serves many requests.

    `work` returns one result per item, in order; when it raises, every caller of that group gets the error.
    """

    def __init__(self, work: Callable[[list[Item]], list[Result]], limit: int = 500) -> None:
        self._work = work
        self._limit = limit
        self._turn = asyncio.Lock()
        self._filling: list[Item] = []
        self._group: asyncio.Task[list[Result]] | None = None

    async def __call__(self, item: Item) -> Result:
        """The item's own result, once its group is done."""
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
