// Keys, focus and the banner for a lost connection; htmx and the server do the rest.
(() => {
  "use strict";
  const KEYS = { f: "key-f", l: "key-l", s: "key-s", "?": "key-help" };
  const SETTLE_MS = 350; // an accidental second press must not judge the case that has just appeared
  let changedAt = -SETTLE_MS;

  const byId = (id) => document.getElementById(id);

  document.addEventListener("keydown", (event) => {
    const help = byId("help");
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || help === null || help.open) return;
    const button = byId(KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]);
    if (button === null || performance.now() - changedAt < SETTLE_MS) return;
    event.preventDefault();
    button.click();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("#key-help")) byId("help").showModal();
  });

  // After the visitor acts, the stream repeats content that the page already shows. Skipping it keeps the focus.
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    const shown = event.target.querySelector("[data-same]");
    const came = new DOMParser().parseFromString(event.detail.data, "text/html").querySelector("[data-same]");
    if (shown && came && shown.dataset.same === came.dataset.same && came.dataset.same !== "") event.preventDefault();
  });

  // If a swap removes the focused element, focus moves to the case. If nothing had focus, nothing gets it.
  let held = false;
  const within = (id) => byId(id) !== null && byId(id).contains(document.activeElement);
  document.addEventListener("htmx:beforeSwap", () => { held = true; });
  document.addEventListener("htmx:sseBeforeMessage", () => { held = within("case") || within("keys"); });
  const keepFocus = () => {
    if (held && document.activeElement === document.body) byId("case").focus({ preventScroll: true });
  };
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "case") changedAt = performance.now();
    keepFocus();
  });
  document.addEventListener("htmx:sseMessage", keepFocus);

  const connected = (yes) => {
    const lost = byId("lost");
    if (lost.hidden === yes) return;
    lost.querySelector("time").textContent = new Date().toLocaleTimeString();
    lost.hidden = yes;
  };
  document.addEventListener("htmx:sseError", () => connected(false));
  document.addEventListener("htmx:sseOpen", () => connected(true));
})();
