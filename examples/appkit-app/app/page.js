// The page: a form made from the job's schema, and a run that is followed over server-sent events. A reload goes on with the
// same run, since its id is in the address.

const api = "/api/jobs/report";
const element = (id) => document.getElementById(id);
let watching;

async function ask(method, path, body) {
  const headers = body ? { "content-type": "application/json" } : {};
  const answer = await fetch(api + path, { method, headers, body: body && JSON.stringify(body) });
  const json = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(json.details?.map(({ path, message }) => `${path} ${message}`).join(", ") ?? json.error);
  return json;
}

async function form() {
  const { params } = await ask("GET", "/schema");
  for (const [name, schema] of Object.entries(params.properties)) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.name = name;
    for (const choice of schema.enum) select.add(new Option(choice, choice, choice === schema.default, choice === schema.default));
    label.append(name, select);
    element("fields").append(label);
  }
}

const kind = (state) => (/SUCCESS/.test(state) ? "good" : /FAILED|CANCELED|TIMEDOUT|ERROR/.test(state) ? "bad" : "busy");
const word = ({ life_cycle_state, result_state } = {}) => result_state ?? life_cycle_state ?? "PENDING";

function show({ run, outcome, failures }) {
  element("run").hidden = false;
  element("run-id").textContent = run.run_id;
  const state = word(run.state);
  element("state").textContent = state;
  element("state").dataset.kind = kind(state);
  const rows = (run.tasks ?? []).map((task) => {
    const row = document.createElement("tr");
    const seconds = task.start_time ? ((task.end_time || Date.now()) - task.start_time) / 1000 : 0;
    for (const text of [task.task_key, word(task.state), task.attempt_number ?? 0, seconds.toFixed(1)]) {
      row.insertCell().textContent = text;
    }
    row.cells[1].dataset.kind = kind(word(task.state));
    return row;
  });
  element("tasks").replaceChildren(...rows);
  const over = outcome !== undefined;
  element("cancel").disabled = over;
  element("repair").disabled = !over || outcome === "succeeded";
  element("failure").textContent = (failures ?? []).map(({ taskKey, error, message }) => `${taskKey}: ${error ?? message}`).join("\n");
  if (over) void outputs(run.run_id);
}

async function outputs(runId) {
  const { outputs } = await ask("GET", `/runs/${runId}/outputs`);
  const lines = outputs.filter(({ output }) => output?.logs).map(({ taskKey, output }) => `${taskKey}: ${output.logs.trim()}`);
  element("outputs").textContent = lines.join("\n");
}

/** Follows a run; the browser itself comes back with the last event's id when the connection breaks. */
function watch(runId) {
  watching?.close();
  history.replaceState(null, "", `#${runId}`);
  element("outputs").textContent = "";
  watching = new EventSource(`${api}/runs/${runId}?stream=true`);
  watching.onmessage = ({ data }) => {
    const update = JSON.parse(data);
    show(update);
    if (update.outcome) watching.close();
  };
}

function act(button, work) {
  button.addEventListener(button.tagName === "FORM" ? "submit" : "click", async (event) => {
    event.preventDefault();
    element("message").textContent = "";
    try {
      await work();
    } catch (error) {
      element("message").textContent = error.message;
    }
  });
}

act(element("trigger"), async () => {
  const params = Object.fromEntries(new FormData(element("trigger")));
  watch((await ask("POST", "/run", { params })).runId);
});
act(element("cancel"), () => ask("DELETE", `/runs/${location.hash.slice(1)}`));
act(element("repair"), async () => {
  const runId = location.hash.slice(1);
  await ask("POST", `/runs/${runId}/repair`, { jobParameters: { fail_in: "nothing" } });
  watch(runId);
});

await form();
if (location.hash.length > 1) watch(location.hash.slice(1));
