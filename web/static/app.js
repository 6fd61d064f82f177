// Everything works without this file; it only saves steps.
"use strict";

// One live connection for each visible page: browsers allow six to a hub, so a hidden page gives its own back.
class VisibleEventSource extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.forwarded = new Set();
    this.visibility = () => (document.hidden ? this.hush() : this.listen());
    document.addEventListener("visibilitychange", this.visibility);
    window.addEventListener("pagehide", () => this.hush());
    window.addEventListener("pageshow", () => this.listen());
    this.listen();
  }

  get readyState() {
    return this.inner ? this.inner.readyState : EventSource.CONNECTING;
  }

  listen() {
    if (this.inner || document.hidden) return;
    const since = this.last ? new URL(this.url, location) : null;
    since?.searchParams.set("since", this.last);
    this.inner = new EventSource(since || this.url);
    this.inner.onopen = (event) => {
      connected(true);
      this.onopen?.(event);
    };
    this.inner.onerror = (event) => {
      connected(false);
      if (this.inner?.readyState === EventSource.CLOSED) this.again();
      else this.onerror?.(event);
    };
    for (const name of this.forwarded) this.forward(name);
  }

  // A refusal closes a source for good. Fetching a fragment tells why: a session that ended leads to the sign-in page.
  again() {
    this.hush();
    this.dispatchEvent(new MessageEvent("resync"));
    window.setTimeout(() => this.listen(), 3000);
  }

  hush() {
    this.inner?.close();
    this.inner = null;
  }

  forward(name) {
    this.inner?.addEventListener(name, (event) => {
      this.last = event.lastEventId || this.last;
      this.dispatchEvent(new MessageEvent(name, { data: event.data }));
    });
  }

  addEventListener(name, listener) {
    super.addEventListener(name, listener);
    if (this.forwarded.has(name)) return;
    this.forwarded.add(name);
    this.forward(name);
  }

  close() {
    document.removeEventListener("visibilitychange", this.visibility);
    this.hush();
  }
}

if (window.htmx) htmx.createEventSource = (url) => new VisibleEventSource(url);

// A name that is heard while its fragment is on the way would be lost: the answer may be older than the name, and what
// it replaces takes the waiting request with it. So the fragment is told once more when the answer is there. (It listens
// from its first instant on the page only because `defaultSettleDelay` is 0.)
const BUSY = ".htmx-request, :has(.htmx-request), :has(:active)";
const behind = new Set();
document.addEventListener("htmx:sseMessage", ({ target }) => {
  if (target.id && target.matches(BUSY)) behind.add(target.id);
});
// A fragment stays while something in it is pressed: a click whose button was replaced before the finger left it is lost,
// and so would be the place of its answer.
document.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
  if (detail.requestConfig.elt !== target || !target.matches(":has(.htmx-request, :active)")) return;
  detail.shouldSwap = false;
  behind.add(target.id);
});
function catchUp() {
  for (const id of behind) {
    const fragment = document.getElementById(id);
    if (fragment?.matches(BUSY)) continue;
    behind.delete(id);
    if (fragment) htmx.trigger(fragment, "sse:resync");
  }
}
document.addEventListener("htmx:afterRequest", catchUp);
for (const released of ["pointerup", "pointercancel", "dragend", "keyup"]) {
  document.addEventListener(released, () => window.setTimeout(catchUp));
}

let lost;
function connected(yes) {
  window.clearTimeout(lost);
  if (yes) document.body.classList.remove("offline");
  else lost = window.setTimeout(() => document.body.classList.add("offline"), 4000);
}

// Dialog
const dialog = () => document.getElementById("dialog");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "dialog" && !dialog().open) dialog().showModal();
  dress(event.target);
});

// A pressed button is disabled while it waits and then replaced: whoever works by keyboard keeps their place.
let held;
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.contains(document.activeElement)) held = document.activeElement.id;
});
document.addEventListener("htmx:afterSettle", () => {
  if (held && document.activeElement === document.body) document.getElementById(held)?.focus();
});

