import asyncio
import threading

from feedback_api.grouping import Grouped
from weir.errors import PartUnavailable


def test_items_that_arrive_while_a_group_runs_form_the_next_group():
    groups, begun, free = [], threading.Event(), threading.Event()

    def work(items):
        groups.append(items)
        begun.set()
        free.wait(5)
        return [item * 10 for item in items]

    async def scenario():
        grouped = Grouped(work)
        first = asyncio.create_task(grouped(1))
        await asyncio.to_thread(begun.wait, 5)
        rest = [asyncio.create_task(grouped(item)) for item in (2, 3, 4)]
        await asyncio.sleep(0)
        free.set()
        return await asyncio.gather(first, *rest)

    assert asyncio.run(scenario()) == [10, 20, 30, 40]
    assert groups == [[1], [2, 3, 4]]


def test_a_group_is_no_larger_than_the_limit():
    groups = []

    async def scenario():
        grouped = Grouped(lambda items: groups.append(items) or items, limit=3)
        return await asyncio.gather(*(grouped(item) for item in range(8)))

    assert asyncio.run(scenario()) == list(range(8))
    assert [len(group) for group in groups] == [3, 3, 2]


def test_an_error_reaches_every_caller_of_its_group_and_no_other():
    def work(items):
        if 2 in items:
            raise PartUnavailable("away", "start it")
        return items

    async def scenario():
        grouped = Grouped(work)
        failed = await asyncio.gather(grouped(1), grouped(2), return_exceptions=True)
        return failed, await grouped(3)

    failed, later = asyncio.run(scenario())
    assert [type(error) for error in failed] == [PartUnavailable, PartUnavailable]
    assert later == 3


def test_a_cancelled_caller_does_not_cancel_its_group():
    async def scenario():
        grouped = Grouped(lambda items: items)
        impatient, patient = asyncio.create_task(grouped(1)), asyncio.create_task(grouped(2))
        await asyncio.sleep(0)
        impatient.cancel()
        return await patient

    assert asyncio.run(scenario()) == 2
