// Plays a film: one sheet of tiles per kind of picture, all at the same frame.
"use strict";

(function () {
  function start(root) {
    const film = JSON.parse(root.querySelector("script").textContent);
    const find = (name) => root.querySelector("[data-" + name + "]");
    const play = find("play");
    const slider = find("frame");
    const speed = find("speed");
    const now = find("now");
    const brighten = find("brighten");
    const last = film.times.length - 1;
    const panels = film.kinds.map((kind, i) => ({
      kind: kind,
      canvas: root.querySelectorAll("canvas")[i],
      sheet: root.querySelectorAll("img[data-sheet]")[i],
    }));
    let frame = 0;
    let playing = false;
    let position = 0; // in frames, with a fraction
    let before = 0; // when the last picture was drawn, milliseconds

    function tell() {
      const reasons = film.reasons[frame].length ? " – " + film.reasons[frame].join(", ") : "";
      return film.times[frame].toFixed(2) + " s, " + film.modes[frame] + reasons;
    }

    function drawPanel(panel) {
      const kind = panel.kind;
      const canvas = panel.canvas;
      const context = canvas.getContext("2d");
      const tile = kind.tiles[frame];
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (tile < 0) {
        context.fillStyle = getComputedStyle(root).color;
        context.font = canvas.width / 15 + "px system-ui, sans-serif";
        context.textAlign = "center";
        context.fillText(kind.absent, canvas.width / 2, canvas.height / 2);
      } else {
        const left = (tile % kind.columns) * kind.step[0];
        const top = Math.floor(tile / kind.columns) * kind.step[1];
        const size = kind.size;
        context.drawImage(panel.sheet, left, top, size[0], size[1], 0, 0, canvas.width, canvas.height);
      }
      canvas.setAttribute("aria-label", kind.title + " at " + tell() + (tile < 0 ? ": " + kind.absent : ""));
    }

    function show(number) {
      frame = Math.min(Math.max(Math.round(number), 0), last);
      slider.value = String(frame);
      slider.setAttribute("aria-valuetext", tell());
      now.textContent = "frame " + (frame + 1) + " of " + (last + 1) + ": " + tell();
      panels.forEach(drawPanel);
    }

    function step(time) {
      if (!playing) return;
      position += ((time - before) / 1000) * film.rate * Number(speed.value);
      before = time;
      if (position >= last + 1) position = 0;
      const next = Math.min(Math.floor(position), last);
      if (next !== frame) show(next);
      requestAnimationFrame(step);
    }

    function setPlaying(value) {
      playing = value && last > 0;
      play.textContent = playing ? "Pause" : "Play";
      play.setAttribute("aria-label", play.textContent);
      if (playing) {
        position = frame;
        before = performance.now();
        requestAnimationFrame(step);
      }
    }

    function seek(number) {
      setPlaying(false);
      show(number);
    }

    play.addEventListener("click", () => setPlaying(!playing));
    slider.addEventListener("input", () => seek(Number(slider.value)));
    brighten.addEventListener("change", () => {
      panels
        .filter((panel) => panel.kind.name === "rgb")
        .forEach((panel) => (panel.canvas.style.filter = brighten.checked ? "brightness(4)" : ""));
    });
    root.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1 };
      if (event.key === " " && event.target.tagName !== "BUTTON") {
        if (event.target === brighten) return; // the space bar ticks the box
        setPlaying(!playing);
      } else if (event.key in steps && event.target !== speed && event.target !== slider) {
        seek(frame + steps[event.key]);
      } else {
        return;
      }
      event.preventDefault();
    });
    brighten.parentElement.hidden = !panels.some((panel) => panel.kind.name === "rgb");

    root.hidden = false;
    Promise.all(panels.map((panel) => panel.sheet.decode())).then(() => {
      show(0);
      root.dataset.state = "ready";
    });
  }

  document.querySelectorAll("[data-player]").forEach(start);
})();
