// The page: a form that is checked as it is typed, previews, and a run that is watched. Every text of a run is put in as text.

import init, { Dag, ParamSchema, mapParams, nextFireTimes, watchRun } from "/lakeflow-jobs/web/index.js";
import { KEY, SCHEMA, TASKS } from "/job.js";

const $ = (id) => document.getElementById(id);

/** An element with properties and children; texts become text nodes, never markup. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

try {
  await init();
} catch (error) {
  $("fault").textContent = error.message;
  $("fault").hidden = false;
  $("send").disabled = true;
  throw error;
}

// ---- the form ----

const schema = new ParamSchema(SCHEMA);
const form = $("trigger");
/** Fields that were left once, or all after the form was sent: a field is silent before. */
const touched = new Set();

const { fields } = schema.describe();
const labels = new Map(fields.map(({ name, label }) => [name, label]));
for (const field of fields) $("fields").append(fieldOf(field));

function fieldOf(field) {
  const id = `field-${field.name}`;
  const head = [make("span", { className: "label" }, field.label), make("code", {}, field.name), field.required ? make("small", {}, "required") : undefined];
  const notes = [make("small", { className: "about" }, field.description ?? ""), make("small", { className: "error", id: `${id}-error` })];
  if (field.control === "radio") {
    const options = field.enum.map(({ value, label }) =>
      make("label", {}, make("input", { type: "radio", name: field.name, value, checked: value === field.default }), label),
    );
    return make("fieldset", { className: "field" }, make("legend", {}, ...head.filter(Boolean)), make("div", { className: "options" }, ...options), ...notes);
  }
  const input = make("input", { id, name: field.name, value: field.default ?? "", autocomplete: "off", spellcheck: false });
  if (field.control === "number") input.inputMode = "numeric";
  input.setAttribute("aria-describedby", `${id}-error`);
  const label = make("label", { htmlFor: id }, ...head.filter(Boolean));
  return make("div", { className: "field" }, label, input, ...notes);
}

/** Checks what is typed; returns the parameters, and what is wrong with them by field. */
function check() {
  const params = schema.coerceForm(new FormData(form));
  const violations = schema.validate(params);
  const wrong = new Map();
  for (const { path, keyword, message } of violations) {
    // A field that is missing is told where it should be.
    const name = path.slice(1) || (keyword === "required" ? [...form.elements].find(({ name }) => message.includes(`"${name}"`))?.name : "");
    wrong.set(name, [...(wrong.get(name) ?? []), message]);
  }
  return { params, wrong };
}

function show({ params, wrong }) {
  for (const element of document.querySelectorAll("#fields .error")) {
    const name = element.id.replace(/^field-|-error$/g, "");
    const told = touched.has(name) ? (wrong.get(name) ?? []) : [];
    element.textContent = told.join("; ");
    $(`field-${name}`)?.setAttribute("aria-invalid", String(told.length > 0));
  }
  let preview;
  try {
    preview = JSON.stringify({ params: mapParams("job_parameters", params).job_parameters }, null, 2);
  } catch (error) {
    preview = error.message;
  }
  $("preview").textContent = preview;
  if (wrong.size === 0) $("summary").hidden = true;
}

form.addEventListener("input", () => show(check()));
form.addEventListener("focusout", ({ target }) => {
  if (target.name) touched.add(target.name);
  show(check());
});
show(check());

form.addEventListener("submit", (event) => {
  event.preventDefault();
  for (const { name } of form.elements) if (name) touched.add(name);
  const checked = check();
  show(checked);
  if (checked.wrong.size > 0) return summarize(checked.wrong);
  // One intent, one key: it is kept, so that a reload before the answer does not start a second run.
  keep({ key: newKey(), params: mapParams("job_parameters", checked.params).job_parameters });
  void watch();
  // On a phone it is further down.
  $("run").scrollIntoView({ block: "nearest" });
});

/** `randomUUID` is there on https and localhost only. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function summarize(wrong) {
  const links = [...wrong].map(([name, told]) => make("li", {}, make("a", { href: `#field-${name}` }, labels.get(name) ?? "Parameters"), `: ${told.join("; ")}`));
  $("summary").replaceChildren(make("strong", {}, links.length === 1 ? "One field is wrong" : `${links.length} fields are wrong`), make("ul", {}, ...links));
  $("summary").hidden = false;
  (document.getElementsByName([...wrong.keys()][0])[0] ?? $("summary")).focus();
}

// ---- the run ----

/** What is watched, for a page that is loaded again. */
const kept = () => JSON.parse(sessionStorage.getItem("run") ?? "null");
const keep = (run) => sessionStorage.setItem("run", JSON.stringify(run));

async function watch() {
  const { key, params, runId } = kept();
  const url = runId ? `/api/jobs/${KEY}/runs/${runId}` : `/api/jobs/${KEY}/run`;
  $("send").disabled = true;
  $("fault").hidden = true;
  try {
    const end = await watchRun(url, {
      ...(runId ? {} : { params, idempotencyKey: key }),
      onStart: (runId) => keep({ key, params, runId }),
      onChange: draw,
      onConnection: (connection) => {
        $("connection").textContent = { connecting: "connecting…", open: "live", lost: "connection lost, trying again" }[connection];
        $("connection").dataset.connection = connection;
      },
    });
    $("connection").textContent = end.run.success ? "done" : "ended";
    if (end.failures.length) $("message").textContent = end.failures.map(({ taskKey, error, message }) => `${taskKey}: ${error ?? message}`).join("\n");
    $("connection").dataset.connection = "";
  } catch (error) {
    $("connection").textContent = "";
    $("fault").textContent = [error.message, ...(error.problems ?? []).map(({ path, message }) => `${path}: ${message}`)].join("\n");
    $("fault").hidden = false;
    // A host that does not answer now may have the run: it is kept, and taken up again by a reload.
    if (error.code === "UNAVAILABLE") $("fault").textContent += "\nThe run may go on. Reload the page to look again.";
    else sessionStorage.removeItem("run");
  } finally {
    $("send").disabled = false;
  }
}

