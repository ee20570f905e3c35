/* What runs in the browser: URL <-> controls, theme, player, links, pictures. No state but the URL and the theme. */
(function () {
  const NAMES = { "c-reading": "reading", "c-end-use": "end_use", "c-sharing": "sharing",
                  "c-unconfirmed": "unconfirmed", "c-legal": "legal_only" };
  const DEFAULTS = { reading: "felt", end_use: "own", sharing: "fixed", unconfirmed: "both", legal_only: "no" };
  const ORDER = ["on", "market", "product", "event", "what_if", "end_use", "sharing", "legal_only", "unconfirmed",
                 "reading"];
  const DAY = 86400000;
  const skip = () => window.dash_clientside.no_update;
  const dayNumber = (on, start) => Math.round((Date.parse(on) - Date.parse(start.first)) / DAY);
  const dayText = (number, start) => new Date(Date.parse(start.first) + number * DAY).toISOString().slice(0, 10);

  /* the query with its keys in the one order, so that equal questions have equal links */
  function written(query) {
    const rank = (key) => (ORDER.indexOf(key) + 1) || ORDER.length + 1;
    const pairs = [...query.entries()].sort((a, b) => rank(a[0]) - rank(b[0]));
    const text = (value) => encodeURIComponent(value).replace(/%2C/g, ",");
    return "?" + pairs.map(([key, value]) => `${key}=${text(value)}`).join("&");
  }

  function values(search, start) {
    const query = new URLSearchParams(search);
    const on = query.get("on") || start.on;
    const number = Math.min(Math.max(dayNumber(on, start) || 0, 0), start.span);
    const chosen = Object.values(NAMES).map((key) => query.get(key) || DEFAULTS[key]);
    return [on, number, query.get("market") || "USA", ...chosen];
  }

  function theme() {
    const kept = window.localStorage.getItem("theme");
    if (kept === "dark" || kept === "light") return kept;
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    dashboard: {
      sync(search, on, day, market, ...rest) {
        const start = rest[rest.length - 1];
        const by = window.dash_clientside.callback_context.triggered.map((t) => t.prop_id.split(".")[0]);
        if (!by.length || by.includes("url")) return [skip(), ...values(search, start)];
        const query = new URLSearchParams(search);
        if (by.includes("c-day")) query.set("on", dayText(day, start));
        else if (by.includes("c-on") && on) query.set("on", on);
        else if (!query.get("on")) query.set("on", start.on);
        if (market) query.set("market", market);
        Object.values(NAMES).forEach((key, k) => {
          if (!rest[k] || rest[k] === DEFAULTS[key]) query.delete(key);
          else query.set(key, rest[k]);
        });
        const next = written(query);
        return [next === search ? skip() : next, ...values(next, start)];
      },
      request(path, search, clicks, start) {
        const by = window.dash_clientside.callback_context.triggered.map((t) => t.prop_id.split(".")[0]);
        if (by.includes("theme") && clicks) window.localStorage.setItem("theme", theme() === "dark" ? "light" : "dark");
        const now = theme();
        const page = (path || "/").split("/")[1] || "today";
        document.documentElement.dataset.agThemeMode = now;
        document.documentElement.dataset.page = page;
        document.documentElement.classList.toggle("plain", start.plain.includes(page));
        document.querySelectorAll(".menu-link").forEach((a) => {
          const here = (new URL(a.href).pathname.split("/")[1] || "today") === page;
          if (here) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
        });
        document.getElementById("menu")?.classList.remove("open");
        return [{ path: path || "/", search: search || "", theme: now }, now, now === "dark" ? "Light" : "Dark"];
      },
      events(all, none, apply, chosen, every, search) {
        const by = window.dash_clientside.callback_context.triggered_id;
        const clicks = window.dash_clientside.callback_context.triggered[0]?.value;
        if (!clicks) return [skip(), skip()];
        if (by === "events-all") return [skip(), every];
        if (by === "events-none") return [skip(), []];
        const query = new URLSearchParams(search);
        query.delete("event");
        if (chosen.length < every.length) {
          [...(chosen.length ? chosen : ["none"])].sort().forEach((event) => query.append("event", event));
        }
        return [written(query), skip()];
      },
      opened(name, sent) { return !name || sent.includes(name) ? skip() : [...sent, name]; },
      play(clicks, stopped) { return [!stopped, stopped ? "❚❚" : "▶"]; },
      step(ticks, day, start) {
        const next = start.turns.find((turn) => turn > day);
        return next === undefined ? [skip(), true, "▶"] : [next, skip(), skip()];
      },
      async copy(clicks, canonical) {
        const text = canonical ? window.location.origin + canonical : window.location.href;
        const done = navigator.clipboard && await navigator.clipboard.writeText(text).then(() => true, () => false);
        if (!done) window.prompt("The link to this page:", text);
        setTimeout(() => { document.getElementById("copy").textContent = "Copy link"; }, 2000);
        return done ? "Link copied" : "Copy link";
      },
    },
  });

  window.dashMantineFunctions = Object.assign({}, window.dashMantineFunctions, {
    dayLabel: (value, options) => new Date(Date.parse(options.start) + value * DAY).toISOString().slice(0, 10),
  });

  /* links carry the question on: day, market and the rest stay when the page changes */
  const CARRIED = new Set(ORDER);
  document.addEventListener("click", (event) => {
    const a = event.target.closest && event.target.closest(".menu-link, .brand");
    if (!a) return;
    const query = new URLSearchParams(window.location.search);
    [...query.keys()].filter((key) => !CARRIED.has(key)).forEach((key) => query.delete(key));
    const url = new URL(a.href);
    url.search = query.size ? written(query) : "";
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(url.pathname + url.search);
  }, true);

  function go(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  /* links inside tables, the menu button, pictures of figures */
  document.addEventListener("click", (event) => {
    const near = (selector) => event.target.closest && event.target.closest(selector);
    const inside = near("a.page-link");
    if (inside && !(event.metaKey || event.ctrlKey || event.shiftKey)) {
      event.preventDefault();
      go(inside.getAttribute("href"));
    }
    if (near("#burger")) {
      const open = document.getElementById("menu").classList.toggle("open");
      document.getElementById("burger").setAttribute("aria-expanded", String(open));
    }
    const picture = near("button.picture");
    if (picture) save(picture.dataset.figure, picture.dataset.form);
  });

  async function save(href, form) {
    const answer = await fetch(`${href}&theme=${theme()}`);
    const figure = await answer.json();
    const name = decodeURIComponent(href.split("?")[0].split("/").slice(2).join("-").replace(".figure", ""));
    const width = 900;
    await window.Plotly.downloadImage(figure, { format: form, width, height: figure.layout.height || 500, scale: 2,
                                                filename: name });
  }
})();
