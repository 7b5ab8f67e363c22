// Goes on once the sign-out pages of all applications are loaded, or cannot be.
window.addEventListener("load", () => document.getElementById("continue").click());
