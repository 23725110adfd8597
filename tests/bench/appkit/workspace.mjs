// The fake workspace of the AppKit tests in a process of its own, steered by messages.

import { startFake } from "../../../node/test/appkit/fake.js";

const fake = await startFake();
process.on("message", ({ command, duration }) => {
  if (command === "reset") {
    fake.reset();
    fake.duration = duration;
    return process.send({ done: true });
  }
  const polls = fake.calls.filter(({ path }) => path !== "/run-now").length;
  const ends = [...fake.runs.values()].map((run) => [String(run.id), run.start + run.duration]);
  const lists = fake.count("/runs/list");
  process.send({ calls: fake.calls.length, polls, lists, ends });
});
process.send({ host: fake.host });
