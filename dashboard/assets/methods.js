/* A "?" link names an entry of the page Methods: go there once the page is drawn. */
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  methods: {
    land(drawn, hash) {
      const anchor = decodeURIComponent((hash || window.location.hash || "").slice(1));
      const entry = anchor && document.getElementById(anchor);
      if (entry) {
        document.querySelectorAll(".landed").forEach((other) => other.classList.remove("landed"));
        entry.classList.add("landed");
        entry.scrollIntoView();
        entry.focus({ preventScroll: true });
      }
      return anchor;
    },
  },
});
