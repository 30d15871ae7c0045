"use strict";
(() => {
  const form = document.getElementById("filter");
  const text = document.getElementById("filter-text");
  const verdict = document.getElementById("filter-verdict");
  const count = document.getElementById("filter-count");
  const groups = [...document.querySelectorAll("#cases details.cases")];
  const rows = groups.map((group) => [...group.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]));
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = verdict.value;
    const active = words.length > 0 || wanted !== "";
    let shown = 0;
    groups.forEach((group, index) => {
      let here = 0;
      rows[index].forEach(([row, content]) => {
        const fits = (!wanted || row.dataset.v === wanted) && words.every((word) => content.includes(word));
        row.hidden = !fits;
        if (fits) here += 1;
      });
      group.hidden = here === 0;
      group.open = active && here > 0 && (shown < 200 || here < 20);
      shown += here;
    });
    count.textContent = active ? `${shown.toLocaleString("en-GB")} shown` : "";
  };
  let timer = 0;
  const soon = () => { clearTimeout(timer); timer = setTimeout(apply, 120); };
  text.addEventListener("input", soon);
  verdict.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-find]");
    if (!link) return;
    text.value = link.dataset.find;
    verdict.value = link.dataset.verdict || "";
    apply();
  });
  form.hidden = false;
})();
(() => {
  const reveal = () => {
    const found = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!found) return;
    for (let each = found; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    found.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  document.querySelectorAll("button[data-save]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([button.parentElement.querySelector("pre").textContent]));
      link.download = button.dataset.save;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  });
})();
