// Buttons that copy. Without this script the texts can be marked and copied by hand.
for (const button of document.querySelectorAll("button.copy")) {
  const text = button.parentElement.querySelector("code");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      // Plain http beyond this machine has no clipboard: what is selected can be copied by key.
      getSelection().selectAllChildren(text);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
