//! The sheet that figures are drawn on: sizes, colours, lines, marks and text, built on `plotters` and its SVG backend.
//!
//! Units are half pixels of a figure 720 pixels wide, since the backend takes integers only. Text cannot be measured without the reader's
//! fonts, so its width is estimated generously.

use super::FigureError;
use crate::report::words;
use crate::text::is_hidden;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, RGBColor, ShapeStyle, TextStyle};

/// The drawing area.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// The error of the drawing library.
pub(super) type Failure = DrawingAreaErrorKind<std::io::Error>;
/// A position on the sheet: right and down.
pub(super) type At = (i32, i32);
/// The result of drawing.
pub(super) type Drawn = Result<(), Failure>;

/// The width of every figure.
pub(super) const WIDTH: i32 = 1440;
/// The height of letters in labels.
pub(super) const LETTER: i32 = 34;
/// Separates a name from its number, where SVG would collapse plain spaces into one.
pub(super) const APART: &str = " \u{a0}";
/// The most letters of a label, however much room there is.
const LONGEST_TEXT: usize = 200;
/// The height of a line of labels.
pub(super) const LINE: i32 = 42;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
/// Secondary content: axis numbers, arrivals.
pub(super) const GREY: RGBColor = RGBColor(95, 95, 95);
/// Grid lines, and the share of recipients not reached.
pub(super) const PALE: RGBColor = RGBColor(221, 221, 221);
/// The background.
pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);

/// Text on colour, which stays the same on dark screens.
const LIGHT: RGBColor = RGBColor(254, 254, 254);
const DARK: RGBColor = RGBColor(17, 17, 17);

/// The colours that replace the ones above in dark mode.
const ON_DARK: &str = "<style>@media (prefers-color-scheme: dark) {\
    svg [fill=\"#FFFFFF\"] { fill: #15181b } \
    svg [fill=\"#222222\"] { fill: #e8eaec } svg [stroke=\"#222222\"] { stroke: #e8eaec } \
    svg [fill=\"#5F5F5F\"] { fill: #a3abb3 } svg [stroke=\"#5F5F5F\"] { stroke: #a3abb3 } \
    svg [fill=\"#DDDDDD\"] { fill: #454c53 } svg [stroke=\"#DDDDDD\"] { stroke: #353b41 } \
    svg [stroke=\"#AAAAAA\"] { stroke: #6d757c } }</style>\n";

/// The palette of Okabe and Ito, which colour-blind people can tell apart; the colours strongest on white come first.
const OKABE_ITO: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(34, 34, 34),
];

/// The lengths of dash and gap; the first is a solid line.
const DASHES: [(i32, i32); 5] = [(1, 0), (22, 9), (9, 9), (40, 12), (3, 9)];

/// The colour of the `n`-th item.
pub(super) fn colour(n: usize) -> RGBColor {
    OKABE_ITO[n % OKABE_ITO.len()]
}

/// A text colour that is readable on `ground`.
pub(super) fn ink_on(ground: RGBColor) -> RGBColor {
    // Relative luminance as in WCAG 2, with a gamma of 2; at 0.18 black and white text are equally readable.
    let RGBColor(red, green, blue) = ground;
    let part = |weight: u64, of: u8| weight * u64::from(of) * u64::from(of);
    let luminance = part(2_126, red) + part(7_152, green) + part(722, blue);
    if luminance < 1_800 * 255 * 255 { LIGHT } else { DARK }
}

/// A sheet of `height`, drawn by `paint`, as an `svg` element that scales to its container.
pub(super) fn sheet(
    figure: &'static str,
    height: i32,
    caption: &str,
    paint: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String, FigureError> {
    let mut svg = String::new();
    let size = (WIDTH as u32, height.max(1) as u32);
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let painted = area.fill(&PAPER).and_then(|()| paint(&area)).and_then(|()| area.present());
        painted.map_err(|error| FigureError { figure, reason: error.to_string() })?;
    }
    Ok(responsive(&svg, size, caption))
}

