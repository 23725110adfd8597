// The glue of `full.wasm`.

import { door } from "./door.js";

const glue = door("full");
export const { Schema, callRule, rules } = glue;
export default glue.default;
