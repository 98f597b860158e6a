//! What takes time takes fuel: operations on large values pay for what they look at.

use feel::{Budget, Env, compile};
use value::Value;

const COUNT: i64 = 100_000;

fn variables() -> Vec<(&'static str, Value)> {
    let numbers = |from: i64| Value::list((from..from + COUNT).map(Value::from).collect());
    let wide = value::Number::parse("1e6000").expect("a number");
    let wide = Value::list((0..COUNT).map(|_| Value::Number(wide.clone())).collect());
    let inner: value::Context = (0..COUNT).map(|at| (format!("k{at}"), Value::from(at))).collect();
    let outer: value::Context = [("a", Value::from(inner))].into_iter().collect();
    vec![("l", numbers(0)), ("m", numbers(0)), ("w", wide), ("c", Value::from(outer))]
}

#[test]
fn operations_on_large_values_pay_for_them() {
    let variables = variables();
    let env = Env::new(0, 0);
    for (text, least) in [
        ("l instance of list<number>", COUNT / 10),
        ("is(l, m)", COUNT / 10),
        ("l = m", COUNT / 10),
        ("sort(l)", COUNT),
        ("context put(c, [\"a\", \"x\"], 1)", COUNT),
        ("sum(l)", COUNT),
        ("sum(w)", 20 * COUNT),
        ("mean(w)", 20 * COUNT),
        ("product(l)", 20 * COUNT),
        ("stddev(l)", 20 * COUNT),
        ("modulo(w[1], 7)", 100),
        ("floor(w[1])", 100),
        ("sum(for x in l return 9000000000000000000)", 20 * COUNT),
        ("count(for x in l return 7777777777 * 7777777777)", 20 * COUNT),
        ("distinct values(for x in l return {a: x})", COUNT),
        ("sqrt(2)", 2_000),
        ("log(2)", 5_000),
        ("exp(2)", 5_000),
        ("2 ** 0.3", 5_000),
        ("count(for x in l return x)", COUNT),
    ] {
        let expression = compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let budget = Budget::new(&env);
        let before = budget.fuel_left();
        let done = expression.evaluate_within(&variables, &env, &budget);
        done.unwrap_or_else(|error| panic!("{text}: {error}"));
        let taken = before - budget.fuel_left();
        assert!(taken >= least as u64, "{text} took {taken} of at least {least}");
    }
}
