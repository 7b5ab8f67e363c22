"""Who is measured: this sandbox's logins, and the other mocks, each set up to do its honest work."""

from __future__ import annotations

from bench.targets.base import Target
from bench.targets.node_mocks import EmulateGitHub, EmulateMicrosoft, MongodbMock, OAuth2MockServer, OidcProvider
from bench.targets.own import Azure, AzurePrisme, GitHub, GitHubGmi, Oidc, OidcOpaque
from bench.targets.python_mocks import Nanoidp, OidcProviderMock

TARGETS: tuple[Target, ...] = (
    Oidc(),
    OidcProviderMock(),
    Nanoidp(),
    OAuth2MockServer(),
    MongodbMock(),
    OidcOpaque(),
    OidcProvider(),
    Azure(),
    EmulateMicrosoft(),
    AzurePrisme(),
    GitHub(),
    EmulateGitHub(),
    GitHubGmi(),
)
