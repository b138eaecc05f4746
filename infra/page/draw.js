const { charts, options } = JSON.parse(document.getElementById("charts").textContent);
for (const [name, chart] of Object.entries(charts)) {
  window.draw(document.getElementById(name), chart, options).then(
    () => document.getElementById(name).classList.add("drawn"),
  );
}
