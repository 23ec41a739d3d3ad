"""How the page looks: light, dark and in print; no script, nothing from elsewhere."""

STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #1c1c1e; --soft: #55555c; --line: #d0d0d6;
  --card: #f6f6f8; --link: #0b57a4; --bad: #a31621; --good: #0a6640; }
@media (prefers-color-scheme: dark) { :root { --ground: #17181b; --text: #ececef; --soft: #b4b4bd; --line: #43444b;
  --card: #212227; --link: #8fc1ff; --bad: #ff9c9c; --good: #7ad7a8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin: 0 0 .5rem; } h2 { font-size: 1.35rem; margin: 0 0 .5rem; }
h3 { font-size: 1.08rem; margin: 1.6rem 0 .4rem; } h4 { font-size: 1rem; margin: 1rem 0 .3rem; }
p { max-width: 48rem; margin: .4rem 0; } a { color: var(--link); }
.soft, figcaption, caption { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
section.map { border-top: 2px solid var(--line); margin-top: 2.5rem; padding-top: 1.2rem; }
.wide { overflow-x: auto; margin: .6rem 0; } .wide:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; font-size: .94rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: right; vertical-align: top;
  overflow-wrap: normal; }
td:not(.text) { white-space: nowrap; }
th:first-child, td.text, #failed ~ .wide th { text-align: left; } thead th { font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 11rem; }
ul.notes { background: var(--card); border-left: 4px solid var(--line); margin: .6rem 0;
  padding: .6rem 1rem .6rem 2rem; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; break-inside: avoid; } figcaption { font-size: .84rem; line-height: 1.35; margin-top: .25rem; }
figure img { display: block; background: #ffffff; border: 1px solid var(--line); max-width: 100%; height: auto; }
.call { width: 10rem; } .call img { width: 10rem; height: 10rem; } .chart { width: 20rem; } .pile { width: 22rem; }
.pile img { width: 22rem; }
svg { display: block; width: 100%; height: auto; } svg text { fill: currentColor; font-size: 11px; }
.bar { stroke: currentColor; stroke-width: .6; } .axis { stroke: currentColor; fill: none; }
.line { stroke: var(--link); stroke-width: 2; fill: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .4rem 0; }
dt { color: var(--soft); } dd { margin: 0; } code { font: .88em/1.5 ui-monospace, "Liberation Mono", monospace; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; background: var(--ground); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 40rem) { dl { display: block; } body { padding: .8rem; } }
@page { margin: 14mm; }
@media print { :root { color-scheme: light; --ground: #ffffff; --text: #000000; --soft: #444444; --line: #bbbbbb;
  --card: #ffffff; --link: #000000; --bad: #8a0010; --good: #005a34; }
  body { max-width: none; padding: 0; font-size: 10pt; } section.map { break-before: page; border: 0; margin: 0; }
  figcaption { font-size: 6.5pt; } h3, h4 { break-after: avoid; } tr { break-inside: avoid; }
  .wide { overflow: visible; }  table { font-size: 7.5pt; } th, td { padding-right: 1.6mm; }
  tbody th { min-width: 24mm; } .skip { display: none; }
  .call, .call img { width: 27mm; height: auto; } .chart { width: 55mm; } .pile, .pile img { width: 58mm; }
  img, svg, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
