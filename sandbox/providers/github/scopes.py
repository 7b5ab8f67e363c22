"""The scopes of OAuth apps: which there are, which implies which, and each in plain words.

Knows no request and no consent. GitHub Apps have permissions instead, and no scopes at all.
https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Asks for a refresh token; never granted, recorded or shown as a scope.
OFFLINE_ACCESS = "offline_access"

# {scope: (title, description)} for the consent page, in the order in which it lists them.
WORDS: dict[str, tuple[str, str]] = {
    "repo": ("Repositories", "Read and change everything in all your repositories, private ones included"),
    "repo:status": ("Commit statuses", "Read and set the status of commits, without reading the code"),
    "repo_deployment": ("Deployments", "Read and set the status of deployments, without reading the code"),
    "public_repo": ("Public repositories", "Read and change your public repositories"),
    "repo:invite": ("Repository invitations", "Accept and decline invitations to repositories"),
    "security_events": ("Security events", "Read and change the findings of code scanning"),
    "admin:repo_hook": ("Repository webhooks", "Read, create, change and delete webhooks of repositories"),
    "write:repo_hook": ("Repository webhooks", "Read, create and change webhooks of repositories"),
    "read:repo_hook": ("Repository webhooks", "Read webhooks of repositories"),
    "admin:org": ("Organizations and teams", "Manage your organizations, their teams and their members"),
    "write:org": ("Organizations and teams", "Read and change who belongs to your organizations"),
    "read:org": ("Organizations and teams", "Read your organizations, teams and memberships"),
    "admin:public_key": ("SSH keys", "Read, add and delete your SSH keys"),
    "write:public_key": ("SSH keys", "Read and add your SSH keys"),
    "read:public_key": ("SSH keys", "Read your SSH keys"),
    "admin:org_hook": ("Organization webhooks", "Manage the webhooks of organizations you own"),
    "gist": ("Gists", "Create and change gists"),
    "notifications": ("Notifications", "Read your notifications and mark them as read"),
    "user": ("Profile", "Read and change your profile, your e-mail addresses and whom you follow"),
    "read:user": ("Profile", "Read everything in your profile"),
    "user:email": ("E-mail addresses", "Read your e-mail addresses, private ones included"),
    "user:follow": ("Following", "Follow and unfollow people for you"),
    "project": ("Projects", "Read and change your projects"),
    "read:project": ("Projects", "Read your projects"),
    "delete_repo": ("Delete repositories", "Delete repositories that you administer"),
    "write:packages": ("Packages", "Read and publish packages"),
    "read:packages": ("Packages", "Read packages"),
    "delete:packages": ("Delete packages", "Delete packages"),
    "admin:gpg_key": ("GPG keys", "Read, add and delete your GPG keys"),
    "write:gpg_key": ("GPG keys", "Read and add your GPG keys"),
    "read:gpg_key": ("GPG keys", "Read your GPG keys"),
    "codespace": ("Codespaces", "Create and manage codespaces"),
    "workflow": ("Workflows", "Add and change the files of workflows"),
    "read:audit_log": ("Audit log", "Read the audit log"),
    "admin:enterprise": ("Enterprises", "Manage your enterprises"),
    "manage_runners:enterprise": ("Enterprise runners", "Manage the runners of your enterprises"),
    "manage_billing:enterprise": ("Enterprise billing", "Read and change the billing of your enterprises"),
    "read:enterprise": ("Enterprises", "Read the profile of your enterprises"),
    "site_admin": ("Site administration", "Use the administration of this instance"),
}

_DIRECTLY_IMPLIED = {
    "repo": ("repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"),
    "user": ("read:user", "user:email", "user:follow"),
    "admin:org": ("write:org",),
    "write:org": ("read:org",),
    "admin:repo_hook": ("write:repo_hook",),
    "write:repo_hook": ("read:repo_hook",),
    "admin:public_key": ("write:public_key",),
    "write:public_key": ("read:public_key",),
    "admin:gpg_key": ("write:gpg_key",),
    "write:gpg_key": ("read:gpg_key",),
    "project": ("read:project",),
    "write:packages": ("read:packages",),
    "admin:enterprise": ("manage_runners:enterprise", "manage_billing:enterprise", "read:enterprise"),
}


def _implied(scope: str) -> frozenset[str]:
    direct = _DIRECTLY_IMPLIED.get(scope, ())
    return frozenset(direct).union(*map(_implied, direct))


_IMPLIED = {scope: _implied(scope) for scope in WORDS}


def parse_scopes(text: str) -> tuple[str, ...]:
    """The scopes asked for, in order and each once: clients separate them by spaces, commas or both.

    What is no scope of GitHub's is dropped.
    """
    return tuple(dict.fromkeys(word for word in _words(text) if word in WORDS))


def wants_offline(text: str) -> bool:
    """Whether the request asks for a refresh token."""
    return OFFLINE_ACCESS in _words(text)


def normalize(scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes as GitHub records them: without those that another implies, in the same order."""
    wanted = tuple(dict.fromkeys(scopes))
    implied = frozenset().union(*(_IMPLIED[scope] for scope in wanted))
    return tuple(scope for scope in wanted if scope not in implied)


def covers(granted: Iterable[str], needed: str) -> bool:
    """Whether one of the granted scopes is the needed one or implies it."""
    return any(scope == needed or needed in _IMPLIED[scope] for scope in granted)


def _words(text: str) -> list[str]:
    return re.split(r"[\s,]+", text)
