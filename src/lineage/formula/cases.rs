//! Formulas as Sigma's documentation and users write them, with their normal form and what they refer to.

use proptest::prelude::*;

use super::{Expression, Literal, Operator, Reference, Sign, parse, references};

/// A formula, its normal form (`=`: as it is; `!` and the place: no formula), and its references, each as its parts with ` > `
/// between them.
type Case = (&'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Literals.
    ("", "=", &[]),
    ("   ", "", &[]),
    ("1", "=", &[]),
    ("0", "=", &[]),
    ("007", "=", &[]),
    ("1.5", "=", &[]),
    ("1.", "=", &[]),
    (".5", "=", &[]),
    ("1e3", "=", &[]),
    ("1E3", "=", &[]),
    ("1.5e-2", "=", &[]),
    ("2e+10", "=", &[]),
    ("1e", "!1", &[]),
    ("1 2", "!2", &[]),
    ("123456789012345678901234567890", "=", &[]),
    ("\"\"", "=", &[]),
    ("\"text\"", "=", &[]),
    ("\"it's\"", "=", &[]),
    ("'single'", "\"single\"", &[]),
    ("'say \"hi\"'", "\"say \\\"hi\\\"\"", &[]),
    ("\"say \\\"hi\\\"\"", "=", &[]),
    ("\"say \"\"hi\"\"\"", "\"say \\\"hi\\\"\"", &[]),
    ("\"back\\\\slash\"", "=", &[]),
    ("\"a\\nb\"", "=", &[]),
    ("\"a\\tb\"", "=", &[]),
    ("\"[not a reference]\"", "=", &[]),
    ("\"// no comment\"", "=", &[]),
    ("\"/* no comment */\"", "=", &[]),
    ("\"Zürich 💰\"", "=", &[]),
    ("True", "=", &[]),
    ("TRUE", "True", &[]),
    ("false", "False", &[]),
    ("Null", "=", &[]),
    ("NULL", "Null", &[]),
    ("null", "Null", &[]),
    // References.
    ("[Column]", "=", &["Column"]),
    ("[Net Amount]", "=", &["Net Amount"]),
    ("[ORDERS/Net Amount]", "=", &["ORDERS > Net Amount"]),
    ("[Orders/Customer/Name]", "=", &["Orders > Customer > Name"]),
    ("[a/b/c/d]", "=", &["a > b > c > d"]),
    ("[Amount \\[Usd\\]]", "=", &["Amount [Usd]"]),
    ("[ORDERS/Amount \\[Usd\\]]", "=", &["ORDERS > Amount [Usd]"]),
    ("[Profit\\/Loss]", "=", &["Profit/Loss"]),
    ("[P\\/L/Profit\\/Loss]", "=", &["P/L > Profit/Loss"]),
    ("[back\\\\slash]", "=", &["back\\slash"]),
    ("[\\a]", "=", &["a"]),
    ("[Amount [Usd]", "=", &["Amount [Usd"]),
    ("[Amount [Usd]]", "!13", &["Amount [Usd"]),
    ("[]", "=", &[""]),
    ("[/]", "=", &[" > "]),
    ("[ padded ]", "=", &[" padded "]),
    ("[quote \" inside]", "=", &["quote \" inside"]),
    ("[it's]", "=", &["it's"]),
    ("[100% \"real\", (maybe)]", "=", &["100% \"real\", (maybe)"]),
    ("[a // b]", "=", &["a  >  >  b"]),
    ("[Umsatz (€) 💰]", "=", &["Umsatz (€) 💰"]),
    ("[a] + [a]", "=", &["a"]),
    ("[a] + [b]", "=", &["a", "b"]),
    ("[b] + [a]", "=", &["a", "b"]),
    ("[a][b]", "!3", &["a", "b"]),
    ("[Control-Id]", "=", &["Control-Id"]),
    ("[Date Range].start", "=", &["Date Range"]),
    ("[Date Range].end", "=", &["Date Range"]),
    ("[p_region]", "=", &["p_region"]),
    ("[Metrics/Revenue]", "=", &["Metrics > Revenue"]),
    ("[Custom SQL/NET_AMOUNT]", "=", &["Custom SQL > NET_AMOUNT"]),
    ("[orders targets.csv/Region]", "=", &["orders targets.csv > Region"]),
    // Operators.
    ("1 + 2", "=", &[]),
    ("1+2", "1 + 2", &[]),
    ("1-2", "1 - 2", &[]),
    ("1 * 2", "=", &[]),
    ("1 / 2", "=", &[]),
    ("7 % 2", "=", &[]),
    ("2 ^ 3", "=", &[]),
    ("\"a\" & \"b\"", "=", &[]),
    ("\"a\"&\"b\"&\"c\"", "\"a\" & \"b\" & \"c\"", &[]),
    ("1 = 2", "=", &[]),
    ("1 == 2", "1 = 2", &[]),
    ("1 != 2", "=", &[]),
    ("1 <> 2", "1 != 2", &[]),
    ("1 < 2", "=", &[]),
    ("1 <= 2", "=", &[]),
    ("1 > 2", "=", &[]),
    ("1 >= 2", "=", &[]),
    ("True and False", "=", &[]),
    ("True AND False", "True and False", &[]),
    ("True Or False", "True or False", &[]),
    ("not True", "=", &[]),
    ("NOT True", "not True", &[]),
    ("Not(True)", "not True", &[]),
    ("not not True", "not (not True)", &[]),
    ("-1", "=", &[]),
    ("- 1", "-1", &[]),
    ("+1", "=", &[]),
    ("--1", "-(-1)", &[]),
    ("1 - -1", "=", &[]),
    ("-[a]", "=", &["a"]),
    ("-2 ^ 2", "=", &[]),
    ("(-2) ^ 2", "=", &[]),
    ("2 ^ -2", "2 ^ (-2)", &[]),
    ("1 + 2 + 3", "=", &[]),
    ("1 - 2 + 3", "=", &[]),
    ("1 - (2 + 3)", "=", &[]),
    ("(1 - 2) + 3", "=", &[]),
    ("1 + 2 * 3", "=", &[]),
    ("(1 + 2) * 3", "=", &[]),
    ("1 + (2 * 3)", "1 + 2 * 3", &[]),
    ("((1))", "1", &[]),
    ("2 * 3 ^ 2", "=", &[]),
    ("(2 * 3) ^ 2", "=", &[]),
    ("1 + 2 & \"x\"", "=", &[]),
    ("\"x\" & (1 + 2)", "\"x\" & 1 + 2", &[]),
    ("(\"x\" & 1) + 2", "=", &[]),
    ("1 + 1 = 2", "=", &[]),
    ("1 + (1 = 2)", "=", &[]),
    ("a = 1 and b = 2", "=", &[]),
    ("a = 1 or b = 2 and c = 3", "=", &[]),
    ("(a = 1 or b = 2) and c = 3", "=", &[]),
    ("not a = 1", "=", &[]),
    ("(not a) = 1", "=", &[]),
    ("a and not b", "=", &[]),
    ("not (a and b)", "=", &[]),
    ("1 < 2 = True", "=", &[]),
    ("[a]>=[b]", "[a] >= [b]", &["a", "b"]),
    ("[a]<[b]and[c]>[d]", "[a] < [b] and [c] > [d]", &["a", "b", "c", "d"]),
    ("android", "=", &[]),
    ("notable", "=", &[]),
    ("oral or nothing", "=", &[]),
    // Functions.
    ("Count()", "=", &[]),
    ("Count( )", "Count()", &[]),
    ("Today()", "=", &[]),
    ("Today", "=", &[]),
    ("RowNumber()", "=", &[]),
    ("Sum([Amount])", "=", &["Amount"]),
    ("Sum ([Amount])", "Sum([Amount])", &["Amount"]),
    ("sum([Amount])", "=", &["Amount"]),
    ("Sum([ORDERS/Amount])", "=", &["ORDERS > Amount"]),
    ("If([a] > 1, \"x\", \"y\")", "=", &["a"]),
    ("If([a] > 1, \"x\")", "=", &["a"]),
    ("If([a], 1, [b], 2, 3)", "=", &["a", "b"]),
    ("If(a,b,c)", "If(a, b, c)", &[]),
    ("If(a, , c)", "=", &[]),
    ("If(, b)", "=", &[]),
    ("If(a, )", "=", &[]),
    ("f(,)", "f(, )", &[]),
    ("If(If([a], [b], [c]), If([d], 1, 2), Null)", "=", &["a", "b", "c", "d"]),
    ("If([a] = 1, \"1\", If([a] = 2, \"2\", If([a] = 3, \"3\", If([a] = 4, \"4\", \"many\"))))", "=", &["a"]),
    ("Switch([a], 1, \"one\", 2, \"two\", \"many\")", "=", &["a"]),
    ("Switch(True, [n] > 10000, \"High\", [n] > 1000, \"Medium\", \"Low\")", "=", &["n"]),
    ("Choose([a], \"x\", \"y\")", "=", &["a"]),
    ("Coalesce([a], [S/b], 0)", "=", &["S > b", "a"]),
    ("Zn([a]) + Zn([b])", "=", &["a", "b"]),
    ("Nullif([a], 0)", "=", &["a"]),
    ("IsNull([a])", "=", &["a"]),
    ("IsNotNull([a]) and not IsNull([b])", "=", &["a", "b"]),
    ("Between([a], 1, 10)", "=", &["a"]),
    ("In([a], \"x\", \"y\")", "=", &["a"]),
    ("DateTrunc(\"month\", [Date])", "=", &["Date"]),
    ("DateAdd(\"day\", -7, Today())", "=", &[]),
    ("DateDiff(\"day\", [Opened], [Closed])", "=", &["Closed", "Opened"]),
    ("DatePart(\"year\", [ORDERS/Date])", "=", &["ORDERS > Date"]),
    ("DateFormat([Date], \"%Y-%m\")", "=", &["Date"]),
    ("Date(\"2024-01-31\")", "=", &[]),
    ("MakeDate(2024, 1, 31)", "=", &[]),
    ("DateLookback([Sales], [Date], 1, \"year\")", "=", &["Date", "Sales"]),
    ("Lookup([T/Amount], [Key], [T/Key])", "=", &["Key", "T > Amount", "T > Key"]),
    ("Lookup([T/Amount], [a], [T/a], [b], [T/b])", "=", &["T > Amount", "T > a", "T > b", "a", "b"]),
    ("Rollup(Sum([Orders/Amount]), [Id], [Orders/Customer Id])", "=", &["Id", "Orders > Amount", "Orders > Customer Id"]),
    ("Subtotal(Sum([a]), \"grand_total\")", "=", &["a"]),
    ("PercentOfTotal(Sum([a]), \"row\")", "=", &["a"]),
    ("GrandTotal(Sum([a]))", "=", &["a"]),
    ("Round([a] / Nullif(GrandTotal(Sum([a])), 0) * 100, 2)", "=", &["a"]),
    ("CumulativeSum(If(Year([d]) = Year(Today()), [n], 0))", "=", &["d", "n"]),
    ("Rank([n], \"desc\")", "=", &["n"]),
    ("Lag([n], 1)", "=", &["n"]),
    ("MovingAvg([n], 3, 0)", "=", &["n"]),
    ("CountIf([Status] = \"Won\")", "=", &["Status"]),
    ("SumIf([Amount], [Status] = \"Won\")", "=", &["Amount", "Status"]),
    ("CountDistinct([Id])", "=", &["Id"]),
    ("PercentileCont([n], 0.95)", "=", &["n"]),
    ("ListAgg([Name], \", \")", "=", &["Name"]),
    ("Concat(Upper([t]), \" - \", Text([n]))", "=", &["n", "t"]),
    ("Contains(Lower(Coalesce([t], \"\")), \"emea\")", "=", &["t"]),
    ("RegexpExtract([t], \"([0-9]+)/([a-z]*)\")", "=", &["t"]),
    ("Replace([t], \"[\", \"]\")", "=", &["t"]),
    ("SplitPart([t], \"/\", 2)", "=", &["t"]),
    ("Text([a]) & \"%\"", "=", &["a"]),
    ("Number([a])", "=", &["a"]),
    ("CallText(\"upper\", [a])", "=", &["a"]),
    ("CurrentUserEmail() = [Owner Email]", "=", &["Owner Email"]),
    ("CurrentUserInTeam(\"Finance\")", "=", &[]),
    ("CurrentUserAttributeText(\"region\") = [Region]", "=", &["Region"]),
    ("ArrayContains([Filter], [Region])", "=", &["Filter", "Region"]),
    ("[Region] = [p_region] or IsNull([p_region])", "=", &["Region", "p_region"]),
    ("Max([a]) - Min([a])", "=", &["a"]),
    ("And([a], [b])", "=", &["a", "b"]),
    ("Or([a], [b]) and [c]", "=", &["a", "b", "c"]),
    ("f(f(f(f(f(f([deep]))))))", "=", &["deep"]),
    // Structured values.
    ("[Json].name", "=", &["Json"]),
    ("[Json].customer.address.city", "=", &["Json"]),
    ("[Json].\"odd key\"", "=", &["Json"]),
    ("[Json].items.0.price", "[Json].items.\"0\".price", &["Json"]),
    ("[S/Json].a + 1", "=", &["S > Json"]),
    ("Json([t]).a", "=", &["t"]),
    ("([a] & [b]).c", "=", &["a", "b"]),
    ("{}", "=", &[]),
    ("{ key: 1 }", "{key: 1}", &[]),
    ("{a: [x], \"b c\": [S/y], d: {e: 2}}", "=", &["S > y", "x"]),
    ("{a: 1}.a", "=", &[]),
    ("[Json].", "!7", &["Json"]),
    ("{a 1}", "!3", &[]),
    ("{1 + 1: 2}", "!3", &[]),
    // White space and comments.
    ("  [a]  ", "[a]", &["a"]),
    ("[a]\n+\n[b]", "[a] + [b]", &["a", "b"]),
    ("If(\n\t[a],\r\n\t1,\n\t2\n)", "If([a], 1, 2)", &["a"]),
    ("[a] // trailing", "[a]", &["a"]),
    ("// first\n[a]", "[a]", &["a"]),
    ("// [gone]\n[a]", "[a]", &["a"]),
    ("[a] /* [gone] */ + [b]", "[a] + [b]", &["a", "b"]),
    ("/* many\nlines\n*/ [a]", "[a]", &["a"]),
    ("/**/[a]/***/", "[a]", &["a"]),
    ("// nothing", "", &[]),
    ("[a] /* open", "!4", &["a"]),
    ("1\u{a0}+\u{2003}2", "1 + 2", &[]),
    // No formulas: what looks like a reference is one all the same.
    ("[a] +", "!5", &["a"]),
    ("+ ", "!2", &[]),
    ("* [a]", "!0", &["a"]),
    ("Sum([a]", "!7", &["a"]),
    ("Sum([a]))", "!8", &["a"]),
    ("Sum([a] [b])", "!8", &["a", "b"]),
    ("([a], [b])", "!4", &["a", "b"]),
    ("(", "!1", &[]),
    (")", "!0", &[]),
    ("()", "!1", &[]),
    (",", "!0", &[]),
    ("\"open [a]", "!0", &[]),
    ("[a] & \"open", "!6", &["a"]),
    ("[open", "!0", &[]),
    ("[a] + [open", "!6", &["a"]),
    ("[a\\", "!0", &[]),
    ("\"a\\", "!0", &[]),
    ("[a] @ [b]", "!4", &["a", "b"]),
    ("[a] ; [b]", "!4", &["a", "b"]),
    ("$[a]", "!0", &["a"]),
    ("[a] and", "!7", &["a"]),
    ("and [a]", "!0", &["a"]),
    ("[a] is null", "!4", &["a"]),
    ("[a] ? 1 : 2", "!4", &["a"]),
    ("SELECT [a] FROM t", "!7", &["a"]),
    ("[a] = = [b]", "!6", &["a", "b"]),
    ("If([a] > , 1)", "!9", &["a"]),
    ("💰 + [a]", "!0", &["a"]),
];

