// The calendar as a grid: arrow keys go from night to night, Shift or a drag marks several, Enter looks whether they are free.
"use strict";

(() => {
  const DAY_MS = 86_400_000;
  const frame = () => document.querySelector("[data-calendar]");
  let rows = []; // one for each row of nights: {unit, name, cells: [{cell, low, high}]}, nights counted from the one before the first day
  let here = null; // the key of the cell that Tab comes to
  let marked = null; // {unit, from, to}: nights, both counted in
  let drag = null;

  const iso = (table, night) => new Date(Date.parse(table.dataset.first) + (night - 1) * DAY_MS).toISOString().slice(0, 10);
  const goal = (cell) => cell.querySelector("a") || cell;
  const keyOf = (entry) => `${entry.row.place}/${entry.low}`;

  function take(table) {
    const days = [...table.querySelectorAll("[data-day]")].map((head) => head.dataset.day);
    const spoken = (night) => {
      if (night === 0) return `before ${days[0]}`;
      return night === days.length ? `after ${days.at(-1)}` : `${days[night - 1]} to ${days[night]}`;
    };
    table.setAttribute("role", "grid");
    rows = [...table.querySelectorAll("tr[data-unit]")].map((tr, place) => {
      const row = { unit: tr.dataset.unit, name: tr.dataset.name, place, cells: [] };
      let half = 1; // the night before the first day has lost its first half
      for (const cell of tr.querySelectorAll("td")) {
        const low = half >> 1;
        half += cell.colSpan;
        const entry = { row, cell, low, high: Math.max((half + 1) >> 1, low + 1) };
        if (cell.matches(".gap")) continue;
        row.cells.push(entry);
        cell.gatehouse = entry;
        const link = goal(cell);
        link.tabIndex = -1;
        if (link === cell) {
          const why = cell.textContent || "free";
          cell.setAttribute("aria-label", `${row.name}, ${spoken(low)}, ${why}`);
        }
      }
      return row;
    });
    const known = here && all().find((entry) => keyOf(entry) === here);
    const today = table.querySelector("th.today");
    const start = today ? [...today.parentNode.children].indexOf(today) + 1 : 1;
    roam(known || rows.map((row) => at(row, start)).find(Boolean));
    draw();
  }

  const all = () => rows.flatMap((row) => row.cells);
  const at = (row, night) => row?.cells.find((entry) => entry.low <= night && night < entry.high);

  function roam(entry) {
    if (!entry) return;
    for (const old of frame().querySelectorAll("td[tabindex='0'], td > a[tabindex='0']")) old.tabIndex = -1;
    goal(entry.cell).tabIndex = 0;
    here = keyOf(entry);
  }

  function go(entry) {
    if (!entry) return;
    roam(entry);
    goal(entry.cell).focus({ preventScroll: true });
    entry.cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function mark(row, from, to) {
    marked = row && { row, from: Math.min(from, to), to: Math.max(from, to) };
    draw();
  }

  function draw() {
    for (const old of frame().querySelectorAll(".picked")) {
      old.classList.remove("picked");
      old.removeAttribute("aria-selected");
    }
    if (!marked) return;
    for (const row of rows.filter((each) => each.unit === marked.row.unit)) {
      for (const { cell, low, high } of row.cells) {
        if (high <= marked.from || marked.to < low || !cell.matches(".night")) continue;
        cell.classList.add("picked");
        cell.setAttribute("aria-selected", "true");
      }
    }
  }

  function ask() {
    const table = document.getElementById("calendar");
    const told = { part: "form", unit: marked.row.unit, arrival: iso(table, marked.from), departure: iso(table, marked.to + 1) };
    htmx.ajax("GET", `/calendar/free?${new URLSearchParams(told)}`, { target: "#dialog", swap: "innerHTML" });
  }

  // ---- keys ----

  let anchor = null;

  function beside(entry, step) {
    const { cells } = entry.row;
    return cells[cells.indexOf(entry) + step];
  }

  function below(entry, step) {
    for (let place = entry.row.place + step; rows[place]; place += step) {
      const found = at(rows[place], entry.low);
      if (found) return found;
    }
  }

  function next(event, entry) {
    const { cells } = entry.row;
    switch (event.key) {
      case "ArrowRight": return beside(entry, 1);
      case "ArrowLeft": return beside(entry, -1);
      case "ArrowDown": return below(entry, 1);
      case "ArrowUp": return below(entry, -1);
      case "Home": return event.ctrlKey ? rows[0].cells[0] : cells[0];
      case "End": return event.ctrlKey ? rows.at(-1).cells.at(-1) : cells.at(-1);
    }
  }

  document.addEventListener("keydown", (event) => {
    const entry = event.target.closest?.("[data-calendar] td")?.gatehouse;
    if (!entry || event.altKey || event.metaKey) return;
    if (event.key === "PageDown" || event.key === "PageUp") {
      event.preventDefault();
      document.querySelector(event.key === "PageDown" ? "[data-later]" : "[data-earlier]").click();
    } else if (event.key === "Escape") {
      mark(null);
      anchor = null;
    } else if ((event.key === "Enter" || event.key === " ") && entry.cell.matches(".night")) {
      event.preventDefault();
      if (!marked) mark(entry.row, entry.low, entry.low);
      ask();
    } else if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") {
      event.preventDefault();
      const to = next(event, entry);
      if (event.shiftKey && to?.row === entry.row) {
        anchor ??= entry.low;
        mark(entry.row, anchor, to.low < anchor ? to.low : to.high - 1);
      } else {
        anchor = null;
        mark(null);
      }
      go(to);
    }
  });

  // ---- pointer ----

  const under = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-calendar] td")?.gatehouse;

  document.addEventListener("pointerdown", (event) => {
    const entry = event.target.closest("[data-calendar] td.night")?.gatehouse;
    if (!entry || event.button !== 0 || event.pointerType === "touch") return;
    event.preventDefault();
    drag = entry;
    anchor = null;
    go(entry);
    mark(entry.row, entry.low, entry.low);
  });
  document.addEventListener("pointermove", (event) => {
    const entry = drag && under(event);
    if (entry && entry.row.unit === drag.row.unit) mark(drag.row, drag.low, entry.low < drag.low ? entry.low : entry.high - 1);
  });
  document.addEventListener("pointerup", () => {
    if (drag) ask();
    drag = null;
  });
  document.addEventListener("pointercancel", () => (drag = null));
  // A finger scrolls; a tap asks for the one night, and the dates can be changed there.
  document.addEventListener("click", (event) => {
    const entry = event.target.closest("[data-calendar] td.night")?.gatehouse;
    if (!entry || event.pointerType !== "touch") return;
    roam(entry);
    mark(entry.row, entry.low, entry.low);
    ask();
  });
  document.addEventListener("focusin", (event) => {
    const entry = event.target.closest?.("[data-calendar] td")?.gatehouse;
    if (entry) roam(entry);
  });

  // ---- life ----

  const table = () => document.getElementById("calendar");
  let focused = false;
  document.addEventListener("htmx:beforeSwap", ({ target }) => {
    if (target.id === "calendar") focused = target.contains(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!table() || table().getAttribute("role") === "grid") return;
    const unit = marked?.row.unit;
    take(table());
    if (marked) marked.row = rows.find((row) => row.unit === unit) || marked.row;
    if (focused) go(all().find((entry) => keyOf(entry) === here));
    focused = false;
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (!table()) return;
    take(table());
    const today = table().querySelector("th.today");
    if (today) frame().scrollLeft = Math.max(today.offsetLeft - table().querySelector("th.names").offsetWidth - today.offsetWidth, 0);
  });
  // The dialog that was asked for is closed: nothing is marked any more.
  document.addEventListener("close", () => mark(null), true);
})();
