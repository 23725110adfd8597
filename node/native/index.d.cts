// The functions of the addon as Rust gives them: JSON crosses as text. `src/` makes them pleasant to use.

declare namespace native {
  interface ParamSchemaHandle {
    validate(instance: string): string | null;
  }

  interface Addon {
    version(): string;
    ParamSchema: new (schema: string) => ParamSchemaHandle;
  }
}

declare const native: {
  /** The addon, or `null` when there is none for this platform. */
  addon: native.Addon | null;
  /** The name of this platform in package names, such as `linux-x64-gnu`. */
  platform: string;
  /** Why there is no addon. */
  reason: string | null;
};
export = native;
