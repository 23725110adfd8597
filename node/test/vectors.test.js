// The shared vectors through the addon.

import native from "../native/index.cjs";
import { vectorTests } from "./support/vectors.js";

const { addon } = native;
vectorTests("addon", {
  call: (rule, input) => addon.callRule(rule, input),
  rules: addon.rules(),
  waitMachine: (tick, wall, options) => new addon.WaitMachine(tick, wall, options),
});
