// The glue of `params.wasm`.

import { door } from "./door.js";

const glue = door("params");
export const { Schema, callRule, rules } = glue;
export default glue.default;
