// Lets the clock of the world go on while its page is open. Without this script it shows the time of the answer.
const face = document.querySelector("#clock:not([data-frozen]) .clock-time");
if (face) {
  const ahead = Number(face.parentElement.dataset.now) * 1000 - Date.now();
  const day = Math.floor(Number(face.parentElement.dataset.now) / 86400);
  setInterval(() => {
    const now = new Date(Date.now() + ahead);
    // The date is written by the server.
    if (Math.floor(now / 86400000) === day) face.textContent = now.toISOString().slice(11, 19);
  }, 500);
}
