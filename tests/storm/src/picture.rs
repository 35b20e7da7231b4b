//! The storms as a picture: attempts over time, a strip for each kind of backoff, both axes logarithmic, as an SVG that goes with a light or a dark page.

use std::fmt::Write;

use crate::kinds::Kind;
use crate::report::{all_back, grouped};
use crate::storm::{Scene, Storm};

const WIDTH: u32 = 860;
const LEFT: u32 = 64;
const PLOT: u32 = WIDTH - LEFT - 16;
const TOP: u32 = 46;
const STRIP: u32 = 64;
const PITCH: u32 = 100;

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#57606a}
.page{fill:#fff}.title{font-size:15px;font-weight:600}.title,.kind{fill:#1f2328}.kind{font-weight:600}
.grid{stroke:#d0d7de;fill:none}.away{fill:#cf222e;opacity:.09}.limit{stroke:#cf222e;stroke-dasharray:4 3;fill:none}.red{fill:#cf222e}
.storm{fill:#0969da;fill-opacity:.28;stroke:#0969da}.back{stroke:#1a7f37;stroke-width:2}.end{text-anchor:end}.mid{text-anchor:middle}.green{fill:#1a7f37}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.page{fill:#0d1117}.title,.kind{fill:#f0f6fc}.grid{stroke:#3d444d}.away{fill:#f85149;opacity:.14}
.limit{stroke:#f85149}.red{fill:#f85149}.storm{fill:#4493f8;stroke:#4493f8}.back{stroke:#3fb950}.green{fill:#3fb950}}
";

/// Pixels for a time in tenths of a second and for a number of attempts: the first is at 1, where the logarithm is 0.
struct Scale {
    tenths: f64,
    attempts: f64,
}

impl Scale {
    fn x(&self, tenths: f64) -> u32 {
        LEFT + (tenths.max(1.0).log10() / self.tenths * f64::from(PLOT)).round() as u32
    }

    /// Above the foot of its strip. A single attempt has to be seen: the scale begins below 1.
    fn height(&self, attempts: f64) -> u32 {
        let least = 0.5_f64;
        let part = (attempts.max(least) / least).log10() / (self.attempts / least).log10();
        (part * f64::from(STRIP)).round() as u32
    }
}

/// The outline of the highest attempts in each column of pixels.
fn outline(scale: &Scale, foot: u32, attempts: &[u32]) -> String {
    let mut highest = vec![0; (PLOT + 2) as usize];
    for (tenth, &count) in attempts.iter().enumerate().skip(1).filter(|(_, count)| **count > 0) {
        let (from, to) = (scale.x(tenth as f64), scale.x(tenth as f64 + 1.0));
        for column in from..to.max(from + 1) {
            if let Some(high) = highest.get_mut((column - LEFT) as usize) {
                *high = scale.height(count.into()).max(*high);
            }
        }
    }
    let mut path = format!("M{LEFT} {foot}");
    let mut before = 0;
    for (column, high) in highest.iter().copied().chain([0]).enumerate() {
        if high != before {
            let _ = write!(path, "H{}V{}", LEFT + column as u32, foot - high);
            before = high;
        }
    }
    path + "Z"
}

/// Marks of the time axis, in tenths of a second.
const TIMES: [(f64, &str); 11] = [
    (1.0, "0.1 s"),
    (10.0, "1 s"),
    (50.0, "5 s"),
    (100.0, "10 s"),
    (300.0, "30 s"),
    (600.0, "1 min"),
    (1_800.0, "3 min"),
    (6_000.0, "10 min"),
    (18_000.0, "30 min"),
    (36_000.0, "1 h"),
    (108_000.0, "3 h"),
];

/// The picture of one scene.
pub fn svg(scene: Scene, storms: &[(Kind, Storm)]) -> String {
    let longest = storms.iter().map(|(_, storm)| storm.attempts.len()).max().unwrap_or(1);
    let scale = Scale {
        tenths: (longest as f64 * 1.15).max(600.0).log10(),
        attempts: f64::from(scene.clients.max(10)),
    };
    let height = TOP + PITCH * storms.len() as u32 + 34;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>Attempts to connect after the loss of {} links at once, for each kind of backoff</title>\n<style>\n{STYLE}</style>\n<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
        grouped(scene.clients.into())
    );
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"16\" y=\"26\">{} clients lose their links at once; the broker is away for {} s</text>\n<text x=\"16\" y=\"45\">attempts in a tenth of a second, over the time since then</text>\n<text class=\"red end\" x=\"{}\" y=\"45\">- - what the broker lets in: {} a second</text>",
        grouped(scene.clients.into()),
        grouped(scene.outage / 1_000),
        WIDTH - 16,
        grouped(scene.accept.into()),
    );
    for (at, (kind, storm)) in storms.iter().enumerate() {
        strip(&mut svg, &scale, scene, TOP + PITCH * (at as u32 + 1), kind, storm);
    }
    for (tenths, name) in TIMES.iter().filter(|(tenths, _)| tenths.log10() <= scale.tenths) {
        let _ = writeln!(
            svg,
            "<text class=\"mid\" x=\"{}\" y=\"{}\">{name}</text>",
            scale.x(*tenths),
            height - 14
        );
    }
    svg + "</svg>\n"
}

fn strip(svg: &mut String, scale: &Scale, scene: Scene, foot: u32, kind: &Kind, storm: &Storm) {
    let (right, top) = (LEFT + PLOT, foot - STRIP);
    let _ = writeln!(
        svg,
        "<text class=\"kind\" x=\"{LEFT}\" y=\"{}\">{}</text>\n<text class=\"green end\" x=\"{right}\" y=\"{}\">all are back after {}</text>",
        top - 7,
        kind.name.replace('"', "&quot;"),
        top - 7,
        all_back(storm)
    );
    let _ = writeln!(
        svg,
        "<rect class=\"away\" x=\"{LEFT}\" y=\"{top}\" width=\"{}\" height=\"{STRIP}\"/>",
        scale.x(scene.outage as f64 / 100.0) - LEFT
    );
    let mut grid = format!("M{LEFT} {foot}H{right}");
    for (tenths, _) in TIMES.iter().filter(|(tenths, _)| tenths.log10() <= scale.tenths) {
        let _ = write!(grid, "M{} {foot}v4", scale.x(*tenths));
    }
    for power in [1, 1_000, 1_000_000]
        .into_iter()
        .filter(|power| *power <= scene.clients)
    {
        let y = foot - scale.height(power.into());
        let _ = write!(grid, "M{} {y}h-4", LEFT);
        let _ = writeln!(
            svg,
            "<text class=\"end\" x=\"{}\" y=\"{}\">{}</text>",
            LEFT - 8,
            y + 4,
            grouped(power.into())
        );
    }
    let limit = foot - scale.height(f64::from(scene.accept) / 10.0);
    let _ = writeln!(
        svg,
        "<path class=\"grid\" d=\"{grid}\"/>\n<path class=\"storm\" d=\"{}\"/>\n<path class=\"limit\" d=\"M{LEFT} {limit}H{right}\"/>",
        outline(scale, foot, &storm.attempts)
    );
    if let Some(at) = storm.all_back {
        let x = scale.x(at as f64 / 100.0);
        let _ = writeln!(svg, "<path class=\"back\" d=\"M{x} {foot}V{top}\"/>");
    }
}
