// Gives the addon of this platform, or a clear error where there is none.

import native from "../native/index.cjs";

/** The addon; throws when this platform has none. */
export function addon(): native.Addon {
  if (native.addon) return native.addon;
  throw new Error(`lakeflow-jobs has no addon for ${native.platform}: ${native.reason}`);
}