const seconds = (ms) => (ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)}m ${Math.floor((ms / 1000) % 60)}s`);
const TONES = { SUCCESS: "ok", SUCCESS_WITH_FAILURES: "warn", RUNNING: "run", TERMINATING: "run", FAILED: "bad", TIMEDOUT: "bad", INTERNAL_ERROR: "bad", UPSTREAM_FAILED: "bad hollow", WAITING_FOR_RETRY: "warn", CANCELED: "off", EXCLUDED: "off hollow", SKIPPED: "off hollow", DISABLED: "off hollow" };
const tone = (state) => TONES[state] ?? "wait hollow";
const words = (state) => state.toLowerCase().replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());

function badge(element, state) {
  element.textContent = words(state);
  element.className = `badge ${tone(state)}`;
  element.dataset.state = state;
}

function draw(run) {
  $("none").hidden = true;
  $("watched").hidden = false;
  badge($("state"), run.state);
  $("elapsed").textContent = seconds(run.elapsedMs);
  $("run-id").textContent = run.runId;
  $("message").textContent = run.message;
  const { total, waiting, active } = run.progress;
  $("progress").max = Math.max(total, 1);
  $("progress").value = total - waiting - active;
  document.title = `${run.terminal ? (run.success ? "✓" : "✕") : "▶"} ${KEY}`;
  const { start, end, rows } = run.timeline;
  const bars = new Map(rows.map((row) => [row.task_key, row.bars]));
  const span = Math.max(end - start, 1);
  // Rows are kept by key, so that nothing that is selected or focused is lost.
  const known = new Map([...$("tasks").children].map((row) => [row.dataset.task, row]));
  const wanted = run.tasks.map((task) => known.get(task.task_key) ?? rowOf(task.task_key));
  if (wanted.length !== known.size || wanted.some((row) => !row.parentNode)) $("tasks").replaceChildren(...wanted);
  run.tasks.forEach((task, n) => {
    const [, state, time, when] = wanted[n].children;
    badge(state.firstChild, task.state);
    state.lastChild.textContent = task.message;
    time.textContent = task.start === null ? "" : seconds(task.elapsed_ms);
    when.replaceChildren(
      ...bars.get(task.task_key).map((bar) => {
        const element = make("i", { className: `bar ${bar.part} ${tone(bar.state)}`, title: `${bar.part} ${seconds(bar.end - bar.start)}` });
        element.style.left = `${(100 * Math.max(bar.start - start, 0)) / span}%`;
        element.style.width = `${(100 * (bar.end - bar.start)) / span}%`;
        return element;
      }),
    );
  });
}

function rowOf(key) {
  const row = make("tr", {}, make("th", { scope: "row" }, key), make("td", {}, make("span"), make("small")), make("td", { className: "figure" }), make("td", { className: "line wide" }));
  row.dataset.task = key;
  return row;
}

if (kept()) void watch();

// ---- the graph ----

const dag = new Dag(TASKS);
drawDag(undefined);

function drawDag(failing) {
  const ends = failing ? dag.ifFails(failing) : dag.simulate();
  const layout = dag.layout({ width: 132, height: 44, layer_gap: 44, row_gap: 20 });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
  svg.setAttribute("aria-hidden", "true");
  for (const { points } of layout.edges) {
    const path = document.createElementNS(svg.namespaceURI, "path");
    const [first, ...rest] = points;
    let d = `M${first[0]} ${first[1]}`;
    rest.forEach(([x, y], n) => {
      const [px, py] = points[n];
      d += n % 2 === 0 ? ` C${(px + x) / 2} ${py} ${(px + x) / 2} ${y} ${x} ${y}` : ` L${x} ${y}`;
    });
    path.setAttribute("d", d);
    svg.append(path);
  }
  const nodes = layout.nodes.map(({ key, x, y }) => {
    const state = ends.tasks[key];
    const button = make("button", { type: "button", className: `node ${tone(state)}` }, make("strong", {}, key), make("small", {}, words(state)));
    button.dataset.task = key;
    button.dataset.state = state;
    button.setAttribute("aria-pressed", String(key === failing));
    button.style.left = `${x}px`;
    button.style.top = `${y}px`;
    button.onclick = () => {
      drawDag(key === failing ? undefined : key);
      $("dag").querySelector(`[data-task="${CSS.escape(key)}"]`).focus();
    };
    return button;
  });
  const canvas = make("div", { className: "canvas" }, svg, ...nodes);
  canvas.style.width = svg.style.width = `${layout.width}px`;
  canvas.style.height = svg.style.height = `${layout.height}px`;
  $("dag").replaceChildren(canvas);
  $("dag-job").textContent = `The run ends as: ${words(ends.job)}`;
}

// ---- the schedule ----

let asked = 0;
async function fires() {
  const number = ++asked;
  try {
    const found = await nextFireTimes($("cron").value, { timezone: $("zone").value, count: 5 });
    if (number !== asked) return;
    $("fires").replaceChildren(...found.map(({ utc, local }) => make("li", {}, make("time", { dateTime: utc }, local.replace("T", " ")))));
    $("cron-fault").textContent = found.length ? "" : "It never fires.";
  } catch (error) {
    if (number === asked) $("cron-fault").textContent = error.message;
  }
}
$("cron").oninput = $("zone").oninput = fires;
await fires();
document.documentElement.dataset.ready = "true";
