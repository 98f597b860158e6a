//! FEEL: lexer, parser, compiler to a flat program, evaluator, built-ins.