/// Gives the `svg` element its size in pixels, lets it shrink to its container, and adds the caption for screen readers.
fn responsive(svg: &str, (width, height): (u32, u32), caption: &str) -> String {
    let body = svg.split_once(">\n").map_or(svg, |(_, body)| body);
    let label = caption.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let label: String = label.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{label}\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" style=\"max-width:100%;height:auto\">\n{ON_DARK}{body}",
        width / 2,
        height / 2,
    )
}

/// The horizontal alignment of a text at its position.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Left,
    Centre,
    Right,
}

/// Writes `text`, vertically centred at `at`.
pub(super) fn write(area: &Area<'_>, text: &str, at: At, anchor: Anchor, colour: RGBColor) -> Drawn {
    lettering(area, text, at, anchor, colour, FontStyle::Normal)
}

/// As [`write`], in bold.
pub(super) fn write_bold(area: &Area<'_>, text: &str, at: At, anchor: Anchor, colour: RGBColor) -> Drawn {
    lettering(area, text, at, anchor, colour, FontStyle::Bold)
}

fn lettering(area: &Area<'_>, text: &str, at: At, anchor: Anchor, colour: RGBColor, style: FontStyle) -> Drawn {
    let across = match anchor {
        Anchor::Left => HPos::Left,
        Anchor::Centre => HPos::Center,
        Anchor::Right => HPos::Right,
    };
    // The backend divides sizes by 1.24.
    let font = ("sans-serif", f64::from(LETTER) * 1.24, style);
    let style = TextStyle::from(font).pos(Pos::new(across, VPos::Center)).color(&colour);
    area.draw_text(&words::shortened(text, LONGEST_TEXT), &style, at)
}

/// The estimated width of `text`, on the generous side.
pub(super) fn width_of(text: &str) -> i32 {
    let thousandths: i32 = text.chars().map(width_of_letter).sum();
    thousandths * LETTER / 1000 + 1
}

/// The width of a letter, in thousandths of the letter height.
fn width_of_letter(letter: char) -> i32 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '\u{a0}' => 320,
        'f' | 't' | 'r' | '(' | ')' | '-' => 410,
        'm' | 'w' | 'M' | 'W' | '%' | '…' | '@' => 970,
        'A'..='Z' | '±' | '−' | '+' => 740,
        _ if letter.is_ascii() => 625,
        _ if (letter as u32) < 0x0530 => 700,
        _ => 1100,
    }
}

/// `text` shortened in the middle to at most `width`, since the names of plans differ at their ends.
pub(super) fn fitted(text: &str, width: i32) -> String {
    let clean = words::shortened(text, LONGEST_TEXT);
    let letters: Vec<char> = clean.chars().collect();
    let cut = |kept: usize| {
        let (head, tail) = (kept - kept / 2, kept / 2);
        let middle = if kept < letters.len() { "…" } else { "" };
        letters[..head].iter().collect::<String>() + middle + &String::from_iter(&letters[letters.len() - tail..])
    };
    let cuts = (1..=letters.len()).rev().map(cut);
    cuts.into_iter().find(|cut| width_of(cut) <= width).unwrap_or_default()
}

/// A thin solid line.
pub(super) fn rule(area: &Area<'_>, from: At, to: At, colour: RGBColor) -> Drawn {
    area.draw(&PathElement::new(vec![from, to], colour.stroke_width(2)))
}

/// A vertical bar with a cap at either end: an interval.
pub(super) fn bar_up(area: &Area<'_>, x: i32, (from, to): (i32, i32)) -> Drawn {
    rule(area, (x, from), (x, to), INK)?;
    rule(area, (x - 8, from), (x + 8, from), INK)?;
    rule(area, (x - 8, to), (x + 8, to), INK)
}

