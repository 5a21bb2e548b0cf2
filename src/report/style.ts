// The style sheet of every page.

/** Colours that are told apart on light and dark ground, and by people who see few colours (blue and orange of Okabe and Ito's set). */
export const css = `
:root { --ground: #ffffff; --panel: #f6f7f9; --text: #1b1f24; --faint: #5b6470; --line: #d5dae0; --first: #0072b2; --second: #d55e00;
  --good: #1a7f4b; --warning: #9a6700; --bad: #c2272d; --trained: #cfe8d5; --special: #e3dcf3; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --panel: #1d2127; --text: #e4e7eb; --faint: #9aa4b0; --line: #353b44;
  --first: #56b4e9; --second: #f0a35e; --good: #5cc98f; --warning: #e0b341; --bad: #ff7b72; --trained: #1f4a30; --special: #3a3153; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1200px; padding: 24px; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 22px; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 15px; margin: 0 0 8px; }
header p, footer { color: var(--faint); margin: 4px 0 20px; overflow-wrap: anywhere; } footer { margin-top: 24px; font-size: 13px; }
main { columns: 2 440px; column-gap: 16px; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 16px; margin: 0 0 16px; break-inside: avoid; }
section.wide { column-span: all; margin-top: 16px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; } dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 3px 12px 3px 0; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--faint); font-weight: 500; white-space: nowrap; } .right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: inline-block; height: 10px; background: var(--first); border-radius: 2px; vertical-align: middle; min-width: 1px; } td.track { width: 35%; } td { min-width: 6.5em; } td.right { min-width: 0; } td.detail { color: var(--faint); text-align: right; overflow-wrap: break-word; }
.note { color: var(--faint); margin: 8px 0 0; font-size: 14px; overflow-wrap: anywhere; } .good { color: var(--good); } .warning { color: var(--warning); } .bad { color: var(--bad); }
.summary { color: var(--faint); font-size: 14px; margin: 0 0 8px; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--faint); font: 11px system-ui, sans-serif; }
svg .column { fill: var(--first); } svg .column.second { fill: none; stroke: var(--second); stroke-width: 2; } svg .axis { stroke: var(--line); }
svg .mark { stroke: var(--bad); stroke-dasharray: 4 3; } svg text.mark { fill: var(--bad); stroke: none; }
svg .line { fill: none; stroke: var(--first); stroke-width: 2; } svg .band { fill: var(--first); opacity: 0.16; } svg .limit { stroke: var(--second); stroke-width: 1.5; } svg text.limit { fill: var(--second); stroke: none; }
svg .point { fill: var(--first); fill-opacity: 0.75; } svg .point.best { fill: var(--second); fill-opacity: 1; } svg .join { fill: none; stroke: var(--first); stroke-opacity: 0.45; stroke-width: 1.5; } svg .join.best { stroke: var(--second); stroke-opacity: 1; stroke-width: 2; }
svg .here { stroke: var(--faint); stroke-dasharray: 2 3; }
.legend { color: var(--faint); font-size: 13px; margin: 4px 0 0; } .swatch { display: inline-block; width: 10px; height: 10px; margin: 0 4px 0 12px; background: var(--first); }
.swatch.second { background: none; border: 2px solid var(--second); }
.row-text { white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.7 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; padding: 8px 0; }
.t { border-radius: 2px; } .row-text .t:hover { outline: 2px solid var(--first); } .t.trained { background: var(--trained); border-bottom: 2px solid var(--good); }
.t.special { color: var(--faint); } .t.special:not(.trained) { background: var(--special); } .t.cut { opacity: 0.5; text-decoration: line-through; } .t i { color: var(--faint); font-style: normal; }
.fact { margin-right: 14px; } .cutline { display: block; margin: 6px 0; border-top: 2px dashed var(--bad); color: var(--bad); font: 13px system-ui, sans-serif; }
details { margin-top: 8px; font-size: 14px; } summary { color: var(--faint); cursor: pointer; }
`;
