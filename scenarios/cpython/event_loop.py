# async and await on a hand-driven loop: tasks that sleep, an async iterator, an async context.
import builtins


def main():
    class Sleep:
        def __init__(self, ticks):
            self.ticks = ticks

        def __await__(self):
            for _ in range(self.ticks):
                yield self.ticks

    class Countdown:
        def __init__(self, start):
            self.left = start

        def __aiter__(self):
            return self

        async def __anext__(self):
            if self.left == 0:
                raise StopAsyncIteration
            self.left -= 1
            await Sleep(1)
            return self.left

        async def __aenter__(self):
            return self

        async def __aexit__(self, *problem):
            await Sleep(1)

    async def worker(name, trace):
        async with Countdown(2) as steps:
            async for step in steps:
                trace.append(f"{name}{step}")
        return name

    trace, ended = [], []
    ready = [worker("x", trace), worker("y", trace)]
    while ready:
        task = ready.pop(0)
        try:
            task.send(None)
            ready.append(task)
        except StopIteration as end:
            ended.append(end.value)
    print(trace, ended)


builtins.workload = main  # the script is: workload()
