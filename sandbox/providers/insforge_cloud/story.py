"""What happens in a login at InsForge Cloud, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "authorize": (
        "Your application sent the browser to InsForge Cloud with a random state and a code_challenge. The answer "
        "goes only to a registered redirect URI, and the code is worth nothing without the secret behind the "
        "challenge."
    ),
    "decide": (
        "The person chose an account and agreed. The code in the redirect is good once, and only with the "
        "code_verifier."
    ),
    "token": (
        "Your application swapped the code for tokens and brought the code_verifier. Its digest is the "
        "code_challenge of the beginning, so who swaps the code is who asked for it."
    ),
    "project": (
        "The person opened the project's dashboard inside the console. Only who owns the project, or belongs to "
        "its organization, gets that far."
    ),
    "project_code": (
        "The console signed a code that says who the person is and which project it is for, and handed it to the "
        "dashboard by postMessage. It is addressed to the dashboard's own origin, so no other page in the browser "
        "can read it."
    ),
    "authorize_project": "A partner asked for a project's authorization with its own secret.",
    "start_shared": (
        "A project borrowed InsForge Cloud's own application at a provider. The answer goes back to that project alone."
    ),
    "keys": "A backend fetched the public keys that verify project codes. They can check a signature, and make none.",
    "profile": "Your application asked who has signed in, with the access token.",
}
