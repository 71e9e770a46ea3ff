//! The conditions of a profile: arithmetic and comparisons of metrics, with three truth values.
//!
//! ```text
//! condition  = both { "or" both }            both   = negated { "and" negated }     negated = "not" negated | comparison
//! comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
//! sum        = product { ("+" | "-") product }   product = factor { ("*" | "/") factor }
//! factor     = number | name | function "(" condition { "," condition } ")" | "(" condition ")" | "-" factor
//! ```
//!
//! Functions: `abs`, `sqrt`, `round`, `min`, `max`, `known(x)` (1 if x is there, else 0) and `closeness(x)`, √2 erfc⁻¹ of the
//! distance of x from the nearest whole number. A name that is not known makes a comparison unknown, and with it the
//! condition, unless the rest decides: `false and unknown` is false, `true or unknown` is true (Kleene).

use statrs::function::erf::erfc_inv;

use crate::vet::Missing;

/// A parsed condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    Name(String),
    Call(Function, Vec<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Function {
    Abs,
    Sqrt,
    Round,
    Min,
    Max,
    Known,
    Closeness,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

impl Expression {
    /// Parses `text`; the error says what was wrong and at which character.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0 };
        let expression = parser.condition()?;
        match parser.tokens.get(parser.at) {
            None => Ok(expression),
            Some((token, place)) => Err(format!("{token:?} at character {place} does not belong there")),
        }
    }

    /// Value with names looked up by `look_up`; truth is 1 and falsehood 0.
    pub fn evaluate(&self, look_up: &dyn Fn(&str) -> Result<f64, Missing>) -> Result<f64, Missing> {
        match self {
            Self::Number(x) => Ok(*x),
            Self::Name(name) => look_up(name),
            Self::Not(inner) => Ok(f64::from(inner.evaluate(look_up)? == 0.0)),
            Self::Call(function, arguments) => {
                let argument = |i: usize| arguments[i].evaluate(look_up);
                Ok(match function {
                    Function::Abs => argument(0)?.abs(),
                    Function::Sqrt => argument(0)?.sqrt(),
                    Function::Round => argument(0)?.round(),
                    Function::Min => argument(0)?.min(argument(1)?),
                    Function::Max => argument(0)?.max(argument(1)?),
                    Function::Known => f64::from(argument(0).is_ok()),
                    Function::Closeness => closeness(argument(0)?),
                })
            }
            Self::Binary(operator, a, b) => binary(*operator, a.evaluate(look_up), || b.evaluate(look_up)),
        }
    }

    /// All names in the expression.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Name(name) => vec![name],
            Self::Not(inner) => inner.names(),
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::names).collect(),
            Self::Binary(_, a, b) => [a.names(), b.names()].concat(),
        }
    }
}

/// √2 erfc⁻¹ |x − round x|: infinite for a whole number, 0.67 half-way between two.
pub(crate) fn closeness(x: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv((x - x.round()).abs())
}

fn binary(operator: Operator, a: Result<f64, Missing>, b: impl Fn() -> Result<f64, Missing>) -> Result<f64, Missing> {
    use Operator::*;
    // A decided side settles these, whatever the other is.
    let settles = match operator {
        And => Some(false),
        Or => Some(true),
        _ => None,
    };
    if let Some(settles) = settles {
        if a.is_ok_and(|a| (a != 0.0) == settles) {
            return Ok(f64::from(settles));
        }
        let b = b();
        return match (a, b) {
            (_, Ok(b)) if (b != 0.0) == settles => Ok(f64::from(settles)),
            (Ok(_), Ok(_)) => Ok(f64::from(!settles)),
            (Err(missing), _) | (_, Err(missing)) => Err(missing),
        };
    }
    let (a, b) = (a?, b()?);
    Ok(match operator {
        Add => a + b,
        Subtract => a - b,
        Multiply => a * b,
        Divide => a / b,
        Less => f64::from(a < b),
        LessEqual => f64::from(a <= b),
        Greater => f64::from(a > b),
        GreaterEqual => f64::from(a >= b),
        Equal => f64::from(a == b),
        NotEqual => f64::from(a != b),
        And | Or => unreachable!("settled above"),
    })
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Sign(&'static str),
}

const SIGNS: [&str; 13] = ["<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if c.is_ascii_digit() || c == '.' {
            let length = rest
                .char_indices()
                .find(|(i, c)| {
                    let exponent_sign = matches!(c, '+' | '-') && matches!(rest.as_bytes()[i - 1], b'e' | b'E');
                    !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || exponent_sign)
                })
                .map_or(rest.len(), |(i, _)| i);
            let number = rest[..length].parse().map_err(|_| format!("{} is not a number", &rest[..length]))?;
            out.push((Token::Number(number), at));
            at += length;
        } else if c.is_alphabetic() {
            let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
            let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
            out.push((Token::Word(rest[..length].into()), at));
            at += length;
        } else {
            let sign = SIGNS.iter().find(|s| rest.starts_with(**s));
            let sign = sign.ok_or_else(|| format!("{c:?} at character {at} means nothing here"))?;
            out.push((Token::Sign(sign), at));
            at += sign.len();
        }
    }
    Ok(out)
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
}

