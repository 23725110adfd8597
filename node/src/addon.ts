// Gives the addon of this platform, or a clear error where there is none.

import native from "../native/index.cjs";
import { LakeflowError } from "./errors.js";

/** The addon; throws `UNSUPPORTED` when this platform has none. */
export function addon(): native.Addon {
  if (native.addon) return native.addon;
  throw missing();
}

/** The rules of the core: by the addon, else by WebAssembly; throws `UNSUPPORTED` where there is neither. */
export function rules(): native.Rules {
  const found = native.rules();
  if (found) return found;
  throw missing();
}

function missing(): LakeflowError {
  return new LakeflowError({
    code: "UNSUPPORTED",
    operation: "load",
    message:
      `lakeflow-jobs has no addon for ${native.platform} (${native.reason}); ` +
      "schemas, mapping, linting and schedules work without it, everything that connects or runs does not",
    context: { platform: native.platform },
  });
}
