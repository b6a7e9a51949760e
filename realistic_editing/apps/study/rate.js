"use strict";
const form = document.querySelector("form"), button = form.querySelector("button"), state = document.getElementById("status");
const sets = [...form.querySelectorAll("fieldset")], large = document.getElementById("large");
const back = document.getElementById("back"), answer = set => set.querySelector("input:checked"), held = () => sets[0].disabled;
let sending = false;  // a rating of which nobody knows yet whether it is kept

// The question that a number key answers: the one in focus, else the first that has no answer.
function active() {
  return document.activeElement?.closest("fieldset") ?? sets.find(set => !answer(set)) ?? sets[0];
}

function show() {
  for (const set of sets) set.classList.toggle("active", set === active());
  button.disabled = held() || !sets.every(answer);
}

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || large.open || held()) return;
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

const NO_ANSWER = "Not saved: something else than the study answered. Check your connection, and press Next again.";
const passes = status => [408, 425, 429].includes(status) || status >= 500;

// While a rating is sent its answers stay as they are sent, and nothing leads away.
function hold(on) {
  for (const set of sets) set.disabled = on;
  back?.toggleAttribute("inert", on);
  show();
}

// Sends a rating until the server has said that it is kept, or why not: "" when kept. Sent twice, it is still one.
async function send(body) {
  const asked = { method: "POST", body, redirect: "manual", headers: { accept: "application/json" } };
  for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
    state.textContent = wait > 500 ? "Not saved yet, trying again" : "Saving";
    try {
      const reply = await fetch(form.action, { ...asked, signal: AbortSignal.timeout(15000) });
      if (!passes(reply.status)) {
        const said = await reply.json();
        return reply.ok && said?.kept === true ? "" : said?.why ?? NO_ANSWER;
      }
    } catch (error) {
      if (error instanceof SyntaxError) return NO_ANSWER;  // a page or a redirect of somebody else's
      // No connection, or none for long: the next try may reach it.
    }
    await new Promise(done => setTimeout(done, wait));
  }
}

form.addEventListener("submit", async event => {
  event.preventDefault();
  if (held() || !sets.every(answer)) return;
  // Above every earlier answer, so that one which comes late takes no later one's place.
  form.elements.number.value = Math.max(Date.now(), Number(form.elements.number.value) + 1);
  const body = new URLSearchParams(new FormData(form));
  hold(sending = true);
  const why = await send(body);
  sending = false;
  if (why === "") return location.assign(form.action);
  hold(false);
  state.textContent = why;
  button.focus();
});
addEventListener("beforeunload", event => { if (sending) event.preventDefault(); });

for (const link of document.querySelectorAll("figure a")) {
  link.addEventListener("click", event => {
    event.preventDefault();
    large.querySelector("img").src = link.href;
    large.querySelector("p").textContent = link.parentElement.querySelector("figcaption").textContent;
    large.showModal();
  });
}
large.addEventListener("click", () => large.close());
addEventListener("pageshow", event => {
  if (sending) return;
  if (event.persisted) state.textContent = "";  // the page comes back as it was left, after its rating was kept
  hold(false);
});
for (const source of form.dataset.next.split(" ")) new Image().src = source;  // the next panel is there when it is wanted
