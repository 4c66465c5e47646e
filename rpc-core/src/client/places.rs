//! The places of a client, and which one a connection goes to.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::lock::lock;
use crate::transport::Address;

use super::place::{Place, Stay};
use super::resolver::{Name, Resolver};

/// Where the servers of a client may be.
pub(super) struct Places {
    addresses: Vec<Address>,
    /// Those of the last answers.
    known: Mutex<Vec<Arc<Place>>>,
}

/// A place, or a name, that no connection came from.
pub(super) struct Unreached {
    pub(super) place: String,
    pub(super) error: io::Error,
}

impl Places {
    pub(super) fn new(address: Address) -> Places {
        let addresses = match address {
            Address::AnyOf(addresses) => addresses,
            single => vec![single],
        };
        Places { addresses, known: Mutex::default() }
    }

    /// Returns whether there may be more than one.
    pub(super) fn may_be_several(&self) -> bool {
        self.addresses.len() > 1 || self.addresses.iter().any(|address| Name::of(address).is_some())
    }

    /// Returns how many there are, as far as is known.
    pub(super) fn count(&self) -> usize {
        lock(&self.known).len()
    }

    /// Returns whether one is not avoided.
    pub(super) fn has_good(&self, now: Instant) -> bool {
        lock(&self.known).iter().any(|place| place.avoided_for(now).is_zero())
    }

    /// Looks up all names anew, and returns all places, and the names that led nowhere. Places that
    /// are not found any more are forgotten.
    pub(super) fn look_up(&self, resolver: &Resolver) -> (Vec<Arc<Place>>, Vec<Unreached>) {
        let mut failed = Vec::new();
        let answers: Vec<_> = self.addresses.iter().map(|address| (address, answer(address, resolver))).collect();
        let mut known = lock(&self.known);
        let mut found: Vec<Arc<Place>> = Vec::new();
        for (address, answer) in answers {
            let places = match answer {
                Ok(answer) => answer.into_iter().map(|at| (address, at)).collect(),
                Err(error) => {
                    failed.push(Unreached { place: address.to_string(), error });
                    // the last answer is better than none
                    let of_name = known.iter().filter(|place| place.address == *address);
                    of_name.map(|place| (address, place.at)).collect::<Vec<_>>()
                }
            };
            for (address, at) in places {
                let is_it = |place: &&Arc<Place>| place.address == *address && place.at == at;
                if !found.iter().any(|place| is_it(&place)) {
                    let before = known.iter().find(is_it).cloned();
                    found.push(before.unwrap_or_else(|| Arc::new(Place::new(address.clone(), at))));
                }
            }
        }
        known.clone_from(&found);
        (found, failed)
    }

    /// Takes the best of these places, for a connection that is to be opened.
    pub(super) fn take_best(&self, places: &mut Vec<Arc<Place>>, now: Instant) -> Option<Stay> {
        // threads that choose at the same time see each other's choice
        let _known = lock(&self.known);
        let best = (0..places.len()).min_by_key(|&at| places[at].rank(now))?;
        Some(Stay::begin(places.swap_remove(best), now))
    }
}

fn answer(address: &Address, resolver: &Resolver) -> io::Result<Vec<Option<std::net::SocketAddr>>> {
    match Name::of(address) {
        Some(name) => Ok(resolver.look_up(&name)?.into_iter().map(Some).collect()),
        None => Ok(vec![None]),
    }
}
