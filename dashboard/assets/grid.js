/* How tables show values; dash-ag-grid looks for these names. */
window.dashAgGridFunctions = Object.assign({}, window.dashAgGridFunctions, {
  percent(value) {
    if (value === null || value === undefined || value === "") return "unknown";
    const size = Math.abs(value);
    if (size === 0) return "0 %";
    if (size < 0.005) return value > 0 ? "under 1 %" : "above −1 %";
    return `${(100 * value).toFixed(size < 0.1 ? 1 : 0)} %`.replace("-", "−");
  },
  number(value) {
    if (value === null || value === undefined || value === "") return "";
    return Number.isInteger(value) ? String(value) : Number(value).toPrecision(4).replace(/\.?0+$/, "");
  },
  yesNo(value) { return value ? "yes" : "no"; },
  dashboardTheme(theme) { return theme.withParams ? theme : theme; },
});

window.dashAgGridComponentFunctions = Object.assign({}, window.dashAgGridComponentFunctions, {
  PageLink(props) {
    const href = props.data[props.to];
    if (!href) return props.value;
    return window.React.createElement("a", { href, className: "page-link link" }, props.value);
  },
  OutsideLink(props) {
    if (!/^https?:\/\//.test(props.value || "")) return props.value;
    return window.React.createElement("a",
      { href: props.value, target: "_blank", rel: "noopener noreferrer", className: "link" }, props.value);
  },
});
