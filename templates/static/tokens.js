// The form follows the kind that is chosen. Without this script there is a button for it.
const choose = document.getElementById("choose");
choose.querySelector("button").hidden = true;
choose.elements.kind.addEventListener("change", () => choose.requestSubmit());