/// A thin line of short dashes.
pub(super) fn dotted(area: &Area<'_>, from: At, to: At, colour: RGBColor) -> Drawn {
    area.draw(&DashedPathElement::new([from, to], 10, 8, colour.stroke_width(3)))
}

/// A line through `points` in the colour and dashes of the `n`-th item.
pub(super) fn line(area: &Area<'_>, points: &[At], n: usize) -> Drawn {
    stroke(area, points, colour(n).stroke_width(5), DASHES[n % DASHES.len()])
}

/// A solid line through `points` in the colour of the `n`-th item.
pub(super) fn solid(area: &Area<'_>, points: &[At], n: usize) -> Drawn {
    stroke(area, points, colour(n).stroke_width(6), DASHES[0])
}

/// A line through `points` with these lengths of dash and gap; solid without a gap.
pub(super) fn stroke(area: &Area<'_>, points: &[At], style: ShapeStyle, (dash, gap): (i32, i32)) -> Drawn {
    if gap == 0 || points.len() < 2 {
        area.draw(&PathElement::new(points.to_vec(), style))
    } else {
        area.draw(&DashedPathElement::new(points.iter().copied(), dash, gap, style))
    }
}

/// A filled rectangle with an `opacity` from 0 to 1.
pub(super) fn block(area: &Area<'_>, from: At, to: At, colour: RGBColor, opacity: f64) -> Drawn {
    area.draw(&Rectangle::new([from, to], colour.mix(opacity).filled()))
}

/// The mark of the `n`-th item: square, triangle, diamond or inverted triangle, each in its colour with a rim in the background colour.
pub(super) fn mark(area: &Area<'_>, (x, y): At, n: usize) -> Drawn {
    let shape = |r: i32| match n % 4 {
        0 => vec![(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
        1 => vec![(x, y - r - 3), (x + r + 2, y + r), (x - r - 2, y + r)],
        2 => vec![(x, y - r - 4), (x + r + 4, y), (x, y + r + 4), (x - r - 4, y)],
        _ => vec![(x, y + r + 3), (x + r + 2, y - r), (x - r - 2, y - r)],
    };
    area.draw(&Polygon::new(shape(15), PAPER.filled()))?;
    area.draw(&Polygon::new(shape(11), colour(n).filled()))
}

/// The positions nearest to `wanted`, in the same order, with neighbours at least `gap` apart and all within the ends. Where there is not
/// enough room for that, the gap is reduced evenly.
pub(super) fn apart(wanted: &[i32], gap: i32, low: i32, high: i32) -> Vec<i32> {
    let mut order: Vec<_> = (0..wanted.len()).collect();
    order.sort_by_key(|&place| (wanted[place], place));
    let gap = gap.min((high - low) / (wanted.len().max(2) as i32 - 1));
    let mut places = vec![0; wanted.len()];
    let mut least = low;
    for &place in &order {
        places[place] = wanted[place].clamp(low, high).max(least);
        least = places[place] + gap;
    }
    let mut most = high;
    for &place in order.iter().rev() {
        places[place] = places[place].min(most);
        most = places[place] - gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_distance_their_order_and_the_sheet() {
        assert_eq!(apart(&[10, 11, 50], 10, 0, 100), [10, 20, 50]);
        assert_eq!(apart(&[99, 98, 5], 10, 0, 100), [100, 90, 5]);
        assert_eq!(apart(&[5, 5, 5], 100, 0, 100), [0, 50, 100]);
        assert_eq!(apart(&[], 10, 0, 100), [0; 0]);
    }

    #[test]
    fn long_words_are_cut_to_their_place() {
        let cut = fitted("a plan with a name that nobody would choose", 300);
        assert!(width_of(&cut) <= 300 && cut.contains('…') && cut.ends_with('e'), "{cut}");
        assert_eq!(fitted("short", 300), "short");
        assert_eq!(fitted("short", 0), "");
    }
}
