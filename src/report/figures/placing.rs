//! Labels beside marks, placed so that they hide neither one another nor the marks.

use super::canvas::{self, Anchor, Area, At, Drawn, GREY, INK, LINE};
use super::frame::Frame;

/// The distance from a mark to its name.
const ASIDE: i32 = 28;
/// Half the side of a mark with its rim.
const MARK: i32 = 20;
/// The distance of a name that has to be connected to its mark.
const FAR_ASIDE: i32 = 44;
/// The number of spaces of a connecting line that may overlap marks, since it starts at one.
const BESIDE_MARK: usize = 3;
/// How many lines of text up or down a name may move.
const FARTHEST: i32 = 12;

/// A rectangle on the sheet: its left, top, right and bottom.
#[derive(Clone, Copy)]
struct Space(i32, i32, i32, i32);

impl Space {
    fn around((x, y): At, half: i32) -> Self {
        Self(x - half, y - half, x + half, y + half)
    }

    fn meets(self, other: &Self) -> bool {
        self.0 < other.2 && other.0 < self.2 && self.1 < other.3 && other.1 < self.3
    }

    fn lies_in(self, sheet: &Self) -> bool {
        sheet.0 <= self.0 && sheet.1 <= self.1 && self.2 <= sheet.2 && self.3 <= sheet.3
    }
}

/// A position for a name: its anchor point, its alignment and the space it takes.
#[derive(Clone, Copy)]
struct Place {
    at: At,
    anchor: Anchor,
    space: Space,
}

impl Place {
    /// Whether the name needs a line to its mark.
    fn is_far(&self, mark: At) -> bool {
        (self.at.1 - mark.1).abs() > LINE / 2 || (self.at.0 - mark.0).abs() > ASIDE
    }

    /// The line from the mark to the name.
    fn tie(&self, mark: At) -> (At, At) {
        let gap = if self.at.0 > mark.0 { -8 } else { 8 };
        (mark, (self.at.0 + gap, self.at.1))
    }
}

/// Writes names beside the right edge of a frame, each as near to its wanted height as the others allow, after a sample of its line that
/// `sample` draws between two positions.
pub(super) fn at_right_end(
    area: &Area<'_>,
    frame: &Frame,
    named: &[(i32, &str)],
    widest: i32,
    sample: impl Fn(At, At, usize) -> Drawn,
) -> Drawn {
    let wanted: Vec<_> = named.iter().map(|(height, _)| *height).collect();
    let heights = canvas::apart(&wanted, LINE, frame.top, frame.bottom - LINE / 2);
    for (place, ((_, name), y)) in named.iter().zip(heights).enumerate() {
        sample((frame.right + 14, y), (frame.right + 64, y), place)?;
        canvas::write(area, &canvas::fitted(name, widest), (frame.right + 74, y), Anchor::Left, INK)?;
    }
    Ok(())
}

/// Draws each mark and its name near it, connected to it where the name had to move. Names stay within the frame, or at most half a line
/// above it.
pub(super) fn names(area: &Area<'_>, named: &[(At, String)], frame: &Frame) -> Drawn {
    let &Frame { left, top, bottom, .. } = frame;
    let sheet = Space(left, top - LINE / 2, canvas::WIDTH, bottom);
    let mut taken: Vec<_> = named.iter().map(|(mark, _)| Space::around(*mark, MARK)).collect();
    // From the top down, so that connecting lines do not cross.
    let mut order: Vec<_> = (0..named.len()).collect();
    order.sort_by_key(|&n| (named[n].0.1, named[n].0.0, n));
    let mut places = Vec::with_capacity(named.len());
    for n in order {
        let (mark, name) = &named[n];
        let place = place(*mark, canvas::width_of(name), &taken, &sheet);
        if place.is_far(*mark) {
            let tie = place.tie(*mark);
            canvas::rule(area, tie.0, tie.1, GREY)?;
            taken.extend(along(tie));
        }
        taken.push(place.space);
        places.push((name, place));
    }
    for (n, (mark, _)) in named.iter().enumerate() {
        canvas::mark(area, *mark, n)?;
    }
    places.iter().try_for_each(|(name, place)| canvas::write(area, name, place.at, place.anchor, INK))
}

/// The nearest free position on the sheet; if none is free, to the right or to the left, whichever has more room.
fn place(mark: At, width: i32, taken: &[Space], sheet: &Space) -> Place {
    let is_free = |space: &Space| !taken.iter().any(|other| space.meets(other));
    let is_good = |place: &Place| {
        let is_tied = || !place.is_far(mark) || along(place.tie(mark)).iter().skip(BESIDE_MARK).all(is_free);
        place.space.lies_in(sheet) && is_free(&place.space) && is_tied()
    };
    let near = [0, -1, 1].map(|half_lines| (0, half_lines));
    let far = (0..=FARTHEST).flat_map(|lines| [-2 * lines, 2 * lines].map(|half_lines| (FAR_ASIDE, half_lines)));
    let mut places = near.into_iter().chain(far).flat_map(|(aside, half_lines)| {
        [true, false].map(|is_right| beside(mark, width, (aside, half_lines * LINE / 2), is_right))
    });
    let fallback = beside(mark, width, (0, 0), mark.0 < canvas::WIDTH / 2);
    places.find(is_good).unwrap_or(fallback)
}

/// The spaces along a line, from its first end on.
fn along((from, to): (At, At)) -> [Space; 9] {
    let part = |from: i32, to: i32, n: i32| from + (to - from) * n / 8;
    std::array::from_fn(|n| Space::around((part(from.0, to.0, n as i32), part(from.1, to.1, n as i32)), 4))
}

fn beside((x, y): At, width: i32, (aside, down): At, is_right: bool) -> Place {
    let (middle, half) = (y + down, LINE / 2 - 1);
    if is_right {
        let from = x + ASIDE + aside;
        let space = Space(from, middle - half, from + width, middle + half);
        Place { at: (from, middle), anchor: Anchor::Left, space }
    } else {
        let to = x - ASIDE - aside;
        let space = Space(to - width, middle - half, to, middle + half);
        Place { at: (to, middle), anchor: Anchor::Right, space }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_avoid_marks_each_other_and_the_rim() {
        let sheet = Space(0, 0, canvas::WIDTH, 800);
        let marks = [Space::around((100, 400), MARK), Space::around((250, 400), MARK)];
        let first = place((100, 400), 200, &marks, &sheet);
        assert!(!first.space.meets(&marks[1]) && first.space.lies_in(&sheet));
        let second = place((100, 400), 200, &[marks[0], marks[1], first.space], &sheet);
        assert!(!second.space.meets(&first.space));
        let at_the_rim = place((canvas::WIDTH - 10, 400), 200, &[], &sheet);
        assert!(matches!(at_the_rim.anchor, Anchor::Right));
    }
}
