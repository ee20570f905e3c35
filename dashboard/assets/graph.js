/* cytoscape keeps the place of its canvas; when something above it loads late, clicks miss. Look again on entering. */
document.addEventListener("pointerover", (event) => {
  const box = event.target.closest && event.target.closest(".canvas");
  if (box && !box.dataset.entered) {
    box.dataset.entered = "yes";
    const container = box._cyreg ? box : box.querySelector(".__________cytoscape_container") || box;
    const cy = (container._cyreg || {}).cy;
    if (cy) cy.resize();
    box.addEventListener("pointerleave", () => delete box.dataset.entered, { once: true });
  }
}, true);
