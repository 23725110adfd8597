// Clients of an app: many streams, and triggers as fast as they are answered. Sockets are used bare: a client that costs as much
// as the server would measure itself.

import { connect } from "node:net";
import { Agent, request } from "node:http";

const PATH = "/api/jobs/etl/run";
/** A connection for each stream: one that was kept may be closed by the server at the moment it is used again. */
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A run over a stream: its id, and when its end was told. */
function stream(port) {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const post = request({ agent, port, host: "127.0.0.1", method: "POST", path: `${PATH}?stream=true`, headers }, (answer) => {
      let text = "";
      let at;
      answer.on("data", (chunk) => {
        text += chunk;
        if (at === undefined && text.includes('"result_state":"SUCCESS"')) at = Date.now();
      });
      answer.on("end", () => (at === undefined ? reject(new Error(`a stream ended without an end: ${text.slice(-500)}`)) : resolve([/"run_id":(\d+)/.exec(text)[1], at])));
      answer.on("error", reject);
    });
    post.on("error", reject);
    post.end("{}");
  });
}

/** As many streams, which begin within so many milliseconds. */
export async function streams(port, count, within) {
  const begun = [];
  for (let n = 0; n < count; n += 1) {
    begun.push(stream(port));
    // Ten at once.
    if (n % 10 === 9) await pause((10 * within) / count);
  }
  return Promise.all(begun);
}

/** Triggers over so many connections for so many milliseconds: how many were answered, and how many a second. */
export async function triggers(port, connections, ms) {
  const body = "{}";
  const text = `POST ${PATH} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const begun = performance.now();
  const until = begun + ms;
  let count = 0;
  const one = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => socket.write(text));
      let got = "";
      socket.setEncoding("latin1");
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        got += chunk;
        const head = got.indexOf("\r\n\r\n");
        if (head < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(got.slice(0, head))?.[1]);
        if (got.length < head + 4 + length) return;
        if (!got.startsWith("HTTP/1.1 200") || !got.includes('{"runId":')) {
          socket.destroy();
          return reject(new Error(`a trigger was answered: ${got}`));
        }
        got = "";
        count += 1;
        if (performance.now() < until) return void socket.write(text);
        socket.destroy();
        resolve();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  return { count, rate: count / ((performance.now() - begun) / 1000) };
}
