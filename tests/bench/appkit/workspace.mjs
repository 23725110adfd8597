// The fake workspace of the AppKit tests in a process of its own, steered by messages.

import { startFake } from "../../../node/test/appkit/fake.js";

const fake = await startFake();
process.on("message", ({ command, duration }) => {
  if (command === "reset") {
    fake.reset();
    fake.duration = duration;
    return process.send({ done: true });
  }
  if (command === "large") {
    const text = JSON.stringify("what a task is called with, at some length; ".repeat(220));
    const state = '"state":{"life_cycle_state":"TERMINATED","result_state":"SUCCESS","state_message":""}';
    const tasks = Array.from({ length: 1000 }, (_, n) => `{"run_id":${n + 1},"task_key":"task_${n}","note":${text},${state}}`);
    const { id } = fake.add(11, { end: Date.now(), result: "SUCCESS" });
    fake.document = (run) => `{"run_id":${run.id},"job_id":11,"tasks":[${tasks}],${state}}`;
    return process.send({ run: Number(id), tasks: tasks.length });
  }
  const polls = fake.calls.filter(({ path }) => path !== "/run-now").length;
  const ends = [...fake.runs.values()].map((run) => [String(run.id), run.start + run.duration]);
  const lists = fake.count("/runs/list");
  process.send({ calls: fake.calls.length, polls, lists, ends });
});
process.send({ host: fake.host });
