//! The specification once more, as plainly as it can be written: ordered maps of names, nothing kept, nothing shared.
//!
//! Written after the texts of docs/surprise.md and docs/families.md and not after the code, step by step in their order and with their names.

use super::input::RankInput;
use std::collections::{BTreeMap, BTreeSet};
use unseen::time::{Timestamp, DAY};

type Pair = (String, String);

/// What the formula gives for one new pair.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) peers: f64,
    pub(crate) service: f64,
    pub(crate) rollout: f64,
    pub(crate) weight: f64,
    pub(crate) surprise: f64,
    pub(crate) reason: String,
    pub(crate) role_first_seen: Option<Timestamp>,
    /// K.
    pub(crate) role_calls: usize,
    /// m.
    pub(crate) call_roles: usize,
}

/// What is expected of each observed pair that is new.
pub(crate) fn expect(input: &RankInput) -> BTreeMap<Pair, Expected> {
    let inputs = Inputs::of(input);
    let observed = input.observed.iter();
    let new = observed.filter(|pair| inputs.new.contains(*pair));
    new.map(|pair| (pair.clone(), inputs.expect(&pair.0, &pair.1)))
        .collect()
}

/// Section 1: what goes in.
struct Inputs {
    /// C.
    window_opens: Timestamp,
    /// f(r, c) of the known pairs; none where no time can be true.
    first: BTreeMap<Pair, Option<Timestamp>>,
    new: BTreeSet<Pair>,
    families: BTreeMap<String, String>,
}

/// Families: k of the g siblings of a new role make the call.
struct Family {
    g: usize,
    k: usize,
}

/// Step 1: a kept role j.
struct Like {
    /// J(j).
    jaccard: f64,
    /// c is in S(j).
    makes: bool,
}

/// Step 6.
struct Rate {
    t: f64,
    k: usize,
}

impl Inputs {
    fn of(input: &RankInput) -> Self {
        let first = known(input);
        let learned = input.live().filter(|row| row.first > input.window_opens);
        let learned = learned.map(|row| (row.role.clone(), row.call.clone()));
        let begun = input.observed.iter().cloned().chain(learned);
        Self {
            window_opens: input.window_opens,
            new: begun.filter(|pair| !first.contains_key(pair)).collect(),
            first,
            families: input.families.clone(),
        }
    }

    /// The known roles of the family of a new role r.
    fn siblings(&self, r: &str) -> BTreeSet<&str> {
        let family = self.families.get(r).filter(|_| self.calls(r).is_empty());
        let known = self.first.keys().map(|(j, _)| j.as_str());
        known
            .filter(|&j| family.is_some() && self.families.get(j) == family)
            .collect()
    }

    /// U and f(U, .), as the pairs of a role called r.
    fn with_family_as(&self, r: &str, siblings: &BTreeSet<&str>) -> Self {
        let mut first = self.first.clone();
        for ((_, c), &seen) in self
            .first
            .iter()
            .filter(|((g, _), _)| siblings.contains(g.as_str()))
        {
            let least = first.entry((r.to_owned(), c.clone())).or_insert(seen);
            *least = least.iter().chain(&seen).min().copied();
        }
        Self {
            window_opens: self.window_opens,
            first,
            new: self.new.clone(),
            families: BTreeMap::new(),
        }
    }

    /// S(r).
    fn calls(&self, role: &str) -> BTreeSet<&str> {
        let pairs = self.first.keys().filter(|(r, _)| r == role);
        pairs.map(|(_, c)| c.as_str()).collect()
    }

    /// S(j) of the roles j != r with at least one known call.
    fn others(&self, role: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let roles = self.first.keys().map(|(r, _)| r.as_str());
        roles
            .filter(|&j| j != role)
            .map(|j| (j, self.calls(j)))
            .collect()
    }

    fn expect(&self, r: &str, c: &str) -> Expected {
        let siblings = self.siblings(r);
        if siblings.is_empty() {
            return self.expect_of(r, c, None);
        }
        let k = siblings
            .iter()
            .filter(|g| self.calls(g).contains(c))
            .count();
        let g = siblings.len();
        Expected {
            role_first_seen: None,
            role_calls: 0,
            ..self
                .with_family_as(r, &siblings)
                .expect_of(r, c, Some(Family { g, k }))
        }
    }