impl Parser {
    fn condition(&mut self) -> Result<Expression, String> {
        let mut left = self.both()?;
        while self.takes_word("or") {
            left = join(Operator::Or, left, self.both()?);
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expression, String> {
        let mut left = self.negated()?;
        while self.takes_word("and") {
            left = join(Operator::And, left, self.negated()?);
        }
        Ok(left)
    }

    fn negated(&mut self) -> Result<Expression, String> {
        if self.takes_word("not") { Ok(Expression::Not(Box::new(self.negated()?))) } else { self.comparison() }
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        use Operator::*;
        let left = self.sum()?;
        let signs =
            [("<=", LessEqual), (">=", GreaterEqual), ("==", Equal), ("!=", NotEqual), ("<", Less), (">", Greater)];
        match signs.iter().find(|(sign, _)| self.takes(sign)) {
            Some((_, operator)) => Ok(join(*operator, left, self.sum()?)),
            None => Ok(left),
        }
    }

    fn sum(&mut self) -> Result<Expression, String> {
        let mut left = self.product()?;
        loop {
            left = if self.takes("+") {
                join(Operator::Add, left, self.product()?)
            } else if self.takes("-") {
                join(Operator::Subtract, left, self.product()?)
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Result<Expression, String> {
        let mut left = self.factor()?;
        loop {
            left = if self.takes("*") {
                join(Operator::Multiply, left, self.factor()?)
            } else if self.takes("/") {
                join(Operator::Divide, left, self.factor()?)
            } else {
                return Ok(left);
            }
        }
    }

    fn factor(&mut self) -> Result<Expression, String> {
        if self.takes("-") {
            return Ok(join(Operator::Subtract, Expression::Number(0.0), self.factor()?));
        }
        if self.takes("(") {
            let inner = self.condition()?;
            return self.closes(inner);
        }
        let Some((token, place)) = self.tokens.get(self.at).cloned() else {
            return Err("it ends too early".into());
        };
        self.at += 1;
        match token {
            Token::Number(x) => Ok(Expression::Number(x)),
            Token::Word(word) if self.takes("(") => self.call(&word),
            Token::Word(word) => Ok(Expression::Name(word)),
            Token::Sign(sign) => Err(format!("{sign:?} at character {place} does not belong there")),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression, String> {
        let (function, count) = match name {
            "abs" => (Function::Abs, 1),
            "sqrt" => (Function::Sqrt, 1),
            "round" => (Function::Round, 1),
            "min" => (Function::Min, 2),
            "max" => (Function::Max, 2),
            "known" => (Function::Known, 1),
            "closeness" => (Function::Closeness, 1),
            _ => return Err(format!("there is no function {name}")),
        };
        let mut arguments = vec![self.condition()?];
        while self.takes(",") {
            arguments.push(self.condition()?);
        }
        if arguments.len() != count {
            return Err(format!("{name} takes {count} argument(s), not {}", arguments.len()));
        }
        self.closes(Expression::Call(function, arguments))
    }

    fn closes(&mut self, inner: Expression) -> Result<Expression, String> {
        if self.takes(")") { Ok(inner) } else { Err("a parenthesis is not closed".into()) }
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some((Token::Sign(s), _)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some((Token::Word(w), _)) if w == word);
        self.at += usize::from(found);
        found
    }
}

fn join(operator: Operator, a: Expression, b: Expression) -> Expression {
    Expression::Binary(operator, Box::new(a), Box::new(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<f64, Missing> {
        let look_up = |name: &str| match name {
            "a" => Ok(2.0),
            "limit.b" => Ok(-3.0),
            _ => Err(Missing::NotMeasured),
        };
        Expression::parse(text).unwrap().evaluate(&look_up)
    }

    #[test]
    fn arithmetic_and_precedence() {
        assert_eq!(value("1 + 2 * a - -limit.b / 3"), Ok(4.0));
        assert_eq!(value("abs(limit.b) == 3 and not a > 2"), Ok(1.0));
        assert_eq!(value("max(a, 1.5e1) - 1e-1"), Ok(14.9));
        assert_eq!(value("a<3 or x>1"), Ok(1.0));
    }

    #[test]
    fn the_unknown_spreads_only_where_it_matters() {
        assert_eq!(value("a > 3 and x > 1"), Ok(0.0));
        assert_eq!(value("x > 1 and a > 3"), Ok(0.0));
        assert_eq!(value("x > 1 and a > 1"), Err(Missing::NotMeasured));
        assert_eq!(value("x > 1 or a > 1"), Ok(1.0));
        assert_eq!(value("not x"), Err(Missing::NotMeasured));
        assert_eq!(value("known(x)"), Ok(0.0));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [("a >", "early"), ("(a", "closed"), ("a b", "belong"), ("foo(1)", "foo"), ("a # 1", "#")] {
            let error = Expression::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
