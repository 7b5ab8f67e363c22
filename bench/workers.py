"""What a second worker gives, by processor time: on two cores the generator would share them.

    python -m bench.workers [ROUNDS]

Logs in at one worker and at two in turn, eight clients at once, and compares the processor time of a login. Prints how
many times as many logins two workers do on two cores of their own as one on one; judges nothing.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from pathlib import Path

from bench.measuring import USUAL, Bench, Plan, prepare
from bench.rounds import read_rounds
from bench.serving import serve
from bench.targets.own import Oidc

SECONDS, WARM_UP = 3.0, 1.0


class OfWorkers(Oidc):
    """The OpenID room, served by some workers."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def command(self, port: int, folder: Path) -> list[str]:
        return [*super().command(port, folder), "--workers", str(self.workers)]


def main() -> None:
    rounds = read_rounds(__doc__, 8)
    bench = Bench(Plan(), say=print)
    with ExitStack() as stack:
        ready = [prepare(stack.enter_context(serve(OfWorkers(count)))) for count in (1, 2)]
        gains = []
        for _ in range(rounds):
            one, two = (bench.generate(server, server.steps, USUAL, SECONDS, warm_up=WARM_UP) for server in ready)
            gains.append(2 * one.cpu_ms / two.cpu_ms)
            print(f"processor time of a login: {one.cpu_ms:.2f} ms at one worker, {two.cpu_ms:.2f} ms at two")
    print(f"two workers do {statistics.median(gains):.2f} times the logins of one (median of {rounds} rounds)")


if __name__ == "__main__":
    main()
