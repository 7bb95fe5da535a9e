//! Amounts with units, read from text such as `3.5 km`.

use std::collections::HashMap;
use std::fmt;

extern crate alloc;

const UNITS: &[(&str, f64)] = &[("m", 1.0), ("km", 1000.0), ("mi", 1609.344)];

/// What can be wrong with a text.
#[derive(Debug, PartialEq)]
pub enum ParseError {
    Number(String),
    Unit(String),
    Missing,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Number(text) => write!(f, "“{text}” is no number"),
            ParseError::Unit(text) => write!(f, "“{text}” is no unit"),
            ParseError::Missing => f.write_str("there is no unit"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Length<'a> {
    pub amount: f64,
    pub unit: &'a str,
}

macro_rules! length {
    ($amount:expr, $unit:ident) => {
        Length { amount: $amount, unit: stringify!($unit) }
    };
}

#[inline]
#[must_use]
pub fn factors() -> HashMap<&'static str, f64> {
    UNITS.iter().copied().collect()
}

pub fn parse(text: &str) -> Result<Length<'_>, ParseError> {
    let (number, unit) = text.trim().split_once(' ').ok_or(ParseError::Missing)?;
    let amount = number.parse().map_err(|_| ParseError::Number(number.to_owned()))?;
    if !factors().contains_key(unit) {
        return Err(ParseError::Unit(unit.to_owned()));
    }
    Ok(Length { amount, unit })
}

impl<'a> Length<'a> {
    pub fn metres(&self) -> f64 {
        self.amount * factors()[self.unit]
    }

    pub fn shorter<'b>(self, other: Length<'b>) -> bool
    where
        'a: 'b,
    {
        self.metres() < other.metres()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mile_is_longer_than_a_kilometre() {
        assert!(length!(1.0, km).shorter(parse("1 mi").unwrap()));
    }
}
