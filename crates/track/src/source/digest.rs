//! What was read of a file, by its digest: whoever comes back can prove that it is still there.

use std::io::{BufRead, Read, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use super::Proof;

/// The last bytes that are kept to see a file that is overwritten while it is followed.
const TAIL_BYTES: usize = 4_096;

/// The bytes that a reader has given.
#[derive(Clone, Default)]
pub(super) struct Digest(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    hash: Xxh3,
    bytes: u64,
    tail: Vec<u8>,
}

impl Digest {
    fn told(&self) -> MutexGuard<'_, Told> {
        // Whoever panics with it reads no more.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn proof(&self) -> Proof {
        let told = self.told();
        Proof { bytes: told.bytes, digest: told.hash.digest() }
    }

    /// The last bytes, and where they begin.
    pub fn tail(&self) -> (u64, Vec<u8>) {
        let told = self.told();
        let last = &told.tail[told.tail.len().saturating_sub(TAIL_BYTES)..];
        (told.bytes - last.len() as u64, last.to_vec())
    }

    fn add(&self, bytes: &[u8]) {
        let mut told = self.told();
        told.hash.update(bytes);
        told.bytes += bytes.len() as u64;
        let last = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
        told.tail.extend_from_slice(last);
        if told.tail.len() > 4 * TAIL_BYTES {
            let spare = told.tail.len() - TAIL_BYTES;
            told.tail.drain(..spare);
        }
    }
}

/// A reader whose bytes are told as they are taken.
pub(super) struct Digested<R> {
    inner: R,
    digest: Digest,
}

impl<R: BufRead> Digested<R> {
    pub fn new(inner: R, digest: Digest) -> Digested<R> {
        Digested { inner, digest }
    }
}

impl<R: BufRead> BufRead for Digested<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is taken was given, so that no reading happens here.
        if let Ok(given) = self.inner.fill_buf() {
            self.digest.add(&given[..amount.min(given.len())]);
        }
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Digested<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        take(self, out)
    }
}

/// Reads by way of the buffer, so that what is taken passes `consume`.
pub(super) fn take(reader: &mut impl BufRead, out: &mut [u8]) -> Result<usize> {
    let available = reader.fill_buf()?;
    let count = available.len().min(out.len());
    out[..count].copy_from_slice(&available[..count]);
    reader.consume(count);
    Ok(count)
}

/// Which of these proofs the bytes of a reader bear out, in the order in which they are given.
///
/// # Errors
/// When the medium fails.
pub(super) fn borne_out(mut reader: impl BufRead, proofs: &[Proof]) -> Result<Vec<bool>> {
    let mut order: Vec<usize> = (0..proofs.len()).collect();
    order.sort_by_key(|at| proofs[*at].bytes);
    let (mut hash, mut read, mut true_of) = (Xxh3::new(), 0, vec![false; proofs.len()]);
    for at in order {
        let Proof { bytes, digest } = proofs[at];
        while read < bytes {
            let buffer = reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(true_of);
            }
            let used = usize::try_from(bytes - read).unwrap_or(usize::MAX).min(buffer.len());
            hash.update(&buffer[..used]);
            reader.consume(used);
            read += used as u64;
        }
        true_of[at] = hash.digest() == digest;
    }
    Ok(true_of)
}
