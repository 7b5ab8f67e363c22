// Narrows the list of accounts while one types. Enter still asks the sandbox, which looks through everyone.
const field = document.getElementById("search");
const status = document.getElementById("search-status");
const rows = [...document.querySelectorAll("#accounts > li")];

field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  const found = `${shown} ${shown === 1 ? "account" : "accounts"} on this page`;
  status.textContent = words.length ? (status.dataset.more ? `${found}. Press Search to look through all of them.` : found) : "";
});
