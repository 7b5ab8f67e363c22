"""What Microsoft Graph decides: which permission lets a caller see whom, and what there is to see.

Knows no HTTP; who calls is in callers.py. https://learn.microsoft.com/graph/permissions-reference
"""

from __future__ import annotations

from collections.abc import Collection

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.azure.directory import (
    User,
    find_user_by_name,
    group_ids,
    list_groups,
    list_groups_of,
    list_members,
    list_users,
)
from sandbox.providers.azure.graph.callers import Caller

READ_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
READ_USERS = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", *READ_DIRECTORY)
READ_GROUPS = (
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    *READ_DIRECTORY,
)
READ_MYSELF = ("User.Read", "User.ReadWrite", *READ_USERS)
READ_MY_GROUPS = (*READ_MYSELF, *READ_GROUPS)
READ_MY_PHOTO = (*READ_MYSELF, "ProfilePhoto.Read.All")
# https://learn.microsoft.com/graph/api/profilephoto-get
_PHOTO_SIDES = {f"{side}x{side}": side for side in (48, 64, 96, 120, 240, 360, 432, 504, 648)}
READ_ORGANIZATION = (*READ_MYSELF, "Organization.Read.All", "Organization.ReadBasic.All")


def check_permission(caller: Caller, *accepted: str) -> None:
    """Refuse a token that has none of these permissions. Raises Refusal: SCOPE_INSUFFICIENT."""
    if not caller.may(*accepted):
        has = ", ".join(caller.permissions) or "none"
        raise Refusal(
            Reason.SCOPE_INSUFFICIENT, f"needs one of the permissions {', '.join(accepted)}; the token has {has}"
        )


def get_myself(caller: Caller, *accepted: str) -> User:
    """The person who calls. Raises Refusal: TOKEN_TYPE_WRONG for an application alone, SCOPE_INSUFFICIENT."""
    if caller.user is None:
        raise Refusal(Reason.TOKEN_TYPE_WRONG, "the token is an application's own, so that there is no me")
    check_permission(caller, *accepted)
    return caller.user


def get_person(
    world: World, caller: Caller, name: str | None, *, mine: Collection[str], others: Collection[str]
) -> User:
    """The person with this object id or user principal name; None for the one who calls.

    `mine` are the permissions to see oneself, `others` those to see anybody else. Raises Refusal: SCOPE_INSUFFICIENT,
    TOKEN_TYPE_WRONG, OBJECT_UNKNOWN.
    """
    if name is None:
        return get_myself(caller, *mine)
    if caller.user and name.lower() in (caller.user.oid, caller.user.upn.lower()):
        return get_myself(caller, *mine)
    check_permission(caller, *others)
    user = find_user_by_name(world, caller.tenant, name)
    if user is None or name.lower() not in (user.oid, user.upn.lower()):
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no user {name!r} in {caller.tenant.domain}", name)
    return user


def list_people(world: World, caller: Caller) -> list[User]:
    """Everyone in the caller's tenant. Raises Refusal: SCOPE_INSUFFICIENT, PERMISSION_DENIED."""
    check_permission(caller, *READ_USERS)
    _check_directory(caller)
    return list_users(world, caller.tenant)


def list_all_groups(world: World, caller: Caller) -> list[tables.Group]:
    """The groups of the caller's tenant. Raises Refusal: SCOPE_INSUFFICIENT, PERMISSION_DENIED."""
    check_permission(caller, *READ_GROUPS)
    _check_directory(caller)
    return list_groups(world, caller.tenant)


def get_group(world: World, caller: Caller, group_id: str) -> tables.Group:
    """The group with this id. Raises Refusal: SCOPE_INSUFFICIENT, PERMISSION_DENIED, OBJECT_UNKNOWN."""
    groups = list_all_groups(world, caller)
    group = next((group for group in groups if group.id == group_id.lower()), None)
    if group is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no group {group_id!r} in {caller.tenant.domain}", group_id)
    return group


def list_people_in(world: World, caller: Caller, group_id: str) -> list[User]:
    """Who is in the group with this id, in the fixture's order of persons. Raises Refusal: as get_group."""
    return list_members(world, caller.tenant, get_group(world, caller, group_id))


def list_own_groups(world: World, caller: Caller, name: str | None) -> list[tables.Group]:
    """The groups of a person, None for the one who calls. Raises Refusal: as get_person."""
    person = get_person(world, caller, name, mine=READ_MY_GROUPS, others=(*READ_GROUPS, *READ_USERS))
    return list_groups_of(world, person)


def list_own_group_ids(world: World, caller: Caller, name: str | None, *, security_only: bool) -> list[str]:
    """The ids of a person's groups, None for the one who calls. Raises Refusal: as get_person."""
    person = get_person(world, caller, name, mine=READ_MY_GROUPS, others=(*READ_GROUPS, *READ_USERS))
    return group_ids(world, person, kind="security" if security_only else "all")


def find_objects(world: World, caller: Caller, ids: Collection[str]) -> list[User | tables.Group]:
    """The persons and groups with these ids, in the order of the ids; unknown ones are left out.

    Raises Refusal: SCOPE_INSUFFICIENT, PERMISSION_DENIED.
    """
    check_permission(caller, *READ_USERS, *READ_GROUPS)
    _check_directory(caller)
    known: dict[str, User | tables.Group] = {user.oid: user for user in list_users(world, caller.tenant)}
    known |= {group.id: group for group in list_groups(world, caller.tenant)}
    wanted = dict.fromkeys(name.lower() for name in ids)
    return [known[name] for name in wanted if name in known]


def get_photo_side(person: User, size: str) -> int:
    """The side in pixels of the person's picture of this size (`48x48`).

    Raises Refusal: OBJECT_UNKNOWN if there is no such picture, or none at all.
    """
    if not person.has_photo or size not in _PHOTO_SIDES:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{person.login} has no picture of the size {size!r}", "photo")
    return _PHOTO_SIDES[size]


def get_manager(person: User) -> User:
    """The person's manager: nobody has one. Raises Refusal: OBJECT_UNKNOWN."""
    raise Refusal(Reason.OBJECT_UNKNOWN, f"{person.login} has no manager", "manager")


def _check_directory(caller: Caller) -> None:
    if caller.tenant.is_personal:
        raise Refusal(Reason.PERMISSION_DENIED, "personal accounts have no directory")
