// Draws the tables of the number's page. Series differ by dashes and by the form of
// their points, and not by colour alone. Without this, the tables stand alone.
"use strict";
(() => {
  const dashes = [[], [8, 5], [2, 4], [12, 4, 2, 4], [5, 2]];
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const month = (t) => new Date(1000 * t).toLocaleDateString("en-GB", { month: "short", year: "2-digit", timeZone: "UTC" });

  function read(table) {
    const names = [...table.querySelectorAll("thead th")].slice(1).map((th) => th.textContent);
    const rows = [...table.querySelectorAll("tbody tr")].filter((tr) => tr.dataset.month);
    const at = rows.map((tr) => Date.parse(tr.dataset.month + "-01T00:00:00Z") / 1000);
    const series = names.map((_, i) => rows.map((tr) => {
      const v = tr.cells[i + 1].dataset.value;
      return v === "" ? null : Number(v);
    }));
    return { names, at, series };
  }

  function draw(into) {
    const table = document.getElementById(into.dataset.chart);
    const { names, at, series } = read(table);
    if (at.length < 2) return; // a point by itself is read quicker in the table
    const ink = token("--soft"), line = token("--line"), colours = [token("--ink"), token("--accent"), token("--reluctant"), token("--warn"), token("--soft")];
    const shares = into.dataset.chart.match(/^(response|on-time)/);
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: "13px system-ui" };
    const every = Math.ceil((at.length * 64) / Math.max(1, into.clientWidth - 60)); // a label takes so many pixels
    const options = {
      width: into.clientWidth, height: 260, cursor: { show: false }, legend: { show: false },
      scales: { x: { time: true }, y: { range: (u, low, high) => (shares || low === null ? [0, 1] : high === low ? [low - 1, high + 1] : [low, high]) } },
      axes: [{ ...axis, splits: () => at.filter((_, i) => i % every === 0), values: (u, ts) => ts.map(month) }, { ...axis, size: 60, values: (u, vs) => vs.map((v) => (shares ? Math.round(100 * v) + " %" : String(v).replace("-", "−"))) }],
      series: [{}].concat(names.map((label, i) => ({ label, stroke: colours[i % 5], width: 2, dash: dashes[i % 5], spanGaps: true, points: { show: true, size: 6 + 2 * (i % 3), fill: i % 2 ? token("--paper") : colours[i % 5], stroke: colours[i % 5], width: 2 } }))),
    };
    into.replaceChildren();
    new uPlot(options, [at, ...series], into);
    const key = document.createElement("ul");
    key.className = "key";
    names.forEach((label, i) => {
      const li = document.createElement("li");
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", "0 0 44 12");
      const l = document.createElementNS("http://www.w3.org/2000/svg", "line");
      for (const [k, v] of Object.entries({ x1: 1, x2: 43, y1: 6, y2: 6, stroke: colours[i % 5], "stroke-width": 2, "stroke-dasharray": dashes[i % 5].join(" ") })) l.setAttribute(k, v);
      svg.append(l);
      li.append(svg, label);
      key.append(li);
    });
    into.append(key);
  }

  const all = [...document.querySelectorAll("[data-chart]")];
  all.forEach(draw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all.forEach(draw));
  let wait;
  window.addEventListener("resize", () => {
    clearTimeout(wait);
    wait = setTimeout(() => all.forEach(draw), 100);
  });
})();
