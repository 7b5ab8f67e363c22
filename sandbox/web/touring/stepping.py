"""Goes through a room's way up to the step that has not been taken yet; what has been is answered from the record.

So no room tells its login a second time. Makes no request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.core.ids import Ids
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tour_table import Tour
from sandbox.core.world import World
from sandbox.headless import LoginRequest, Walk, Way
from sandbox.service import Service, current_house, current_mount
from sandbox.web.steps import AT_PROVIDER, Callback, Step, Verbs
from sandbox.web.touring.records import restore_start
from sandbox.web.walking import StoppedError, Told


@dataclass(frozen=True)
class Trip:
    """What was chosen for a tour: who signs in where, and how the login goes on to an exchange, if it does.

    `login` is who it is about where the person is to choose at the provider (`identity` is None then).
    """

    provider: Service
    exchange: Service | None
    way: Way | None
    login: str
    identity: str | None
    issuer: str | None
    parameters: Mapping[str, str]

    @property
    def request(self) -> LoginRequest:
        """The login, as rooms are asked for it: where the application swaps the code itself, it uses PKCE."""
        alone = self.exchange is None
        return LoginRequest(self.login, issuer=self.issuer, pkce=alone, parameters=self.parameters)

    def open(self, walk: Walk) -> Mapping[str, Any]:
        """Go the way; the session at its end, or the provider's tokens."""
        if self.way is not None:
            return self.way.open(walk)
        walk.sign_in()
        return walk.redeem()


@dataclass(frozen=True)
class Prepared:
    """Where a tour stands: the next step, or the result at the end, or why it does not go on."""

    step: Step | None = None
    result: Mapping[str, Any] | None = None
    refusal: Refusal | None = None


def restore_trip(asked: Mapping[str, Any]) -> Trip:
    """What a tour's row says was chosen."""
    services = current_house().services
    exchange = services[asked["exchange"]] if asked["exchange"] else None
    ways = exchange.ways if exchange else ()
    way = next((way for way in ways if (way.provider, way.name) == (asked["provider"], asked["via"])), None)
    more = {name: asked[name] for name in ("login", "identity", "issuer", "parameters")}
    return Trip(services[asked["provider"]], exchange, way, **more)


def prepare(world: World, tour: Tour, hops: Sequence[Mapping[str, Any]]) -> Prepared:
    """Where the tour stands after these hops."""
    trip = restore_trip(tour.asked)
    # The same random values whenever it is gone through again: a verifier must stay the one of its challenge.
    same = replace(world, ids=Ids(tour.seed))
    try:
        return Prepared(result=trip.open(_Stepper(same, trip, hops)))
    except _WaitingError as waiting:
        return Prepared(step=waiting.step)
    except StoppedError as stopped:
        return Prepared(refusal=Refusal(stopped.reason, stopped.detail))
    except Refusal as refusal:
        return Prepared(refusal=refusal)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # A fault may have made anything of an answer.
        return Prepared(refusal=Refusal(Reason.PROVIDER_FAILED, f"the answer lacks what is needed next: {error}"))


class _WaitingError(Exception):
    """This step is to be taken next."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.verb)
        self.step = step


class _Stepper(Verbs):
    def __init__(self, world: World, trip: Trip, hops: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(world, current_mount(), trip.provider, trip.exchange, trip.request, careful=True)
        self._passed = [hop for hop in hops if hop["refused"] is None]

    def take(self, step: Step) -> Any:
        if not self._passed:
            raise _WaitingError(step)
        hop = self._passed.pop(0)
        if step.verb in AT_PROVIDER:
            self.start = restore_start(hop)
            self.back = Callback(hop["callback"]["url"], hop["callback"]["parameters"])
        result = hop["result"]
        if isinstance(result, dict):
            return Told(result, StoppedError("", {}, Reason.PROVIDER_FAILED, ""))
        return result
