#include "attune/report/html_parts.h"

namespace attune::report {

const char* const kPageStyle = R"css(
:root{color-scheme:light dark;--bg:#fff;--ink:#1b2027;--soft:#5c6773;--line:#e2e6eb;--faint:#f4f6f8;--main:#2563c9;
--second:#c2570c;--good:#15703a;--bad:#b42318;--warn:#8a5a00}
@media (prefers-color-scheme:dark){:root{--bg:#14171c;--ink:#e5e8ec;--soft:#9aa4b0;--line:#2b313a;--faint:#1c2027;
--main:#76a7ff;--second:#f39c55;--good:#63c98a;--bad:#ff8a80;--warn:#e5b95c}}
*{box-sizing:border-box}
body{margin:0 auto;padding:28px 24px 64px;max-width:1120px;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC",sans-serif}
h1{font-size:1.05rem;font-weight:600;margin:0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:0 0 2px}
h3{font-size:.95rem;margin:18px 0 4px}
section{margin-top:40px}
p{margin:6px 0;max-width:75ch}
.aside,.note,caption{color:var(--soft);font-size:.88rem}
caption{text-align:left;padding-bottom:4px}
nav{margin:14px 0 0;font-size:.88rem;display:flex;flex-wrap:wrap;gap:2px 16px}
a{color:var(--main);text-underline-offset:3px}
.headline{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 18px;margin:18px 0 0}
.headline .big{font-size:3.1rem;line-height:1.1;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.headline .what{font-size:1.05rem}
.verdict{border-left:4px solid var(--line);padding:6px 12px;background:var(--faint);margin-top:12px}
.verdict.yes{border-color:var(--good)}.verdict.no{border-color:var(--bad)}.verdict.maybe{border-color:var(--warn)}
.scroll{overflow-x:auto;margin-top:8px}
.tall{max-height:600px;overflow-y:auto}
.tall thead th{position:sticky;top:0;background:var(--bg)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:4px 14px 4px 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:baseline;white-space:nowrap}
th{font-weight:600;color:var(--soft);font-size:.85rem}
th.l,td.l,tbody th{text-align:left}
tbody th{font-weight:400;color:var(--ink);font-size:inherit}
td.wrap,tbody th.wrap{white-space:normal;overflow-wrap:anywhere;min-width:12ch}
td.soft{color:var(--soft);font-size:.86rem}
tr.sum td,tr.sum th{border-bottom:0;color:var(--soft)}
tr.first td,tr.first th{border-top:2px solid var(--line)}
tr.tuned th,tr.tuned td{font-weight:600}
th button{all:unset;cursor:pointer;color:inherit;font:inherit}
th button:hover,th button:focus-visible{color:var(--main);text-decoration:underline}
th button:focus-visible{outline:2px solid var(--main);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" ▲";font-size:.7em}
th[aria-sort=descending] button::after{content:" ▼";font-size:.7em}
.bar{display:inline-block;vertical-align:middle;background:var(--faint);border-radius:2px}
.bar rect,.fill-main{fill:var(--main)}.bar .other{fill:var(--soft)}
.bar line{stroke:var(--ink)}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:20px 28px;margin-top:8px}
svg text{font-family:inherit;fill:var(--soft)}
svg .ink{fill:var(--ink)}
svg .axis{stroke:var(--line)}
svg .curve{fill:none;stroke:var(--main);stroke-width:2}
svg .raw{fill:none;stroke:var(--main);stroke-width:1;opacity:.28}
svg .second{fill:none;stroke:var(--second);stroke-width:2}
svg .dot{fill:var(--second)}svg .point{fill:var(--main);fill-opacity:.35}
svg .ideal{stroke:var(--soft);stroke-dasharray:4 4;fill:none}
svg .hit{fill:var(--main)}svg .miss{fill:var(--second)}
svg .cell:hover{stroke:var(--ink);stroke-width:1.5}
figure{margin:0}figcaption{color:var(--soft);font-size:.88rem}
details{margin-top:10px}summary{cursor:pointer;color:var(--main)}
pre{overflow-x:auto;background:var(--faint);padding:12px;font-size:.84rem;line-height:1.45}
footer{margin-top:48px;color:var(--soft);font-size:.85rem;border-top:1px solid var(--line);padding-top:10px}
@media (max-width:640px){body{padding:18px 14px 48px}.grid{grid-template-columns:1fr}}
@media print{body{max-width:none;padding:0;font-size:10.5pt}nav{display:none}section{margin-top:22px}
figure,tr,.verdict{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}
.scroll,.tall{overflow:visible;max-height:none}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";

const char* const kPageScript = R"js(
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const key = (row, i) => row.cells[i].dataset.v === undefined ? row.cells[i].textContent : +row.cells[i].dataset.v;
  heads.forEach((head, i) => head.querySelector('button')?.addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down > 0 ? 'ascending' : 'descending');
    const rows = [...body.rows].sort((a, b) => {
      const x = key(a, i), y = key(b, i);
      return down * (typeof x === 'number' ? x - y : x.localeCompare(y));
    });
    body.append(...rows);
  }));
}
)js";

}  // namespace attune::report
