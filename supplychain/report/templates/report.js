(function () {
  "use strict";
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var still = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };
  var plots = Array.prototype.slice.call(document.querySelectorAll(".plot"));
  var parsed = {};
  function figure(key) {
    parsed[key] = parsed[key] || JSON.parse(document.getElementById("data-" + key).textContent);
    return parsed[key];
  }
  function draw(div, theme) {
    var copy = JSON.parse(JSON.stringify(figure(div.dataset.figure)[theme]));
    div.dataset.theme = theme;
    return Plotly.react(div, copy.data, copy.layout, still);
  }
  function wanted() { return dark.matches ? "dark" : "light"; }
  function drawAll(theme) { plots.forEach(function (div) { draw(div, theme); }); }
  if ("IntersectionObserver" in window) {
    var seen = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target, wanted()); }
      });
    }, { rootMargin: "600px" });
    plots.forEach(function (div) { seen.observe(div); });
  } else { drawAll(wanted()); }
  dark.addEventListener("change", function () { drawAll(wanted()); });
  window.addEventListener("beforeprint", function () { drawAll("light"); });
  window.addEventListener("afterprint", function () { drawAll(wanted()); });
})();
