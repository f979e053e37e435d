"use strict";
// Asks the gateway what is going on (it answers when something changes), tells it, and reloads once the page is there.
const part = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function tell(state) {
  document.documentElement.dataset.kind = state.kind;
  document.title = state.title;
  for (const id of ["title", "detail", "remedy"]) {
    if (part(id).textContent !== state[id]) part(id).textContent = state[id];
  }
  part("steps").replaceChildren(...state.steps.map((step) => {
    const item = document.createElement("li");
    item.dataset.state = step.state;
    for (const text of [step.name, step.note]) {
      item.appendChild(document.createElement("span")).textContent = text;
    }
    return item;
  }));
}

async function watch() {
  for (let seen = ""; ; ) {
    try {
      const answer = await fetch(`/.craft/state?seen=${encodeURIComponent(seen)}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      const state = await answer.json();
      part("away").hidden = true;
      if (state.serving) return location.reload();
      if (state.revision !== seen) tell(state);
      seen = state.revision;
    } catch {
      part("away").hidden = false;
      seen = "";
      await pause(1000);
    }
  }
}

watch();
