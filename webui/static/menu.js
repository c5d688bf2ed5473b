// Menus whose choice acts at once; without script a button beside them does it.
document.documentElement.classList.add("js");
// The tab one is at is seen where not all of them fit.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;
document.addEventListener("change", (e) => {
  const form = e.target.form;
  if (form && "auto" in form.dataset) form.requestSubmit();
});
