"""A chart of how many times as fast attune fine-tunes and predicts, as SVG: a line for each goal of speed; no library.

A line's bar ends at the median of the per-round ratios, the thin line is their range, the tick the "must". Colours follow the reader's
light or dark setting.
"""
from html import escape

import table

WIDTH, LABELS, RIGHT, ROW, HEAD = 900, 400, 60, 24, 30
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; } .small { font-size: 11px; fill: #59636e; }
  .bar { fill: #2f6fdb; } .range { stroke: #1f2328; stroke-width: 1.5; } .must { stroke: #c4432b; stroke-width: 2; }
  .grid { stroke: #d1d9e0; } .one { stroke: #59636e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .small { fill: #9aa4ae; } .bar { fill: #5a93f0; } .range { stroke: #e6edf3; }
    .must { stroke: #ff8a70; } .grid { stroke: #30363d; } .one { stroke: #9aa4ae; }
  }
"""


def groups_of(results):
    """[(title, [(label, median, low, high, must)])] of the goals that were measured. (Tokenizers are so far ahead that
    they would press all others together: they stand in the tables only.)"""
    groups = []
    for result in results:
        if result["kind"] not in ("train", "predict"):
            continue
        rows = {row["engine"]: row for row in result["rows"]}
        lines = []
        for bar in result["bars"]:
            got = table.reached(bar, rows) if bar["measure"] == "speed" else None
            if got:
                lines.append((bar["what"], got[0], got[1]["min"], got[1]["max"], bar["must"]))
        if lines:
            groups.append((result["title"], lines))
    return groups


def grid_step(highest):
    return next(step for step in (0.5, 1, 2, 5, 10, 20, 50) if highest / step <= 12 or step == 50)


def svg(results):
    groups = groups_of(results)
    highest = max((max(high, must) for _, lines in groups for *_, high, must in lines), default=2) * 1.03
    scale = (WIDTH - LABELS - RIGHT) / highest
    height = HEAD + sum(ROW * (len(lines) + 1) + 6 for _, lines in groups) + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
           f'aria-label="How many times as fast attune is">', f"<style>{STYLE}</style>",
           f'<text class="small" x="{LABELS}" y="14">times as fast as the peer; thin line: range over the rounds; tick: must</text>']
    step = grid_step(highest)
    for k in range(int(highest / step) + 1):
        x = LABELS + k * step * scale
        out.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{HEAD - 8}" y2="{height - 24}"/>'
                   f'<text class="small" text-anchor="middle" x="{x:.1f}" y="{height - 8}">{k * step:g}</text>')
    out.append(f'<line class="one" x1="{LABELS + scale:.1f}" x2="{LABELS + scale:.1f}" y1="{HEAD - 8}" y2="{height - 24}"/>')
    y = HEAD
    for title, lines in groups:
        out.append(f'<text class="title" x="8" y="{y + 15}">{escape(title)}</text>')
        y += ROW
        for label, median, low, high, must in lines:
            out.append(line(label, median, low, high, must, y, scale))
            y += ROW
        y += 6
    return "\n".join(out) + "\n</svg>\n"


def line(label, median, low, high, must, y, scale):
    """One line: a bar with its label, range, must and figure."""
    x, middle = (lambda value: LABELS + value * scale), y + ROW / 2 - 2
    short = label if len(label) <= 58 else label[:57] + "…"
    return (f'<text x="{LABELS - 8}" y="{y + 15}" text-anchor="end" style="font-size:12px"><title>{escape(label)}</title>{escape(short)}</text>'
            f'<rect class="bar" x="{LABELS}" y="{y + 3}" width="{median * scale:.1f}" height="{ROW - 10}" rx="2"/>'
            f'<line class="range" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{middle}" y2="{middle}"/>'
            f'<line class="must" x1="{x(must):.1f}" x2="{x(must):.1f}" y1="{y}" y2="{y + ROW - 4}"/>'
            f'<text x="{max(x(high), x(must), x(median)) + 6:.1f}" y="{y + 15}">{median:.2f}</text>')