fn shown(reference: &Reference) -> String {
    reference.parts.join(" > ")
}

#[test]
fn every_case_is_read_as_it_is_meant() {
    assert!(CASES.len() >= 200, "{}", CASES.len());
    let mut wrong = Vec::new();
    for (text, normal, names) in CASES {
        let found = match parse(text) {
            Ok(tree) => tree.to_string(),
            Err(error) => format!("!{}", error.at),
        };
        let wanted = if *normal == "=" { text } else { normal };
        let references = references(text);
        let shown: Vec<String> = references.all.iter().map(shown).collect();
        if found != **wanted || shown != *names || references.error.is_some() != normal.starts_with('!') {
            wrong.push(format!("{text:?}: {found:?} {shown:?} {:?}", references.error));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn operators_bind_as_people_read_them() {
    let number = |n: &str| Expression::Literal(Literal::Number(n.into()));
    let tree = parse("1 + 2 * 3 - 4").unwrap();
    let product = Expression::Chain(Box::new(number("2")), vec![(Operator::Multiply, number("3"))]);
    assert_eq!(
        tree,
        Expression::Chain(
            Box::new(number("1")),
            vec![(Operator::Add, product), (Operator::Subtract, number("4"))]
        )
    );
    assert_eq!(
        parse("-2 ^ 2").unwrap(),
        Expression::Signed(
            Sign::Minus,
            Box::new(Expression::Chain(Box::new(number("2")), vec![(Operator::Power, number("2"))]))
        )
    );
}

#[test]
fn depth_and_length_end_no_stack() {
    let deep = format!("{}[a]{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(parse(&deep).unwrap_err().what, "nested too deeply");
    assert_eq!(references(&deep).all.len(), 1, "what it names is found all the same");
    for open in ["f(", "{a: ", "-", "not ", "2 ^ -"] {
        assert_eq!(parse(&open.repeat(10_000)).unwrap_err().what, "nested too deeply", "{open}");
    }
    let long = vec!["[a]"; 100_000].join(" & ");
    assert_eq!(parse(&long).unwrap().to_string(), long);
    let nested = format!("{}[a]{}", "If(True, ".repeat(150), ")".repeat(150));
    assert_eq!(parse(&nested).unwrap().to_string(), nested);
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-zé_][A-Za-z0-9_ü]{0,6}".prop_filter("a keyword", |word| {
        !["and", "or", "not", "null", "true", "false"].contains(&word.to_lowercase().as_str())
    })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        "[0-9]{1,4}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{1,2})?".prop_map(Literal::Number),
        any::<String>().prop_map(Literal::Text),
    ]
}

