//! The score of a new pair and its parts. The arithmetic of the formula, and nothing that counts.

use super::constants::{DOUBT, ORDINARY, ROLLOUT, SERVICE};
use super::evidence::Evidence;

/// The parts of a score, in nats (natural logarithms) but for the weight, which is a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// How rare the call is among the roles most like it, and among all. Above 0, but for what the family of a new role makes: 0.
    pub peers: f64,
    /// What a service adds that the role never used; else 0.
    pub service: f64,
    /// What it takes off that several roles begin the call in this window; else 0. Never above 0.
    pub rollout: f64,
    /// How much a new call of this role counts.
    pub weight: f64,
}

impl Evidence {
    /// The parts of its score.
    pub fn terms(&self) -> Terms {
        let service = if self.new_service { SERVICE.ln() } else { 0.0 };
        Terms {
            peers: self.peers(),
            service,
            rollout: -ROLLOUT * (self.adopters as f64).ln(),
            weight: self.history().weight(),
        }
    }

    fn peers(&self) -> f64 {
        match self.is_family_call() {
            true => 0.0,
            false => -self.share().ln(),
        }
    }

    /// The share of roles that make the call: most by the votes of those most like it, a little by all others. Above 0, below 1.
    fn share(&self) -> f64 {
        let among_all = (self.makers as f64 + 0.5) / (self.others as f64 + 1.0);
        match self.like.roles {
            0 => among_all,
            _ => (self.like.makers_weight + DOUBT * among_all) / (self.like.weight + DOUBT),
        }
    }
}

impl Terms {
    /// The score: never negative; 0 is new, but ordinary.
    pub fn score(&self) -> f64 {
        let ordinary = -ORDINARY.ln();
        self.weight * (self.peers + self.service + self.rollout + ordinary).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Pair, RoleHistory, Votes};
    use super::*;

    const NOTHING_COUNTED: Evidence = Evidence {
        pair: Pair { role: 0, call: 0 },
        role: RoleHistory {
            calls: 0,
            first_seen: None,
            days_known: 0,
            days_counted: 0.0,
            new_calls: 0,
        },
        like: Votes {
            roles: 0,
            makers: 0,
            weight: 0.0,
            makers_weight: 0.0,
        },
        others: 0,
        makers: 0,
        adopters: 1,
        new_service: false,
        siblings: None,
    };

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-12
    }

    #[test]
    fn the_only_role_scores_nothing_even_with_a_new_service() {
        let terms = Evidence {
            new_service: true,
            ..NOTHING_COUNTED
        }
        .terms();
        assert_eq!((terms.peers, terms.service), (2f64.ln(), 3f64.ln()));
        assert_eq!((terms.weight, terms.score()), (1.0, 0.0));
    }

    #[test]
    fn a_call_that_more_roles_begin_is_less_surprising_by_the_square() {
        let rollout = |adopters| {
            let evidence = Evidence {
                adopters,
                ..NOTHING_COUNTED
            };
            evidence.terms().rollout
        };
        assert_eq!(rollout(1), 0.0);
        assert!(near(rollout(2), -4f64.ln()) && near(rollout(10), -100f64.ln()));
    }

    #[test]
    fn votes_outweigh_the_share_among_all_which_counts_alone_where_nobody_votes() {
        let peers = |roles, makers_weight| {
            let like = Votes {
                roles,
                makers: 0,
                weight: 2.0,
                makers_weight,
            };
            let evidence = Evidence {
                like,
                others: 9,
                makers: 1,
                ..NOTHING_COUNTED
            };
            evidence.terms().peers
        };
        assert!(near(peers(0, 0.0), -0.15f64.ln()));
        assert!(near(peers(3, 0.0), -(0.05 * 0.15 / 2.05f64).ln()));
        assert!(near(peers(3, 1.5), -((1.5 + 0.05 * 0.15) / 2.05f64).ln()));
    }

    #[test]
    fn the_greatest_score_that_the_specification_names() {
        let evidence = Evidence {
            role: RoleHistory {
                calls: 5,
                days_counted: 28.0,
                ..RoleHistory::default()
            },
            like: Votes {
                roles: 25,
                makers: 0,
                weight: 25.0,
                makers_weight: 0.0,
            },
            others: 4_999,
            new_service: true,
            ..NOTHING_COUNTED
        };
        let score = evidence.terms().score();
        assert!((46.4..46.5).contains(&score), "{score}");
    }
}
