//! "Did you mean": the known word nearest to an unknown one.

/// The candidate nearest to `word`, if near enough to be a slip: one edit, or one for every three letters.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lowered = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&lowered, &candidate.to_lowercase()), candidate))
        // A word of one letter is one edit from every other.
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The hint `did you mean "…"?`, or else the list of all words where it is short enough to read.
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    const READABLE: usize = 8;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(word, candidates.iter().copied()) {
        return Some(format!("did you mean {near:?}?"));
    }
    let quoted = || candidates.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
    (1..=READABLE).contains(&candidates.len()).then(|| format!("one of {}", quoted()))
}
