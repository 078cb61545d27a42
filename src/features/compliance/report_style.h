#pragma once

#include <string_view>

namespace gatehouse::features::compliance {

// The style of a report. Colours have a contrast of 4.5 and more on their ground, in light and in dark.
inline constexpr std::string_view kReportStyle = R"css(
:root{--ground:#fff;--text:#1c2530;--dim:#55616e;--line:#d8dee5;--panel:#f5f7f9;--accent:#1f5fa8;
--ok:#1b6e3c;--part:#1f5fa8;--quiet:#4d5b63;--gap:#a3281e;--people:#5c5470;--bar:#4f83bd}
@media (prefers-color-scheme:dark){:root{--ground:#12171d;--text:#e3e9ef;--dim:#9aa7b4;--line:#303a45;--panel:#1a2129;
--accent:#86b7ee;--ok:#6fcf97;--part:#86b7ee;--quiet:#a9b5be;--gap:#ff9a8d;--people:#c3b8e0;--bar:#5d92cc}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1.25rem 4rem;background:var(--ground);color:var(--text);
font:15px/1.5 system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif}
h1{font-size:1.75rem;line-height:1.2;margin:.2rem 0 1rem}h2{font-size:1.3rem;margin:2.2rem 0 .8rem;padding-bottom:.3rem;
border-bottom:2px solid var(--line)}h3{font-size:1.05rem;margin:0 0 .4rem}h4{font-size:.92rem;margin:1rem 0 .3rem}
p{margin:.4rem 0}a{color:var(--accent)}.kind{color:var(--dim);text-transform:uppercase;letter-spacing:.06em;font-size:.8rem;margin:0}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}.facts dt{color:var(--dim)}
.facts dd{margin:0;overflow-wrap:anywhere}.note{color:var(--dim);font-size:.9rem}.warn{color:var(--gap)}
nav{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;padding:.6rem 0;border-block:1px solid var(--line);margin-top:1rem}
article{border:1px solid var(--line);border-radius:6px;padding:.9rem 1rem;margin:.8rem 0;background:var(--panel);break-inside:avoid}
#evidence article{break-inside:auto}
.badge{display:inline-block;border:1px solid currentColor;border-radius:3px;padding:0 .45em;font-size:.75rem;font-weight:600;
vertical-align:.1em;margin-right:.5em}.evidenced{color:var(--ok)}.partly{color:var(--part)}.quiet{color:var(--quiet)}.gaps{color:var(--gap)}.people{color:var(--people)}
.whole{width:100%;height:18px;border-radius:3px;display:block}.fill-evidenced{fill:var(--ok)}.fill-partly{fill:var(--part)}
.fill-quiet{fill:var(--quiet)}.fill-gaps{fill:var(--gap)}.fill-people{fill:var(--people)}
.legend{list-style:none;padding:0;display:grid;gap:.25rem}.legend strong{margin-right:.4em}
ul.gaps{padding-left:1.1rem;margin:.5rem 0}ul.gaps li{margin:.2rem 0}.for{color:var(--dim);font-weight:400;font-size:.85rem}.for a{white-space:nowrap}
.evidence{padding-left:1.1rem;margin:.5rem 0}.applies{color:var(--dim);font-size:.83rem;overflow-wrap:anywhere}
.later{color:var(--dim);font-size:.8rem;white-space:nowrap}.remains{border-left:3px solid var(--people);padding-left:.7rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.87rem}
th,td{text-align:left;padding:.28rem .7rem .28rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}td:last-child{overflow-wrap:anywhere}
th{color:var(--dim);font-weight:600}td:first-child{white-space:nowrap}
.figures{display:flex;flex-wrap:wrap;gap:.6rem 2rem;margin:.7rem 0}.figures div{display:flex;flex-direction:column}
.figures strong{font-size:1.25rem;line-height:1.2}.figures span{color:var(--dim);font-size:.83rem}
figure{margin:.8rem 0}figcaption{font-size:.87rem;color:var(--dim);margin-bottom:.2rem}svg{max-width:100%;display:block}
svg text{fill:var(--dim);font-size:11px}.grid{stroke:var(--line)}.bar{fill:var(--bar)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--ground);border:1px solid var(--line);border-radius:4px;
padding:.6rem;font:12px/1.45 ui-monospace,"DejaVu Sans Mono",monospace}
@media print{:root{--ground:#fff;--text:#000;--dim:#444;--line:#bbb;--panel:#fff;--accent:#000;--ok:#1b6e3c;--part:#1f5fa8;--quiet:#4d5b63;
--gap:#a3281e;--people:#5c5470;--bar:#4f83bd}body{max-width:none;padding:0;font-size:10.5pt}nav{display:none}
*{print-color-adjust:exact}h2{break-after:avoid}tr,figure{break-inside:avoid}}
)css";

}  // namespace gatehouse::features::compliance
