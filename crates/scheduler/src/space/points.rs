//! The box that searched keys span, and which of them a point has.

use serde::{Deserialize, Serialize};

use super::{Dimension, Params};

/// The box of a search: its dimensions in the definition file's order.
///
/// A key with conditions is *active* in a point where all of them hold. A condition does not hold where its own key
/// is inactive. One on a key that this box does not have is judged by the point's value of that key; where the point
/// has none it is taken to hold, so that a box of some keys can be drawn from and [`Space::prune`] of the whole box
/// decides when the point is complete.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Space(pub Vec<Dimension>);

impl Space {
    /// The dimension of `key`.
    pub fn get(&self, key: &str) -> Option<&Dimension> {
        self.0.iter().find(|dimension| &*dimension.key == key)
    }

    /// The point at `u`, one coordinate in \[0, 1) for each dimension; inactive keys are left out of it.
    pub fn at(&self, u: &[f64]) -> Params {
        assert_eq!(u.len(), self.0.len(), "one coordinate for each dimension");
        let all: Params = self
            .0
            .iter()
            .zip(u)
            .map(|(dimension, u)| (dimension.key.clone(), dimension.at(*u)))
            .collect();
        self.prune(&all)
    }

    /// Whether all conditions of `key` hold in `params`; a key that this box does not have has none.
    pub fn active(&self, key: &str, params: &Params) -> bool {
        let Some(dimension) = self.get(key) else {
            return true;
        };
        dimension
            .when
            .iter()
            .all(|condition| match params.get(&condition.key) {
                Some(value) => {
                    condition.values.contains(value) && self.active(&condition.key, params)
                }
                None => self.get(&condition.key).is_none(),
            })
    }

    /// `params` without the keys that are inactive in it.
    #[must_use]
    pub fn prune(&self, params: &Params) -> Params {
        let is_active = |(key, _): &(&std::sync::Arc<str>, _)| self.active(key, params);
        let kept = params.pairs().filter(is_active);
        kept.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// The keys of this box that may be active in a point with the values of `fixed`, keys that the box does not have.
    #[must_use]
    pub fn given(&self, fixed: &Params) -> Self {
        let is_open = |dimension: &&Dimension| {
            dimension.when.iter().all(|condition| {
                let value = fixed.get(&condition.key);
                value.is_none_or(|value| condition.values.contains(value))
            })
        };
        let open = Self(self.0.iter().filter(is_open).cloned().collect());
        // What depends on a key that is out is out too.
        let is_out = |key: &str| self.get(key).is_some() && open.get(key).is_none();
        let depends = |dimension: &Dimension| {
            let mut conditions = dimension.when.iter();
            conditions.any(|condition| is_out(&condition.key))
        };
        if open.0.iter().any(depends) {
            let left = open.0.iter().filter(|dimension| !depends(dimension));
            Self(left.cloned().collect()).given(fixed)
        } else {
            open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Condition, Domain, Scale, Value};

    fn words<const N: usize>(words: [&str; N]) -> Vec<Value> {
        words.map(|word| Value::Text(word.to_owned())).to_vec()
    }

    fn dimension(key: &str, domain: Domain, when: &[(&str, Vec<Value>)]) -> Dimension {
        let condition = |(key, values): &(&str, Vec<Value>)| Condition {
            key: (*key).into(),
            values: values.clone(),
        };
        Dimension {
            key: key.into(),
            domain,
            limits: (0.0, 1.0),
            zero: 0.0,
            order: 1,
            when: when.iter().map(condition).collect(),
        }
    }

    fn range() -> Domain {
        Domain::Float {
            low: 0.0,
            high: 1.0,
            scale: Scale::Linear,
        }
    }

    fn list<const N: usize>(of: [&str; N]) -> Domain {
        Domain::Choice { values: words(of) }
    }

    /// eps when the mode is fast; the mode and beta1 when the rule is adam or nadam; the rule last.
    fn space() -> Space {
        let adam = words(["adam", "nadam"]);
        Space(vec![
            dimension("eps", range(), &[("mode", words(["fast"]))]),
            dimension("mode", list(["fast", "slow"]), &[("rule", adam.clone())]),
            dimension("beta1", range(), &[("rule", adam)]),
            dimension("rule", list(["sgd", "adam", "nadam"]), &[]),
        ])
    }

    #[track_caller]
    fn check_at(space: &Space, u: &[f64], expected: &str) {
        assert_eq!(space.at(u).to_string(), expected);
    }

    #[test]
    fn a_point_has_the_keys_whose_conditions_hold() {
        check_at(&space(), &[0.5, 0.0, 0.25, 0.0], "rule = sgd");
        check_at(
            &space(),
            &[0.5, 0.0, 0.25, 0.5],
            "eps = 0.5, mode = fast, beta1 = 0.25, rule = adam",
        );
        check_at(
            &space(),
            &[0.5, 0.9, 0.25, 0.9],
            "mode = slow, beta1 = 0.25, rule = nadam",
        );
    }

    #[test]
    fn all_conditions_of_a_key_must_hold() {
        let both = [("a", words(["x"])), ("b", words(["x"]))];
        let space = Space(vec![
            dimension("a", list(["x", "y"]), &[]),
            dimension("b", list(["x", "y"]), &[]),
            dimension("c", range(), &both),
        ]);
        check_at(&space, &[0.0, 0.0, 0.5], "a = x, b = x, c = 0.5");
        check_at(&space, &[0.9, 0.0, 0.5], "a = y, b = x");
        check_at(&space, &[0.0, 0.9, 0.5], "a = x, b = y");
    }

    #[test]
    fn a_box_of_some_keys_leaves_conditions_on_others_to_the_whole_box() {
        let some = Space(space().0[..3].to_vec());
        let drawn = some.at(&[0.5, 0.0, 0.25]);
        assert_eq!(drawn.to_string(), "eps = 0.5, mode = fast, beta1 = 0.25");
        let mut complete = drawn;
        complete.push("rule".into(), Value::Text("sgd".to_owned()));
        assert_eq!(space().prune(&complete).to_string(), "rule = sgd");
        assert!(!some.active("eps", &complete) && !some.active("beta1", &complete));
        assert!(some.active("rule", &complete) && some.active("unknown", &complete));
    }

    #[test]
    fn keys_that_cannot_be_active_leave_a_box_with_what_depends_on_them() {
        let given = |rule: &str| {
            let fixed = [("rule".into(), Value::Text(rule.to_owned()))];
            let space = Space(space().0[..3].to_vec()).given(&fixed.into_iter().collect());
            space.0.len()
        };
        assert_eq!((given("sgd"), given("adam")), (0, 3));
        assert_eq!(space().given(&Params::default()), space());
    }

    #[test]
    fn a_key_of_the_first_order_without_conditions_is_recorded_as_before() {
        let plain = dimension("a", list(["x"]), &[]);
        let json = serde_json::to_string(&plain).unwrap();
        assert_eq!(
            json,
            r#"{"key":"a","domain":{"choice":{"values":["x"]}},"limits":[0.0,1.0],"zero":0.0}"#
        );
        let other = Dimension {
            order: 2,
            ..space().0[0].clone()
        };
        for dimension in [plain, other] {
            let json = serde_json::to_string(&dimension).unwrap();
            assert_eq!(serde_json::from_str::<Dimension>(&json).unwrap(), dimension);
        }
    }
}
