/** Colours of a drawing, for light and dark. Beside colour, words and strokes say the same. */

const light = `
  --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --zone: #f6f8fa; --zone-line: #d1d9e0;
  --secure: #1a7f37; --secure-fill: #f0fbf2; --insecure: #59636e; --insecure-fill: #ffffff;
  --bogus: #cf222e; --bogus-fill: #fff0ee; --indeterminate: #9a6700; --indeterminate-fill: #fff8e1;
  --idle: #8b949e; --idle-fill: #ffffff; --alias: #0969da;`;
const dark = `
  --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --zone: #151b23; --zone-line: #3d444d;
  --secure: #3fb950; --secure-fill: #0f2416; --insecure: #9198a1; --insecure-fill: #0d1117;
  --bogus: #f85149; --bogus-fill: #2f1316; --indeterminate: #d29922; --indeterminate-fill: #2a2008;
  --idle: #656c76; --idle-fill: #0d1117; --alias: #4493f8;`;

/** For an SVG that stands alone, and for the page that shows one. */
export const pictureStyle = `
.rootwalk-picture {${light}
  font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
@media (prefers-color-scheme: dark) { .rootwalk-picture {${dark} } }
.rootwalk-picture .paper { fill: var(--paper); }
.rootwalk-picture text { fill: var(--ink); font-size: 12px; white-space: pre; }
.rootwalk-picture .name { font-size: 18px; font-weight: bold; }
.rootwalk-picture .title { font-size: 13px; font-weight: bold; }
.rootwalk-picture .soft { fill: var(--soft); }
.rootwalk-picture .halo { paint-order: stroke; stroke: var(--zone); stroke-width: 5px; stroke-linejoin: round; }
.rootwalk-picture .zone rect { fill: var(--zone); stroke: var(--zone-line); }
.rootwalk-picture .zone.bogus rect, .rootwalk-picture .zone.indeterminate rect, .rootwalk-picture .zone.insecure rect { stroke-dasharray: 6 4; }
.rootwalk-picture .zone.bogus rect { stroke: var(--bogus); }
.rootwalk-picture .zone.indeterminate rect { stroke: var(--indeterminate); }
.rootwalk-picture .node rect { stroke-width: 1.5; }
.rootwalk-picture .edge { fill: none; stroke-width: 1.5; }
.rootwalk-picture .head { stroke: none; }
.rootwalk-picture .secure > .box { stroke: var(--secure); fill: var(--secure-fill); }
.rootwalk-picture .insecure > .box { stroke: var(--insecure); fill: var(--insecure-fill); stroke-dasharray: 6 4; }
.rootwalk-picture .bogus > .box { stroke: var(--bogus); fill: var(--bogus-fill); stroke-width: 3; }
.rootwalk-picture .indeterminate > .box { stroke: var(--indeterminate); fill: var(--indeterminate-fill); stroke-width: 3; }
.rootwalk-picture .idle > .box { stroke: var(--idle); fill: var(--idle-fill); }
.rootwalk-picture .idle text { fill: var(--soft); font-weight: normal; }
.rootwalk-picture .secure > .edge { stroke: var(--secure); } .rootwalk-picture .secure > .head { fill: var(--secure); }
.rootwalk-picture .insecure > .edge { stroke: var(--insecure); } .rootwalk-picture .insecure > .head { fill: var(--insecure); }
.rootwalk-picture .bogus > .edge { stroke: var(--bogus); stroke-width: 3; } .rootwalk-picture .bogus > .head { fill: var(--bogus); }
.rootwalk-picture .indeterminate > .edge { stroke: var(--indeterminate); stroke-width: 3; } .rootwalk-picture .indeterminate > .head { fill: var(--indeterminate); }
.rootwalk-picture .idle > .edge { stroke: var(--idle); } .rootwalk-picture .idle > .head { fill: var(--idle); }
.rootwalk-picture .bogus > .cross { stroke: var(--bogus); stroke-width: 3; } .rootwalk-picture .indeterminate > .cross { stroke: var(--indeterminate); stroke-width: 3; }
.rootwalk-picture .names > .edge { stroke-width: 3; }
.rootwalk-picture .denies > .edge { stroke-dasharray: 2 4; stroke-width: 2; }
.rootwalk-picture .leads > .edge { stroke: var(--alias); stroke-dasharray: 9 4; stroke-width: 2; } .rootwalk-picture .leads > .head { fill: var(--alias); }
.rootwalk-picture .badge.secure { fill: var(--secure); } .rootwalk-picture .badge.insecure { fill: var(--insecure); }
.rootwalk-picture .badge.bogus { fill: var(--bogus); } .rootwalk-picture .badge.indeterminate { fill: var(--indeterminate); }
.rootwalk-picture .on-badge { fill: var(--paper); font-weight: bold; }
`;
