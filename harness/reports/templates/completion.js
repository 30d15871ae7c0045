"use strict";
document.querySelectorAll("form.filter").forEach((form) => {
  const input = form.querySelector("input");
  const count = form.querySelector("[role=status]");
  const section = document.getElementById(form.dataset.section);
  const rows = [...section.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach(([row, content]) => {
      row.hidden = !words.every((word) => content.includes(word));
      if (!row.hidden) shown += 1;
    });
    count.textContent = words.length ? `${shown.toLocaleString("en-GB")} of ${rows.length.toLocaleString("en-GB")} shown` : "";
  };
  let timer = 0;
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 120); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
});
