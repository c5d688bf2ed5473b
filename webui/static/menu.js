// Menus whose choice acts at once; without script a button beside them does it.
document.documentElement.classList.add("js");
document.addEventListener("change", (e) => {
  const form = e.target.form;
  if (form && "auto" in form.dataset) form.requestSubmit();
});
