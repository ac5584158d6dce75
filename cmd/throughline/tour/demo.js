// Brings the page up to date without loading it anew, so that what somebody has
// unfolded or scrolled to stays. Without it the page loads itself every two seconds.
"use strict";

const every = 600; // milliseconds
const seen = new Map();
const live = (doc) => doc.querySelectorAll("[data-live]");
for (const part of live(document)) seen.set(part.id, part.outerHTML);

function replace(old, fresh) {
  const tops = [...old.querySelectorAll("[data-scroll]")].map((e) => e.scrollTop);
  const open = new Set([...old.querySelectorAll("details[open]")].map((e) => e.querySelector("summary")?.textContent));
  const node = document.importNode(fresh, true);
  old.replaceWith(node);
  node.querySelectorAll("[data-scroll]").forEach((e, i) => { e.scrollTop = tops[i] ?? 0; });
  for (const d of node.querySelectorAll("details")) if (open.has(d.querySelector("summary")?.textContent)) d.open = true;
}

async function refresh() {
  const answer = await fetch("/");
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const fresh of live(page)) {
    const old = document.getElementById(fresh.id);
    if (!old || seen.get(fresh.id) === fresh.outerHTML) continue;
    // Who is writing into a form is not disturbed.
    if (old.contains(document.activeElement) && /^(TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) continue;
    seen.set(fresh.id, fresh.outerHTML);
    replace(old, fresh);
  }
}

async function go() {
  try {
    await refresh();
    document.body.classList.remove("over");
  } catch {
    document.body.classList.add("over"); // the program has ended
  }
  setTimeout(go, every);
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const answer = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) }).catch(() => null);
  if (answer && !answer.ok) document.getElementById("trouble").textContent = await answer.text();
  else document.getElementById("trouble").textContent = "";
  refresh().catch(() => {});
});

setTimeout(go, every);