fn reference() -> impl Strategy<Value = Reference> {
    prop::collection::vec("[^\u{0}]{0,8}", 1..4).prop_map(Reference::new)
}

/// One of the strengths, with operators of that strength.
fn operators() -> impl Strategy<Value = Vec<Operator>> {
    use Operator as O;
    prop_oneof![
        Just(vec![O::Or]),
        Just(vec![O::And]),
        Just(vec![O::Equal, O::Unequal, O::Less, O::LessOrEqual, O::Greater, O::GreaterOrEqual]),
        Just(vec![O::Join]),
        Just(vec![O::Add, O::Subtract]),
        Just(vec![O::Multiply, O::Divide, O::Modulo]),
        Just(vec![O::Power]),
    ]
}

fn expression() -> impl Strategy<Value = Expression> {
    let atom = prop_oneof![
        literal().prop_map(Expression::Literal),
        reference().prop_map(Expression::Reference),
        word().prop_map(Expression::Name),
    ];
    atom.prop_recursive(5, 64, 5, |inner| {
        let signs = prop_oneof![Just(Sign::Not), Just(Sign::Minus), Just(Sign::Plus)];
        let operands = prop::collection::vec((any::<prop::sample::Index>(), inner.clone()), 1..4);
        prop_oneof![
            (
                word(),
                prop::collection::vec(prop_oneof![4 => inner.clone(), 1 => Just(Expression::Nothing)], 0..5)
            )
                // A function with nothing as its one argument is written like one without arguments.
                .prop_filter("one argument left out", |(_, arguments)| *arguments != [Expression::Nothing])
                .prop_map(|(name, arguments)| Expression::Call(name, arguments)),
            (signs, inner.clone()).prop_map(|(sign, of)| Expression::Signed(sign, Box::new(of))),
            (inner.clone(), operators(), operands).prop_map(|(first, operators, rest)| {
                let rest = rest.into_iter().map(|(index, operand)| (*index.get(&operators), operand));
                Expression::Chain(Box::new(first), rest.collect())
            }),
            (inner.clone(), prop::collection::vec(any::<String>(), 1..3))
                .prop_filter("fields of fields", |(of, _)| !matches!(of, Expression::Fields(..)))
                .prop_map(|(of, fields)| Expression::Fields(Box::new(of), fields)),
            prop::collection::vec((any::<String>(), inner), 0..3).prop_map(Expression::Record),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(tree in expression()) {
        let text = tree.to_string();
        prop_assert_eq!(parse(&text), Ok(tree), "{}", text);
    }

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _ = parse(&text);
        let _ = references(&text);
    }

    #[test]
    fn any_text_of_formula_like_pieces_is_answered_and_what_parses_is_stable(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["[", "]", "\\", "/", "\"", "'", "(", ")", ",", ".", "{", "}", ":", "//", "/*", "*/", "a", "1",
                "1e", "not ", " and ", "=", "<", "-", "^", " ", "\n", "[a]", "[S/b]", "If(", "é"]), 0..24)
    ) {
        let text = pieces.concat();
        let found = references(&text);
        if let Ok(tree) = parse(&text) {
            prop_assert!(found.error.is_none());
            let again = tree.to_string();
            prop_assert_eq!(parse(&again), Ok(tree), "{} from {}", again, text);
        }
    }
}
