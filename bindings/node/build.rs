//! Linker flags that an addon of Node.js needs.

fn main() {
    napi_build::setup();
}
