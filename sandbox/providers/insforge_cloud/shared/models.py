"""Which providers the cloud lends its applications at, and what each is called on a page."""

from __future__ import annotations

PROVIDERS = {
    "github": "GitHub",
    "google": "Google",
    "microsoft": "Microsoft",
    "discord": "Discord",
    "facebook": "Facebook",
    "linkedin": "LinkedIn",
    "apple": "Apple",
    "x": "X",
}
