//! Names beside marks that hide neither one another nor the marks.

use super::canvas::{self, Anchor, Area, At, Drawn, GREY, INK, LINE};

/// From a mark to its name.
const ASIDE: i32 = 28;
/// Half the side of a mark with its rim.
const MARK: i32 = 20;
/// How many lines up or down a name may move.
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

/// A place for a name: where it starts or ends, and which of the two.
#[derive(Clone, Copy)]
struct Place {
    at: At,
    anchor: Anchor,
    space: Space,
}

/// Writes each name near its mark, tied to it where it had to move, to the right of `left` and within `top` and `bottom`.
pub(super) fn names(area: &Area<'_>, named: &[(At, String)], (left, top, bottom): (i32, i32, i32)) -> Drawn {
    let sheet = Space(left, top, canvas::WIDTH, bottom);
    let marks: Vec<_> = named.iter().map(|(mark, _)| Space::around(*mark, MARK)).collect();
    let mut taken = marks;
    for (mark, name) in named {
        let place = place(*mark, canvas::width_of(name), &taken, &sheet);
        if (place.at.1 - mark.1).abs() > LINE / 3 {
            canvas::rule(area, *mark, place.at, GREY)?;
        }
        canvas::write(area, name, place.at, place.anchor, INK)?;
        taken.push(place.space);
    }
    Ok(())
}

/// The nearest free place on the sheet; where there is none, to the right or to the left, whichever has more room.
fn place(mark: At, width: i32, taken: &[Space], sheet: &Space) -> Place {
    let is_free = |place: &Place| place.space.lies_in(sheet) && !taken.iter().any(|other| place.space.meets(other));
    let steps = (0..=FARTHEST).flat_map(|lines| [-lines * LINE, lines * LINE]);
    let mut places = steps.flat_map(|down| [beside(mark, width, down, true), beside(mark, width, down, false)]);
    let fallback = beside(mark, width, 0, mark.0 < canvas::WIDTH / 2);
    places.find(is_free).unwrap_or(fallback)
}

fn beside((x, y): At, width: i32, down: i32, is_right: bool) -> Place {
    let (middle, half) = (y + down, LINE / 2 - 1);
    if is_right {
        let from = x + ASIDE;
        let space = Space(from, middle - half, from + width, middle + half);
        Place { at: (from, middle), anchor: Anchor::Left, space }
    } else {
        let to = x - ASIDE;
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
