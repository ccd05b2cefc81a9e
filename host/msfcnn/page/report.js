// Tables sort by a column, stages step line by line. The page says all of it without this, too.
"use strict";

const number = text => {
  const found = parseFloat(text.replace(/,/g, ""));
  return Number.isNaN(found) ? null : found;
};

function compare(a, b) {
  const [x, y] = [number(a), number(b)];
  if (x !== null && y !== null) return x - y;
  if (x !== null || y !== null) return x === null ? -1 : 1;
  return a.localeCompare(b);
}

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "descending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      const cell = row => row.cells[column].textContent.trim();
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => compare(cell(a), cell(b)) * (down ? 1 : -1));
      table.tBodies[0].append(...rows);
    });
  });
}

function stepping(stage) {
  const steps = JSON.parse(stage.querySelector("script").textContent);
  const [first, ...others] = stage.querySelectorAll("figure");
  others.forEach(other => other.remove());
  const control = stage.querySelector(".control");
  const slider = control.querySelector("input");
  const rows = [...first.querySelectorAll("tbody tr")];
  const show = at => {
    const [line, tensors] = steps[at];
    slider.value = at;
    const caption = `after ${stage.dataset.unit} ${line} of the output (0 to ${stage.dataset.last})`;
    first.querySelector("figcaption").textContent = caption;
    slider.setAttribute("aria-valuetext", caption);
    tensors.forEach(([dead, before, written], index) => {
      const gone = Math.min(dead, before);
      const split = Math.min(written, Math.max(before, dead));
      const ends = [[0, gone], [gone, before], [before, split], [split, written]];
      rows[index].querySelectorAll("rect.part").forEach((rect, part) => {
        rect.setAttribute("x", ends[part][0]);
        rect.setAttribute("width", ends[part][1] - ends[part][0]);
      });
      const lines = rows[index].dataset.lines;
      rows[index].querySelector(".resident-words").textContent =
        `${Math.max(0, written - dead)} of ${lines}`;
    });
  };
  slider.max = steps.length - 1;
  slider.addEventListener("input", () => show(Number(slider.value)));
  control.querySelectorAll("button").forEach(button =>
    button.addEventListener("click", () => {
      const next = Number(slider.value) + Number(button.dataset.by);
      show(Math.min(steps.length - 1, Math.max(0, next)));
    }));
  control.hidden = false;
  show(0);
}

document.querySelectorAll("table.sortable").forEach(sortable);
document.querySelectorAll(".motion").forEach(stepping);
