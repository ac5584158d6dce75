// Draws the tables of the number's page. Series differ by their dashes and by the
// shape of their points, and not by colour alone. Without this, the tables stand alone.
"use strict";
(() => {
  const styles = [
    { colour: "accent", dash: [], shape: (p, x, y, r) => { p.moveTo(x + r, y); p.arc(x, y, r, 0, 2 * Math.PI); } },
    { colour: "reluctant", dash: [8, 5], shape: (p, x, y, r) => p.rect(x - r, y - r, 2 * r, 2 * r) },
    { colour: "ink", dash: [2, 4], shape: (p, x, y, r) => { p.moveTo(x, y - 1.3 * r); p.lineTo(x + 1.3 * r, y + r); p.lineTo(x - 1.3 * r, y + r); p.closePath(); } },
  ];
  const percent = (v) => Math.round(100 * v) + "%";
  const plain = (v) => String(v).replace("-", "−");
  const units = { // how each is scaled: from, to, where the lines are, how a value reads
    points: { range: () => [-100, 100], splits: () => [-100, -50, 0, 50, 100], text: plain },
    share: { range: () => [0, 1], splits: () => [0, 0.25, 0.5, 0.75, 1], text: percent },
    days: { range: (u, low, high) => [0, Math.max(1, 1.1 * high)], text: plain },
    count: { range: (u, low, high) => [0, Math.max(1, 1.1 * high)], text: plain },
  };

  // Data of a chart are its table's: rows of months or quarters, the latest first.
  function read(table) {
    const rows = [...table.querySelectorAll("tr[data-short]")].reverse();
    const at = rows.map((tr) => Date.parse(tr.querySelector("time").dateTime + "-01T00:00:00Z") / 1000);
    const short = new Map(rows.map((tr, i) => [at[i], tr.dataset.short]));
    const names = [...table.querySelectorAll("thead th")].slice(1).map((th) => th.textContent);
    const series = names.map((_, i) => rows.map((tr) => {
      const v = tr.cells[i + 1].dataset.value;
      return v === "" ? null : Number(v);
    }));
    return { at, short, names, series };
  }

  // Points of a series, each in the series' shape.
  const shaped = (shape) => (u, i, from, to) => {
    const path = new Path2D();
    for (let n = from; n <= to; n++) {
      if (u.data[i][n] != null) shape(path, u.valToPos(u.data[0][n], "x", true), u.valToPos(u.data[i][n], "y", true), 4 * uPlot.pxRatio);
    }
    return { fill: path, stroke: path, clip: null, flags: 0 };
  };

  function draw(into, width, paper) {
    const { at, short, names, series } = read(document.getElementById(into.dataset.chart));
    const unit = units[into.dataset.unit];
    const css = getComputedStyle(document.documentElement);
    const token = (name) => css.getPropertyValue((paper ? "--print-" : "--") + name).trim();
    const axis = { stroke: token("soft"), grid: { stroke: token("line"), width: 1 }, ticks: { stroke: token("line"), width: 1 }, font: "13px system-ui, sans-serif" };
    const every = Math.max(1, Math.ceil((at.length * 64) / Math.max(64, width - 70))); // a name takes so many pixels
    into.replaceChildren();
    new uPlot({
      width, height: into.clientHeight, cursor: { show: false }, legend: { show: false }, padding: [10, 28, 0, 0],
      scales: { x: { time: true }, y: { range: unit.range } },
      axes: [
        { ...axis, splits: () => at.filter((_, i) => i % every === 0), values: (u, ts) => ts.map((t) => short.get(t)) },
        { ...axis, size: 54, ...(unit.splits ? { splits: unit.splits } : {}), values: (u, vs) => vs.map(unit.text) },
      ],
      series: [{}, ...names.map((label, i) => {
        const { colour, dash, shape } = styles[i % styles.length];
        const stroke = token(colour);
        return { label, stroke, dash, width: 2, points: { show: true, stroke, fill: stroke, width: 1, size: 8, paths: shaped(shape) } };
      })],
    }, [at, ...series], into);
  }

  const plots = [...document.querySelectorAll(".plot")];
  const again = () => plots.forEach((p) => draw(p, p.clientWidth));
  const watch = new ResizeObserver((entries) => {
    for (const e of entries) if (e.contentRect.width > 0) draw(e.target, e.contentRect.width);
  });
  for (const p of plots) watch.observe(p);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  // Paper is light, and narrower.
  window.addEventListener("beforeprint", () => plots.forEach((p) => draw(p, Math.min(620, p.clientWidth), true)));
  window.addEventListener("afterprint", again);
})();
