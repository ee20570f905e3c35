/* The file fields that dcc.Upload makes have no name; those who do not see them hear what their button says. */
new MutationObserver(() => {
  document.querySelectorAll('input[type="file"]:not([aria-label])').forEach((input) => {
    const button = input.parentElement.querySelector("button");
    input.setAttribute("aria-label", button ? button.textContent : "File");
  });
}).observe(document.documentElement, { childList: true, subtree: true });
