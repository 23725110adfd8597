// What `cargo xtask web` makes: the glue of wasm-bindgen around `bindings/wasm`.

/** Calls a rule of the core with JSON text. */
export function callRule(rule: string, input: string): string;
/** JSON text of the names of the rules that the module carries. */
export function rules(): string;
/** Starts the module. */
export default function start(input: { module_or_path: WebAssembly.Module }): Promise<unknown>;
