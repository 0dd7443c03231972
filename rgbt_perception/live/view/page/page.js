// Asks the host what is new and loads the pictures that are; nothing while the tab is hidden.
"use strict";

(function () {
  const PERIOD_MS = 100;
  const RETRY_MS = 1000;
  const TABLES_MS = 500; // nobody reads faster
  const OLD_S = 3.0; // a picture of a stream that stopped is shown as such

  const find = (name) => document.querySelector("[data-" + name + "]");
  const shown = {}; // number of the picture in each panel
  const since = {}; // when it came, milliseconds
  let tabled = -TABLES_MS; // when the tables were filled, milliseconds

  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // A cell is a text, or a text and a smaller one below it.
  function row(cells) {
    const line = document.createElement("tr");
    cells.forEach((cell) => {
      const box = document.createElement("td");
      const [text, small] = [cell].flat();
      box.textContent = text;
      if (small) box.appendChild(document.createElement("small")).textContent = small;
      line.appendChild(box);
    });
    return line;
  }

  function fill(name, rows) {
    find(name).replaceChildren(...rows.map(row));
  }

  function number(value, digits) {
    return value === null ? "–" : value.toFixed(digits);
  }

  function age(seconds) {
    if (seconds === null) return "–";
    return seconds < 10 ? (1000 * seconds).toFixed(0) + " ms" : seconds.toFixed(0) + " s";
  }

  function putTicks(name, ticks) {
    const spans = ticks.map(([text, position]) => {
      const span = document.createElement("span");
      span.textContent = text;
      span.style.left = 100 * position + "%";
      if (position < 0.03) span.className = "first";
      if (position > 0.97) span.className = "last";
      return span;
    });
    find(name).replaceChildren(...spans);
  }

  // lost: the host says that this camera's pictures have stopped or repeat.
  function loadPicture(kind, count, lost) {
    const figure = document.querySelector('[data-picture="' + kind + '"]');
    const image = figure.querySelector("div > img");
    const now = performance.now();
    figure.classList.toggle("old", lost || (shown[kind] > 0 && now - since[kind] > 1000 * OLD_S));
    if (count === 0 || count === shown[kind] || image.dataset.busy) return;
    image.dataset.busy = "1";
    figure.hidden = false; // those that not every host has are hidden until they come
    const done = () => delete image.dataset.busy;
    image.onload = () => {
      done();
      shown[kind] = count;
      since[kind] = performance.now();
      image.hidden = false;
      figure.querySelector("div > span").hidden = true;
      figure.querySelector("div").style.aspectRatio = image.naturalWidth + " / " + image.naturalHeight;
    };
    image.onerror = () => {
      done();
      shown[kind] = count;
      setText(figure.querySelector("div > span"), "cannot be drawn");
    };
    image.src = "picture/" + kind + "?n=" + count;
  }

  function showMode(mode, reasons) {
    const badge = find("mode");
    setText(badge, mode);
    badge.dataset.is = mode;
    setText(find("reasons"), reasons);
  }

  function showTables(state) {
    find("problems").replaceChildren(...state.problems.map((problem) => {
      const item = document.createElement("li");
      item.dataset.level = problem.level;
      item.textContent = problem.text;
      return item;
    }));
    fill("streams", state.streams.map((stream) => [
      [stream.topic, stream.detail],
      number(stream.rate_hz, 1), age(stream.age_s), String(stream.received)]));
    fill("stages", Object.entries(state.stages).map(([name, values]) =>
      [name, ...values.map((value) => number(value, 1))]));
    fill("counters", Object.entries(state.counters).map(([name, value]) => [name, String(value)]));
    fill("outputs", Object.entries(state.outputs).map(([name, value]) => [name, String(value)]));
  }

  function show(state) {
    setText(find("title"), state.title);
    document.title = state.mode + " – rgbt live";
    showMode(state.mode, state.reasons.join(", "));
    setText(find("engine"), state.result_hz.toFixed(1) + " results/s" +
      (state.engine ? ", " + state.engine : "") + ", running " + state.running_s.toFixed(0) + " s");
    if (performance.now() - tabled >= TABLES_MS) {
      tabled = performance.now();
      showTables(state);
    }
    putTicks("ticks", state.depth_ticks.map(([depth, place]) => [depth + " m", place]));
    Object.entries(state.notes).forEach(([kind, note]) =>
      setText(document.querySelector('[data-picture="' + kind + '"] [data-note]'), note));
    const silent = (kind) => ["lost", "frozen"].some((why) => state.reasons.includes(kind + "_" + why));
    Object.entries(state.pictures).forEach(([kind, count]) => loadPicture(kind, count, silent(kind)));
  }

  async function ask() {
    if (document.hidden) {
      setTimeout(ask, RETRY_MS);
      return;
    }
    let wait = PERIOD_MS;
    try {
      const answer = await fetch("state", { cache: "no-store" });
      if (!answer.ok) throw new Error("status " + answer.status);
      show(await answer.json());
    } catch (error) {
      showMode("NO CONNECTION", "rgbt live does not answer; the pictures are old");
      document.querySelectorAll("figure").forEach((figure) => figure.classList.add("old"));
      wait = RETRY_MS;
    }
    setTimeout(ask, wait);
  }

  putTicks("shares", [["0", 0], ["0.5", 0.5], ["1", 1]]);
  ask();
})();
