//! Outcomes of decisions.

use engine::decision::{Evaluated, EvaluatedClause, Evaluation, Failed, MatchedRule};

use crate::codec::{Abs, I32, Json, List, Msg, Opt, Str, Tenant, U32};

message!("Evaluation", Evaluation {
    1 key: Abs,
    2 decision: Abs,
    3 decision_id: Str,
    4 decision_name: Str,
    5 version: I32,
    6 requirements: Abs,
    7 requirements_id: Str,
    8 tenant: Tenant,
    9 output: Json,
    10 failure: Opt<Msg<Failed>>,
    11 evaluated: List<Msg<Evaluated>>,
    12 warnings: List<Str>,
});

message!("EvaluationFailure", Failed {
    1 decision_id: Str,
    2 message: Str,
});

message!("EvaluatedDecision", Evaluated {
    1 decision: Abs,
    2 decision_id: Str,
    3 decision_name: Str,
    4 version: I32,
    5 kind: Str,
    6 output: Json,
    7 inputs: List<Msg<EvaluatedClause>>,
    8 rules: List<Msg<MatchedRule>>,
});

message!("EvaluatedClause", EvaluatedClause {
    1 id: Str,
    2 name: Str,
    3 value: Json,
});

message!("MatchedRule", MatchedRule {
    1 id: Str,
    2 index: U32,
    3 outputs: List<Msg<EvaluatedClause>>,
});
