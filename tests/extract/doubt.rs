//! Whether the credentials are an administrator's, when the question about it is answered badly.

use crate::context::Context;

/// The exit code and the messages of a run while the listing that tells an administrator is broken so.
fn extract_while(fault: &str) -> (i32, String) {
    let context = Context::small();
    let rule = format!("GET /v2/workbooks?*skipPermissionCheck=true* {fault}");
    context.simulator.set_faults(vec![rule.parse().expect("a rule")]);
    let ran = context.extract_with(&[]);
    (ran.code, ran.stderr)
}

#[test]
fn an_answer_that_tells_nothing_of_the_credentials_is_not_taken_for_a_refusal() {
    for fault in ["redirect", "404", "409", "no-entries", "410"] {
        let (code, said) = extract_while(&format!("{fault} x1"));
        // What is no answer at all ends the run at once; what is some answer is asked for again.
        assert_eq!(code, if ["no-entries", "410"].contains(&fault) { 7 } else { 0 }, "{fault}: {said}");
        let (code, said) = extract_while(fault);
        assert_eq!(code, 7, "{fault}: {said}");
        assert!(said.contains("whether the credentials are an administrator's"), "{fault}: {said}");
        assert!(!said.contains("not a Sigma administrator"), "{fault}: {said}");
    }
}

#[test]
fn a_refusal_is_one() {
    let (code, said) = extract_while("403");
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("not a Sigma administrator"), "{said}");
}
