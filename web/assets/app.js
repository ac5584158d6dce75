// What htmx has no attribute for. Every page works without it.
"use strict";
(() => {
  const wide = () => window.matchMedia("(min-width: 64rem)").matches;
  let opener = null; // the link whose source stands beside the page

  // A quote's source opens beside the page where there is room; elsewhere, and with
  // a key held that asks for a tab of its own, the link leads to the source's page.
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a[hx-trigger=beside]");
    if (link && wide() && e.button === 0 && !e.ctrlKey && !e.metaKey && !e.shiftKey && !e.altKey) {
      e.preventDefault();
      opener = link;
      link.dispatchEvent(new CustomEvent("beside", { bubbles: true }));
      return;
    }
    if (e.target.closest("[data-close]")) shut();
    if (e.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") shut();
  });

  function shut() {
    const beside = document.getElementById("beside");
    if (!beside || !beside.firstElementChild) return;
    beside.replaceChildren();
    if (opener) opener.focus({ preventScroll: true });
    opener = null;
  }

  // What was asked for gets the focus, scrolled to the words.
  document.addEventListener("htmx:after:swap", () => {
    const head = document.getElementById("beside-head");
    if (!head || !opener) return;
    const list = document.querySelector("#beside .passages");
    const here = list && list.querySelector(".here");
    if (here) list.scrollTop = here.offsetTop - list.offsetTop - list.clientHeight / 4;
    head.focus({ preventScroll: true });
  });

  // Who settles a point of the agenda stays at it, though it was drawn anew.
  let settled = "";
  document.addEventListener("htmx:before:request", (e) => {
    const point = e.target.closest && e.target.closest(".settle") && e.target.closest(".point");
    settled = point ? point.id : "";
  });
  document.addEventListener("htmx:after:swap", () => {
    const point = settled && document.activeElement === document.body && document.getElementById(settled);
    const button = point && point.querySelector("button");
    if (button) button.focus({ preventScroll: true });
  });

  // A section counts as read when it was on the screen for a while: as much of it as
  // fits, while the page is looked at.
  const long = 4000, part = 0.6; // milliseconds; of the section, or of the screen
  const waiting = new Map();
  const watch = new IntersectionObserver((entries) => {
    for (const e of entries) {
      const enough = e.intersectionRatio >= part || e.intersectionRect.height >= part * window.innerHeight;
      if (!enough) {
        clearTimeout(waiting.get(e.target));
        waiting.delete(e.target);
      } else if (!waiting.has(e.target)) {
        waiting.set(e.target, setTimeout(seen, long, e.target));
      }
    }
  }, { threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1] });

  function seen(section) {
    waiting.delete(section);
    const form = section.querySelector("form[data-seen]");
    if (!form) return watch.unobserve(section);
    if (document.hidden || form.contains(document.activeElement)) return;
    watch.unobserve(section);
    form.dispatchEvent(new CustomEvent("seen", { bubbles: true }));
  }

  // A form that could not be sent stays as it is, and says so.
  const trouble = (e) => {
    const form = e.target.closest && e.target.closest("form");
    const said = form && form.querySelector("[data-trouble]");
    if (said) said.hidden = false;
  };
  document.addEventListener("htmx:error", trouble);
  document.addEventListener("htmx:response:error", trouble);
  document.addEventListener("htmx:before:request", (e) => {
    const said = e.target.querySelector && e.target.querySelector("[data-trouble]");
    if (said) said.hidden = true;
  });

  // What is folded away is printed too.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("main details:not([open])")];
    for (const d of folded) d.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const d of folded) d.open = false;
  });

  for (const form of document.querySelectorAll("form[data-seen]")) watch.observe(document.getElementById(form.dataset.seen));
  for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
})();
