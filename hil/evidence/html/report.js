// Searches the entries' text. All else works without script.
(() => {
  const box = document.getElementById("search"), count = document.getElementById("found");
  const rows = [...document.querySelectorAll(".entries tbody tr")];
  if (!box) return;
  box.hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = words.length ? row.textContent.toLowerCase() : "";
      const hit = words.every(w => text.includes(w));
      row.classList.toggle("away", !hit);
      shown += hit;
    }
    count.textContent = words.length ? `${shown} of ${rows.length} hold it` : "";
  });
  const open = () => {
    const row = location.hash.startsWith("#e") && document.getElementById(location.hash.slice(1));
    const details = row && row.querySelector("details");
    if (details) details.open = true;
  };
  addEventListener("hashchange", open);
  open();
})();
