"use strict";
const form = document.querySelector("form"), button = form.querySelector("button"), state = document.getElementById("status");
const sets = [...form.querySelectorAll("fieldset")], large = document.getElementById("large");
const answer = set => set.querySelector("input:checked");

// The question that a number key answers: the one in focus, else the first that has no answer.
function active() {
  return document.activeElement?.closest("fieldset") ?? sets.find(set => !answer(set)) ?? sets[0];
}

function show() {
  for (const set of sets) set.classList.toggle("active", set === active());
  button.disabled = !sets.every(answer);
}

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || large.open) return;
  if (/^[0-9]$/.test(event.key)) {
    const set = active(), value = event.key === "0" ? "10" : event.key;
    set.querySelector(`input[value="${value}"]`).checked = true;
    (sets[sets.indexOf(set) + 1] ?? button).focus();
    const next = sets[sets.indexOf(set) + 1];
    if (next) (answer(next) ?? next.querySelector("input")).focus();
    show();
    if (!next) button.focus();
    event.preventDefault();
  } else if (event.key === "Enter" && !event.target.closest("a, button")) {
    event.preventDefault();
    form.requestSubmit();
  }
});
form.addEventListener("change", show);
form.addEventListener("focusin", show);

// A rating is sent until the server has said that it is kept; sent twice, it is still one.
form.addEventListener("submit", async event => {
  event.preventDefault();
  if (form.dataset.busy || !sets.every(answer)) return;
  form.dataset.busy = "1";
  const body = new URLSearchParams(new FormData(form));
  for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
    state.textContent = wait > 500 ? "Not saved yet, trying again" : "Saving";
    try {
      const reply = await fetch(form.action, { method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(15000) });
      if (reply.type === "opaqueredirect") break;
      if (reply.status < 500) { state.textContent = "This rating was refused. Open your link again."; delete form.dataset.busy; return; }
    } catch { /* no connection, or none for long: the next try may reach it */ }
    await new Promise(done => setTimeout(done, wait));
  }
  location.assign(form.action);
});

for (const link of document.querySelectorAll("figure a")) {
  link.addEventListener("click", event => {
    event.preventDefault();
    large.querySelector("img").src = link.href;
    large.querySelector("p").textContent = link.parentElement.querySelector("figcaption").textContent;
    large.showModal();
  });
}
large.addEventListener("click", () => large.close());
addEventListener("pageshow", () => { delete form.dataset.busy; show(); });
for (const source of form.dataset.next.split(" ")) new Image().src = source;  // the next panel is there when it is wanted
