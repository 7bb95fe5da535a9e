"use strict";
// Fills each file's table when it is opened, so that a report on hundreds of files opens at once.
(() => {
  const EDGES = [0.1, 0.2, 0.35, 0.5, 0.7];
  const QUIET = { ignored: "ignored", reviewed: "reviewed", baseline: "in the baseline", budget: "over the budget" };
  const NEAR = 2;
  const at = (id) => document.getElementById(id);
  const least = at("least"), only = at("only"), scale = at("scale"), theme = at("theme"), find = at("find");
  const detail = at("detail");
  const files = [...document.querySelectorAll("details.file")].map((element) => ({ element, data: null, rows: null }));

  const bucket = (risk) => EDGES.filter((edge) => risk >= edge).length;
  const percent = (risk) =>
    risk < 0.005 ? "<1 %" : risk > 0.995 ? ">99 %" : `${Math.round(100 * risk)} %`;
  const unscaled = () => scale.value === "unscaled";
  const shown = (span) => (unscaled() ? span.unscaled : span.risk) / 1000;
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const says = (what, span) =>
    `${what}: risk ${percent(span.risk / 1000)}, confidence ${percent(1 - span.risk / 1000)}` +
    ` (unscaled: ${percent(span.unscaled / 1000)}, ${percent(1 - span.unscaled / 1000)})`;

  const read = (file) => {
    if (file.data) return file.data;
    const raw = JSON.parse(file.element.querySelector("script").textContent);
    const lines = new Map();
    for (const [number, risk, raw_, flagged, quiet, flat] of raw.lines) {
      const tokens = [];
      for (let i = 0; i < flat.length; i += 4) {
        tokens.push({ start: flat[i], end: flat[i + 1], risk: flat[i + 2], unscaled: flat[i + 3] });
      }
      lines.set(number, { number, risk, unscaled: raw_, flagged, quiet, tokens });
    }
    const scopes = raw.scopes.map(([name, first, last, risk, raw_]) => ({ name, first, last, risk, unscaled: raw_ }));
    file.data = { text: raw.text, lines, scopes };
    return file.data;
  };

  const matches = (line) => line !== undefined && shown(line) >= Number(least.value) / 100;

  const codeCell = (text, line) => {
    const cell = make("td", "text");
    if (!line) {
      cell.textContent = text;
      return cell;
    }
    const points = Array.from(text); // offsets are code points
    let done = 0;
    for (const token of line.tokens) {
      let start = token.start; // indentation in front of a word isn't risky
      while (start < token.end - 1 && /\s/.test(points[start])) start += 1;
      cell.append(points.slice(done, start).join(""));
      const heat = bucket(shown(token));
      const span = make("span", heat >= 2 ? `h${heat}` : "", points.slice(start, token.end).join(""));
      span.title = says("token", token);
      cell.append(span);
      done = token.end;
    }
    cell.append(points.slice(done).join(""));
    return cell;
  };

  const row = (file, number) => {
    const line = file.data.lines.get(number);
    const element = make("tr");
    element.id = `${file.element.id}-${number}`;
    const head = make("th", "", String(number));
    head.scope = "row";
    const risk = make("td", "risk");
    element.append(head, risk, codeCell(file.data.text[number - 1], line));
    if (line) {
      risk.textContent = percent(shown(line));
      risk.className = `risk h${bucket(shown(line))}`;
      risk.title = says("line", line);
      element.classList.toggle("flagged", line.flagged === 1);
      if (line.flagged || matches(line)) element.tabIndex = 0;
      if (line.quiet) {
        element.classList.add("quiet");
        risk.append(` · ${QUIET[line.quiet]}`);
      }
    }
    return element;
  };

  const draw = (file) => {
    const { text, lines } = read(file);
    const numbers = new Set();
    for (let number = 1; number <= text.length; number += 1) {
      if (!only.checked) numbers.add(number);
      else if (matches(lines.get(number))) {
        for (let near = number - NEAR; near <= number + NEAR; near += 1) {
          if (near >= 1 && near <= text.length) numbers.add(near);
        }
      }
    }
    const table = make("table");
    const body = make("tbody");
    let previous = 0;
    for (const number of [...numbers].sort((a, b) => a - b)) {
      if (number > previous + 1) {
        const gap = make("tr", "gap");
        const cell = make("td", "", "⋮");
        cell.colSpan = 3;
        gap.append(cell);
        body.append(gap);
      }
      body.append(row(file, number));
      previous = number;
    }
    table.append(body);
    file.element.querySelector(".code").replaceChildren(table);
  };

  const redraw = () => {
    at("level").textContent = `${least.value} %`;
    let visible = 0;
    const wanted = find.value.trim().toLowerCase();
    for (const file of files) {
      const { element } = file;
      const highest = Number(unscaled() ? element.dataset.unscaled : element.dataset.risk) / 1000;
      const named = element.dataset.name.toLowerCase().includes(wanted);
      element.hidden = !named || (only.checked && highest < Number(least.value) / 100);
      visible += element.hidden ? 0 : 1;
      if (element.open && !element.hidden) draw(file);
      else element.querySelector(".code").replaceChildren();
    }
    at("visible").textContent = `${visible} of ${files.length} files`;
  };

  const open = (id) => {
    const [name, number] = id.split("-");
    const file = files.find((each) => each.element.id === name);
    if (!file) return;
    file.element.hidden = false;
    file.element.open = true;
    draw(file);
    let target = number ? at(id) : file.element;
    if (!target && number) {
      only.checked = false;
      draw(file);
      target = at(id);
    }
    if (target) {
      target.scrollIntoView({ block: "center" });
      target.focus({ preventScroll: true });
    }
  };

  const step = (direction) => {
    const hits = [];
    for (const file of files) {
      if (file.element.hidden) continue;
      for (const line of read(file).lines.values()) {
        if (matches(line)) hits.push(`${file.element.id}-${line.number}`);
      }
    }
    if (!hits.length) return;
    const current = hits.indexOf(document.activeElement?.id ?? "");
    const next = current < 0 ? (direction > 0 ? 0 : hits.length - 1) : (current + direction + hits.length) % hits.length;
    open(hits[next]);
  };

  const describe = (target) => {
    const place = target instanceof Element ? target.closest("tr[id]") : null;
    if (!place) return;
    const [name, number] = place.id.split("-");
    const file = files.find((each) => each.element.id === name);
    const line = file.data.lines.get(Number(number));
    const inside = file.data.scopes.find((each) => each.first <= number && number <= each.last);
    const parts = [];
    const token = target.closest("span[title]");
    if (token) parts.push(token.title);
    if (line) parts.push(says(`line ${number}`, line));
    if (inside) parts.push(says(inside.name ? `function ${inside.name}` : "top level", inside));
    detail.textContent = parts.join(" · ");
  };

  for (const file of files) {
    file.element.addEventListener("toggle", () => {
      if (file.element.open) draw(file);
      else file.element.querySelector(".code").replaceChildren();
    });
  }
  let waiting = 0;
  const soon = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(redraw);
  };
  for (const control of [least, only, scale, find]) control.addEventListener("input", soon);
  theme.addEventListener("input", () => {
    if (theme.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  });
  at("next").addEventListener("click", () => step(1));
  at("previous").addEventListener("click", () => step(-1));
  document.addEventListener("mouseover", (event) => describe(event.target));
  document.addEventListener("focusin", (event) => describe(event.target));
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#f']") : null;
    if (!link) return;
    event.preventDefault();
    open(link.getAttribute("href").slice(1));
  });
  at("controls").hidden = false;
  at("controls").addEventListener("submit", (event) => event.preventDefault());
  at("summary").textContent = at("total").textContent;
  const first = files.find((file) => Number(file.element.dataset.flagged) > 0) ?? files[0];
  if (first) first.element.open = true;
  redraw();
})();
