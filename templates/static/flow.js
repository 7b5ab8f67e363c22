// Opens what is pointed at, and all of it for the printer. Without this script the blocks are opened by hand.
function open() {
  const pointed = location.hash.startsWith("#leg-") && document.getElementById(location.hash.slice(1));
  if (!pointed) return;
  pointed.open = true;
  pointed.scrollIntoView();
}

addEventListener("hashchange", open);
for (const hop of document.querySelectorAll("a.hop-link")) hop.addEventListener("click", () => setTimeout(open));
open();

let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details.leg:not([open]), .token:not([open])")];
  for (const block of closed) block.open = true;
});
addEventListener("afterprint", () => {
  for (const block of closed) block.open = false;
});
