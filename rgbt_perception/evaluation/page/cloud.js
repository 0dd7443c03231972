// Draws point clouds that can be turned: a small software renderer on a canvas, no WebGL needed.
"use strict";

(function () {
  const START = { yaw: 0.4, pitch: 0.6, zoom: 1 };
  const SWING = 0.7; // how far the slow turning goes to each side, radians
  const PERIOD_S = 26;
  const LARGEST_DOT = 9; // pixels
  const MARKS_M = [1, 2, 5, 10, 20, 40];

  function bytes(text) {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  }

  function unpack(cloud) {
    const raw = new DataView(bytes(cloud.positions).buffer);
    const xyz = new Float32Array(cloud.count * 3);
    for (let i = 0; i < xyz.length; i += 1) xyz[i] = raw.getInt16(2 * i, true) * cloud.unit;
    return {
      info: cloud,
      xyz: xyz,
      widths: bytes(cloud.widths),
      rgb: bytes(cloud.rgb),
      confidence: bytes(cloud.confidence),
      heat: bytes(cloud.heat),
      label: bytes(cloud.label),
    };
  }

  // Colours as the words that a canvas holds, 0xAABBGGRR; tables hold 256 times R, G, B.
  function paint(points, how, tables) {
    const words = new Uint32Array(points.info.count);
    const log = Math.log(points.info.far / points.info.near);
    for (let i = 0; i < words.length; i += 1) {
      let table = tables[how];
      let at = 0;
      if (how === "rgb") {
        table = points.rgb;
        at = i;
      } else if (how === "depth") {
        const share = Math.log(Math.max(points.xyz[3 * i + 2], 1e-3) / points.info.near) / log;
        at = Math.round(255 * Math.min(Math.max(share, 0), 1));
      } else {
        at = points[how][i];
      }
      words[i] = 0xff000000 | (table[3 * at + 2] << 16) | (table[3 * at + 1] << 8) | table[3 * at];
    }
    return words;
  }

  // Optical frame: x right, y down, z forward. The view turns about a point before the camera.
  function makeView(state, reach, width, height) {
    const cy = Math.cos(state.yaw), sy = Math.sin(state.yaw);
    const cp = Math.cos(state.pitch), sp = Math.sin(state.pitch);
    const rows = [[cy, 0, -sy], [-sy * sp, cp, -cy * sp], [sy * cp, sp, cy * cp]];
    const target = [0, 0, 0.55 * reach];
    const away = (1.6 * reach) / state.zoom;
    const focal = 1.1 * Math.min(width, 1.4 * height);
    return function (x, y, z, out) {
      const dx = x - target[0], dy = y - target[1], dz = z - target[2];
      const far = rows[2][0] * dx + rows[2][1] * dy + rows[2][2] * dz + away;
      out[2] = far;
      out[3] = focal / far;
      out[0] = width / 2 + out[3] * (rows[0][0] * dx + rows[0][1] * dy + rows[0][2] * dz);
      out[1] = height / 2 + out[3] * (rows[1][0] * dx + rows[1][1] * dy + rows[1][2] * dz);
      return far > 0.02 * reach;
    };
  }

  function drawPoints(points, words, view, width, height, picture, nearest) {
    const out = new Float64Array(4);
    const share = points.info.widest / 255;
    const xyz = points.xyz;
    picture.fill(0);
    nearest.fill(Infinity);
    for (let i = 0; i < words.length; i += 1) {
      const depth = xyz[3 * i + 2];
      if (!view(xyz[3 * i], xyz[3 * i + 1], depth, out)) continue;
      const wanted = Math.ceil(points.widths[i] * share * depth * out[3]);
      const dot = Math.min(Math.max(wanted, 1), LARGEST_DOT);
      const left = Math.round(out[0] - dot / 2), top = Math.round(out[1] - dot / 2);
      const right = Math.min(left + dot, width), bottom = Math.min(top + dot, height);
      for (let y = Math.max(top, 0); y < bottom; y += 1) {
        for (let x = Math.max(left, 0); x < right; x += 1) {
          const at = y * width + x;
          if (out[2] < nearest[at]) {
            nearest[at] = out[2];
            picture[at] = words[i];
          }
        }
      }
    }
  }

  // The camera as a small pyramid, and distances along its axis.
  function drawMarks(context, view, reach, ink, paper, scale) {
    const place = (x, y, z) => {
      const out = new Float64Array(4);
      return view(x, y, z, out) ? out : null;
    };
    const s = 0.05 * reach;
    const corners = [[-1, -0.75], [1, -0.75], [1, 0.75], [-1, 0.75]];
    const dots = [place(0, 0, 0)].concat(corners.map((c) => place(s * c[0], s * c[1], 1.4 * s)));
    context.strokeStyle = ink;
    context.lineWidth = 1.5 * scale;
    if (dots.every((dot) => dot)) {
      context.beginPath();
      for (let i = 1; i <= 4; i += 1) {
        context.moveTo(dots[0][0], dots[0][1]);
        context.lineTo(dots[i][0], dots[i][1]);
        context.lineTo(dots[1 + (i % 4)][0], dots[1 + (i % 4)][1]);
      }
      context.stroke();
    }
    context.font = 13 * scale + "px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (const mark of MARKS_M.filter((m) => m > 0.15 * reach && m < 1.3 * reach)) {
      const dot = place(0, 0, mark);
      if (!dot) continue;
      context.lineWidth = 3 * scale;
      context.strokeStyle = paper;
      context.fillStyle = ink;
      context.beginPath();
      context.arc(dot[0], dot[1], 3 * scale, 0, 2 * Math.PI);
      context.stroke();
      context.fill();
      context.strokeText(mark + " m", dot[0] + 7 * scale, dot[1]);
      context.fillText(mark + " m", dot[0] + 7 * scale, dot[1]);
    }
  }

  function start(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const tables = {};
    for (const name in data.tables) tables[name] = bytes(data.tables[name]);
    const clouds = data.clouds.map(unpack);
    const canvas = root.querySelector("canvas");
    const context = canvas.getContext("2d");
    const caption = root.querySelector("[data-caption]");
    const turn = root.querySelector("[data-turn]");
    const layer = document.createElement("canvas");
    const pointers = new Map();
    const state = Object.assign({}, START);
    let phase = 0; // of the slow turning, seconds
    let isTurning = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    let isSeen = true;
    let waiting = false;
    let before = 0;
    let shown = 0;
    let how = "";
    let words = null;
    let buffers = null;
    let lastScroll = -1e9;

    const value = (name) => (root.querySelector('input[name^="' + name + '"]:checked') || {}).value;

    function choose() {
      shown = Number(value("cloud") || 0);
      const points = clouds[shown];
      root.querySelectorAll('input[name^="colors"]').forEach((input) => {
        input.disabled = input.value in points.info.captions === false;
      });
      let wanted = value("colors");
      if (!(wanted in points.info.captions)) wanted = "depth";
      how = wanted;
      words = paint(points, how, tables);
      caption.textContent = points.info.title + ", " + points.info.captions[how] + ".";
      ask();
    }

    function resize() {
      const scale = Math.min(window.devicePixelRatio || 1, 1000 / Math.max(canvas.clientWidth, 1), 2);
      const width = Math.max(Math.round(canvas.clientWidth * scale), 1);
      const height = Math.max(Math.round(canvas.clientHeight * scale), 1);
      if (!buffers || canvas.width !== width || canvas.height !== height) {
        canvas.width = layer.width = width;
        canvas.height = layer.height = height;
        const image = new ImageData(width, height);
        buffers = {
          image: image,
          picture: new Uint32Array(image.data.buffer),
          nearest: new Float32Array(width * height),
        };
      }
      return scale;
    }

    function draw() {
      const scale = resize();
      const style = getComputedStyle(canvas);
      const reach = clouds[shown].info.reach;
      const turned = Object.assign({}, state);
      turned.yaw += SWING * Math.sin((2 * Math.PI * phase) / PERIOD_S);
      const view = makeView(turned, reach, canvas.width, canvas.height);
      drawPoints(clouds[shown], words, view, canvas.width, canvas.height, buffers.picture, buffers.nearest);
      layer.getContext("2d").putImageData(buffers.image, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(layer, 0, 0);
      drawMarks(context, view, reach, style.color, style.backgroundColor, scale);
    }

    function frame(time) {
      waiting = false;
      if (isTurning && isSeen) phase += Math.min((time - before) / 1000, 0.1);
      before = time;
      draw();
      if (isTurning && isSeen) ask();
    }

    function ask() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(frame);
    }

    function setTurning(wanted) {
      isTurning = wanted;
      turn.setAttribute("aria-pressed", String(wanted));
      turn.textContent = wanted ? "Stop turning" : "Turn slowly";
      before = performance.now();
      ask();
    }

    // What the slow turning has reached stays when a hand takes over.
    function takeOver() {
      state.yaw += SWING * Math.sin((2 * Math.PI * phase) / PERIOD_S);
      phase = 0;
      setTurning(false);
    }

    function rotate(dx, dy) {
      state.yaw += dx;
      state.pitch = Math.min(Math.max(state.pitch + dy, -1.5), 1.5);
      ask();
    }

    function zoom(factor) {
      state.zoom = Math.min(Math.max(state.zoom * factor, 0.25), 12);
      ask();
    }

    function reset() {
      Object.assign(state, START);
      phase = 0;
      ask();
    }

    const gap = (all) => Math.hypot(all[0].x - all[1].x, all[0].y - all[1].y);

    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      takeOver();
    });
    canvas.addEventListener("pointermove", (event) => {
      const pointer = pointers.get(event.pointerId);
      if (!pointer) return;
      const all = Array.from(pointers.values());
      const wide = all.length === 2 ? gap(all) : 0;
      const dx = event.clientX - pointer.x, dy = event.clientY - pointer.y;
      pointer.x = event.clientX;
      pointer.y = event.clientY;
      const share = all.length === 2 ? 0.5 : 1;
      rotate(0.006 * share * dx, 0.006 * share * dy);
      if (wide > 0) zoom(gap(all) / wide);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => pointers.delete(event.pointerId));
    }
    // Whoever scrolls past the cloud goes on scrolling.
    window.addEventListener("scroll", () => (lastScroll = performance.now()), { passive: true });
    canvas.addEventListener("wheel", (event) => {
      if (performance.now() - lastScroll < 300) return;
      event.preventDefault();
      zoom(Math.exp(-0.0015 * event.deltaY));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
      if (event.key in turns) {
        takeOver();
        rotate(turns[event.key][0], turns[event.key][1]);
      } else if (event.key === "+" || event.key === "=") zoom(1.15);
      else if (event.key === "-") zoom(1 / 1.15);
      else if (event.key === "0") reset();
      else if (event.key === " ") setTurning(!isTurning);
      else return;
      event.preventDefault();
    });
    root.addEventListener("change", choose);
    turn.addEventListener("click", () => setTurning(!isTurning));
    root.querySelector("[data-reset]").addEventListener("click", reset);
    window.addEventListener("resize", ask);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ask);
    if ("IntersectionObserver" in window) {
      new IntersectionObserver((entries) => {
        isSeen = entries[entries.length - 1].isIntersecting;
        before = performance.now();
        if (isSeen) ask();
      }).observe(canvas);
    }

    root.hidden = false;
    choose();
    draw();
    setTurning(isTurning);
    // The pictures are for who has no JavaScript.
    const still = root.parentElement.querySelector("[data-still]");
    if (still) still.hidden = true;
    root.dataset.state = "ready";
  }

  document.querySelectorAll("[data-cloud]").forEach(start);
})();
