//! DMN decisions and decision tables over FEEL.