    /// With a family, r stands for it.
    fn expect_of(&self, r: &str, c: &str, family: Option<Family>) -> Expected {
        let s_r = self.calls(r);
        let others = self.others(r);
        let n = others.len();
        let m = others.values().filter(|s_j| s_j.contains(c)).count();
        let like = like_roles(&s_r, &others, c);
        let new_service = new_service(&s_r, c);
        let a = self.new.iter().filter(|(_, call)| call == c).count();
        let rate = self.rate(r);

        let peers = match family {
            Some(Family { k: 1.., .. }) => 0.0,
            _ => peers(&like, m, n),
        };
        let service = if new_service.is_some() {
            3f64.ln()
        } else {
            0.0
        };
        let rollout = -2.0 * (a as f64).ln();
        let ordinary = -8f64.ln();
        let weight = ((rate.t + 3.0) / (rate.k as f64 + 3.0)).sqrt();
        let clauses = [
            family.as_ref().map_or(String::new(), clause_of_siblings),
            clause_1(s_r.len(), &like),
            clause_2(n, m),
            new_service.map_or(String::new(), clause_3),
            clause_4(a),
            clause_5(&rate, s_r.len(), self.days_known(r)),
        ];
        let clauses = match family {
            None => clauses,
            Some(family) => clauses_of_family(clauses, family.k),
        };
        let clauses = clauses.into_iter().filter(|clause| !clause.is_empty());
        Expected {
            peers,
            service,
            rollout,
            weight,
            surprise: weight * f64::max(0.0, peers + service + rollout + ordinary),
            reason: clauses.collect::<Vec<_>>().join("; "),
            role_first_seen: self.born(r),
            role_calls: s_r.len(),
            call_roles: m,
        }
    }

    /// f(r, .).
    fn firsts<'a>(&'a self, r: &'a str) -> impl Iterator<Item = Timestamp> + 'a {
        let pairs = self.first.iter().filter(move |((role, _), _)| role == r);
        pairs.filter_map(|(_, &first)| first)
    }

    fn born(&self, r: &str) -> Option<Timestamp> {
        self.firsts(r).min()
    }

    /// d.
    fn days_known(&self, r: &str) -> Option<i64> {
        let born = self.born(r)?;
        Some((self.window_opens.0 - born.0) / DAY)
    }

    /// Step 6, T and k.
    fn rate(&self, r: &str) -> Rate {
        let opens = self.window_opens.0;
        let since = self
            .born(r)
            .map(|born| i64::max(opens - 28 * DAY, born.0 + 7 * DAY));
        match since {
            Some(since) if since < opens => Rate {
                t: (opens - since) as f64 / DAY as f64,
                k: self.firsts(r).filter(|first| since < first.0).count(),
            },
            _ => Rate { t: 0.0, k: 0 },
        }
    }
}

/// The known pairs, each with its first sighting.
fn known(input: &RankInput) -> BTreeMap<Pair, Option<Timestamp>> {
    let mut first = BTreeMap::new();
    for row in input.live().filter(|row| row.first <= input.window_opens) {
        let pair = (row.role.clone(), row.call.clone());
        let least = first.entry(pair).or_insert(row.first);
        *least = row.first.min(*least);
    }
    let first = first.into_iter();
    first
        .map(|(pair, first)| (pair, Some(first).filter(|&first| can_be_true(first))))
        .collect()
}

/// After 1970-01-01 00:00 UTC.
fn can_be_true(time: Timestamp) -> bool {
    time > Timestamp(0)
}

/// Step 1: the roles like r, most like first.
fn like_roles(s_r: &BTreeSet<&str>, others: &BTreeMap<&str, BTreeSet<&str>>, c: &str) -> Vec<Like> {
    let sharing = others.values().filter(|s_j| !s_r.is_disjoint(s_j));
    let mut like: Vec<Like> = sharing
        .map(|s_j| Like {
            jaccard: s_r.intersection(s_j).count() as f64 / s_r.union(s_j).count() as f64,
            makes: s_j.contains(c),
        })
        .collect();
    like.sort_by(|one, other| other.jaccard.partial_cmp(&one.jaccard).unwrap());
    if like.len() > 25 {
        let the_25th = like[24].jaccard;
        like.retain(|j| j.jaccard >= the_25th);
    }
    like
}

