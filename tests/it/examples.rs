//! The examples run and end as documented. `driver.rs` has more tests of the real-time one.

#[path = "../../examples/compare_plans.rs"]
#[allow(dead_code, unreachable_pub)]
mod compare_plans;
#[path = "../../examples/embed_engine.rs"]
#[allow(dead_code, unreachable_pub)]
mod embed_engine;

#[test]
fn plans_are_compared() {
    compare_plans::run().expect("the example runs");
}

#[test]
fn the_engine_is_embedded() {
    embed_engine::run().expect("the example runs");
}
