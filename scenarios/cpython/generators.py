# Generators: a pipeline, send, throw, close, delegation, an early end.
import builtins


def main():
    def numbers(limit):
        for n in range(limit):
            yield n * n

    def averager():
        total = count = 0
        while True:
            try:
                value = yield total / count if count else None
            except ValueError:
                total = count = 0
            else:
                total, count = total + value, count + 1

    def delegate(log):
        result = yield from iter("ab")
        try:
            yield result
        finally:
            log.append("closed")

    log = []
    average = averager()
    next(average)
    means = [average.send(n) for n in (10, 20, 60)]
    average.throw(ValueError)
    means.append(average.send(7))
    outer = delegate(log)
    first = [next(outer) for _ in range(3)]
    outer.close()
    odd = sum(n for n in numbers(50) if n % 2)
    print(odd, means, first, log, max(zip(numbers(9), "abcdefghi")))


builtins.workload = main  # the script is: workload()