/// Step 2.
fn peers(like: &[Like], m: usize, n: usize) -> f64 {
    let p = (m as f64 + 0.5) / (n as f64 + 1.0);
    if like.is_empty() {
        return -p.ln();
    }
    let (mut all, mut makers) = (0.0, 0.0);
    for j in like {
        let w = j.jaccard * j.jaccard;
        all += w;
        makers += if j.makes { w } else { 0.0 };
    }
    -((makers + 0.05 * p) / (all + 0.05)).ln()
}

fn service(call: &str) -> Option<&str> {
    let (service, _) = call.split_once(':')?;
    Some(service).filter(|service| !service.is_empty())
}

/// Section 3 of families.md, clauses 1 and 2.
fn clause_of_siblings(family: &Family) -> String {
    let makes = match family {
        Family { g: 1, k: 0 } => "the one known role of its family does not make".to_owned(),
        Family { g: 1, .. } => "the one known role of its family makes".to_owned(),
        Family { g, k } => format!(
            "{} of the {g} known roles of its family {}",
            count(*k),
            make(*k)
        ),
    };
    format!("the role is new; {makes} this call")
}

/// Section 3 of families.md, clauses 3 and 4.
fn clauses_of_family(clauses: [String; 6], k: usize) -> [String; 6] {
    let [siblings, like, others, service, rollout, history] = clauses;
    let its = |clause: String| clause.replace("the role", "its family");
    let like = like.replace("most like it", "most like its family");
    let like = if k == 0 { like } else { String::new() };
    [siblings, like, others, its(service), rollout, its(history)]
}

/// Step 3: the service of c, if it counts.
fn new_service<'c>(s_r: &BTreeSet<&str>, c: &'c str) -> Option<&'c str> {
    let used: BTreeSet<&str> = s_r.iter().filter_map(|call| service(call)).collect();
    service(c).filter(|service| !used.is_empty() && !used.contains(service))
}

fn count(k: usize) -> String {
    if k == 0 {
        "none".to_owned()
    } else {
        k.to_string()
    }
}

fn make(k: usize) -> &'static str {
    if k >= 2 {
        "make"
    } else {
        "makes"
    }
}

fn clause_1(known_calls: usize, like: &[Like]) -> String {
    let l = like.len();
    let k = like.iter().filter(|j| j.makes).count();
    if known_calls == 0 {
        "the role is new".to_owned()
    } else if l == 0 {
        "no other role shares a call with it".to_owned()
    } else if l == 1 && k == 1 {
        "the one role most like it makes this call".to_owned()
    } else if l == 1 {
        "the one role most like it does not make this call".to_owned()
    } else {
        let (count, make) = (count(k), make(k));
        format!("{count} of the {l} roles most like it {make} this call")
    }
}

fn clause_2(n: usize, m: usize) -> String {
    if n == 0 {
        "there is no other role".to_owned()
    } else if n == 1 && m == 1 {
        "the one other role makes it".to_owned()
    } else if n == 1 {
        "the one other role does not make it".to_owned()
    } else {
        let (count, make) = (count(m), make(m));
        format!("{count} of the {n} other roles {make} it")
    }
}

fn clause_3(service: &str) -> String {
    format!("the role never used {service} before")
}

fn clause_4(a: usize) -> String {
    if a > 1 {
        format!("{a} roles began making this call in this window")
    } else {
        String::new()
    }
}

fn clause_5(rate: &Rate, known_calls: usize, days_known: Option<i64>) -> String {
    if known_calls == 0 {
        return String::new();
    }
    let Some(d) = days_known else {
        return "it is not known when the role was first seen".to_owned();
    };
    if rate.t > 0.0 {
        let made = match rate.k {
            0 => "no new call for".to_owned(),
            1 => "1 new call in".to_owned(),
            k => format!("{k} new calls in"),
        };
        let t = written(nearest_integer_ties_to_even(rate.t));
        format!("before this window the role made {made} {t}")
    } else {
        let d = written(d);
        format!("the role was first seen {d} before this window")
    }
}

fn nearest_integer_ties_to_even(t: f64) -> i64 {
    let below = t.floor() as i64;
    match t - t.floor() {
        rest if rest < 0.5 => below,
        rest if rest > 0.5 => below + 1,
        _ => below + below % 2,
    }
}

fn written(days: i64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        _ => format!("{days} days"),
    }
}
