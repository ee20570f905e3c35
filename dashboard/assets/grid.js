/* How tables show values; dash-ag-grid looks for these names. */
window.dashAgGridFunctions = Object.assign({}, window.dashAgGridFunctions, {
  percent(value) {
    if (value === null || value === undefined || value === "") return "unknown";
    const size = Math.abs(value), sign = value < 0 ? "−" : "";
    if (size < 1e-9) return "0 %";
    if (size < 0.01) return `${sign}under 1 %`;
    if (size > 0.99 && size < 1 - 1e-9) return `${sign}over 99 %`;
    return `${sign}${(100 * size).toFixed(0)} %`;
  },
  points(value) {
    if (value === null || value === undefined || value === "") return "unknown";
    const size = Math.abs(value), sign = value < 0 ? "−" : "+";
    if (size < 1e-9) return "no change";
    return `${sign}${size < 0.01 ? "under 1" : (100 * size).toFixed(0)}`;
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