// What somebody has unfolded stays so when news replace it.
let unfolded = [];
document.addEventListener("htmx:beforeSwap", ({ target }) => {
  unfolded = [...target.querySelectorAll("details[id][open]")].map((details) => details.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of unfolded.splice(0)) document.getElementById(id)?.setAttribute("open", "");
});

document.addEventListener("click", (event) => {
  const from = event.target.closest("[data-close],[data-close-toast],[data-copy]");
  if (event.target === dialog()) dialog().close();
  if (!from) return;
  if (from.matches("[data-close-toast]")) from.closest(".toast").remove();
  if (from.matches("[data-close]") && dialog()?.open) {
    event.preventDefault();
    dialog().close();
  }
  if (from.matches("[data-copy]")) copy(from);
});

async function copy(button) {
  const text = document.getElementById(button.dataset.copy).textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Over plain http in a house network browsers offer no clipboard: select the text, so that one more key copies it.
    window.getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    document.execCommand("copy");
  }
  const word = button.querySelector("[data-word]");
  word.textContent = "Copied";
  window.setTimeout(() => (word.textContent = word.dataset.word), 2000);
}

// A filter applies itself; its button is for those without script.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-apply]");
  if (form) form.requestSubmit();
});

function dress(root) {
  for (const button of root.querySelectorAll("[data-fallback]")) button.hidden = true;
  for (const tool of root.querySelectorAll("[data-pad], [data-with-script]")) tool.hidden = false;
  for (const toast of root.querySelectorAll(".toast")) window.setTimeout(() => fade(toast), 8000);
  const here = Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[datetime*=T]")) time.title = `${here.format(new Date(time.dateTime))}, your time`;
}

function fade(toast) {
  if (toast.matches(":hover, :focus-within")) window.setTimeout(() => fade(toast), 2000);
  else toast.remove();
}

document.addEventListener("DOMContentLoaded", () => dress(document));
document.addEventListener("htmx:oobAfterSwap", (event) => dress(event.target));

// The picture of a week follows the hours as they are typed.
function drawWeek(form) {
  const bars = new Map([...form.querySelectorAll("[data-hours]")].map((row) => [row.dataset.hours, []]));
  const days = [...bars.keys()];
  const minute = (input) => input.value && Number(input.value.slice(0, 2)) * 60 + Number(input.value.slice(3, 5));
  days.forEach((day, place) => {
    for (const span of form.querySelectorAll(`[data-hours="${day}"] .span`)) {
      const [start, end] = [...span.querySelectorAll("input")].map(minute);
      if (start === "" || end === "") continue;
      bars.get(day).push([start, (end > start ? end : 1440) - start]);
      if (end <= start) bars.get(days[(place + 1) % 7]).push([0, end]);
    }
  });
  for (const [day, open] of bars) {
    const picture = form.querySelector(`[data-hours="${day}"] svg`);
    for (const old of picture.querySelectorAll(".open")) old.remove();
    for (const [start, length] of open) {
      const bar = document.createElementNS(picture.namespaceURI, "rect");
      for (const [name, value] of Object.entries({ class: "open", x: start, width: length, height: 60 })) bar.setAttribute(name, value);
      picture.insertBefore(bar, picture.lastElementChild);
    }
  }
}

document.addEventListener("input", (event) => {
  if (event.target.closest("[data-hours]")) drawWeek(event.target.form);
});
document.addEventListener("click", (event) => {
  const from = event.target.closest("[data-copy-day]");
  if (!from) return;
  const hours = (day) => from.form.querySelectorAll(`[data-hours="${day}"] input`);
  for (const day of from.dataset.copyDay.split(" ")) {
    hours(day).forEach((input, place) => (input.value = hours("mon")[place].value));
    if (hours(day)[2].value) hours(day)[2].closest("details").open = true;
  }
  drawWeek(from.form);
});

// The keypads of a rehearsal
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]");
  if (!key) return;
  const input = document.getElementById(key.closest("[data-pad]").dataset.pad);
  if (key.dataset.key === "⌫") input.value = input.value.slice(0, -1);
  else if (input.value.length < input.maxLength) input.value += key.dataset.key;
});
