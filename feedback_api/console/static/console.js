// Keys and focus, and a word when the connection is lost; everything else is htmx and the server.
(() => {
  "use strict";
  const KEYS = { f: "key-f", l: "key-l", s: "key-s", "?": "key-help" };
  const SETTLE_MS = 350; // a key that is pressed twice by mistake must not judge the case that has just appeared
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

  // What the stream repeats after an act of the visitor's own is on the page already: leave it, and its focus, alone.
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    const shown = event.target.querySelector("[data-same]");
    const came = new DOMParser().parseFromString(event.detail.data, "text/html").querySelector("[data-same]");
    if (shown && came && shown.dataset.same === came.dataset.same && came.dataset.same !== "") event.preventDefault();
  });

  // Focus that a swap takes away goes to the case; focus that nobody has set stays nowhere.
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
