// The little that neither HTML nor Vega does by itself: start Vega, tell it the width and the colour
// scheme of the page, sort tables, and open what an address or a printer asks for.

const scheme = matchMedia("(prefers-color-scheme: dark)");
const plots = document.getElementById("plots");

// ast: Vega interprets its expressions, so that the page needs no permission to evaluate code.
const options = { actions: false, ast: true, renderer: "canvas" };

function fit(view) {
  // The page's width, less what the labels of the axes take.
  return view.width(Math.max(200, plots.clientWidth - 64)).runAsync();
}

function data(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

function rows(columns) {
  const names = Object.keys(columns);
  return columns.trial.map((_, i) => Object.fromEntries(names.map((name) => [name, columns[name][i]])));
}

async function start() {
  const specification = data("chart");
  specification.datasets.trials = rows(data("trials"));
  const { view } = await vegaEmbed(plots, specification, options);
  view.signal("dark", scheme.matches);
  await fit(view);
  scheme.addEventListener("change", () => view.signal("dark", scheme.matches).runAsync());
  let width = plots.clientWidth;
  new ResizeObserver(() => {
    if (plots.clientWidth === width) return;
    width = plots.clientWidth;
    fit(view);
  }).observe(plots);
  plots.view = view; // for whoever wants to ask it more, in the console or in a test
  plots.setAttribute("aria-busy", "false");
}

function compare(a, b) {
  // A field without a value comes last in either direction.
  const [x, y] = [a.value, b.value];
  if (x === "" || y === "") return (x === "") - (y === "");
  return a.order * (a.numeric ? x - y : x.localeCompare(y, "en", { numeric: true }));
}

function sort(head) {
  const order = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order === 1 ? "ascending" : "descending");
  const body = head.closest("table").tBodies[0];
  const rows = Array.from(body.rows, (row) => {
    const field = row.cells[head.cellIndex];
    const numeric = field.classList.contains("number");
    return { row, order, numeric, value: numeric ? field.dataset.value : field.textContent };
  });
  body.append(...rows.sort(compare).map(({ row }) => row));
}

for (const button of document.querySelectorAll("th > button")) {
  button.addEventListener("click", () => sort(button.parentElement));
}

function reveal() {
  const wanted = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!wanted) return;
  const subject = wanted.closest(".subject");
  if (subject) document.getElementById(subject.id.replace("subject", "show")).checked = true;
  wanted.closest("details")?.setAttribute("open", "");
  wanted.scrollIntoView();
}

// On paper nothing can be opened.
const closed = new Set();
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    closed.add(details);
    details.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
  closed.clear();
});

addEventListener("hashchange", reveal);
reveal();
start();
