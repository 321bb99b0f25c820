"""The style sheet of plain pages: readable at any width, light and dark."""

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#2563eb;--bad:#c62828}
@media(prefers-color-scheme:dark){:root{--accent:#7aa2ff;--bad:#ff8a80}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:0 1rem 4rem}
header nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:1rem 0;
border-bottom:1px solid var(--line)}
header nav a:first-child{font-weight:700}
h1{font-size:1.75rem;line-height:1.2;margin:1.5rem 0 1rem}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
a{color:var(--accent)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.4rem 1.5rem;margin:0}
dt{color:color-mix(in srgb,currentColor 65%,transparent)}
dd{margin:0;overflow-wrap:anywhere}
dd dl{grid-template-columns:max-content 1fr;gap:.1rem 1rem}
dd ul{margin:0;padding-left:1.1rem}
.wide{overflow-x:auto}
table{width:100%;border-collapse:collapse;margin:1rem 0}
th,td{text-align:left;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
form{display:flex;flex-wrap:wrap;align-items:end;gap:.75rem;padding:.75rem 0}
form>div{display:grid;gap:.2rem;flex:1 1 12rem;max-width:24rem}
label{font-size:.875rem}
input,select,textarea,button,.button{font:inherit;padding:.45rem .7rem;
border:1px solid var(--line);
border-radius:.4rem;background:var(--soft);color:inherit;min-width:0}
input[type=checkbox]{justify-self:start;width:1.2rem;height:1.2rem}
button,.button{background:var(--accent);border-color:var(--accent);color:Canvas;
cursor:pointer;
text-decoration:none;display:inline-block}
button.danger{background:none;border-color:var(--bad);color:var(--bad)}
[aria-invalid=true]{border-color:var(--bad)}
.row{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem;margin:1rem 0}
.row form{padding:0}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
form[aria-busy=true] button{opacity:.6}
form small{color:var(--bad)}
form small:empty{display:none}
form:has(>div:nth-of-type(3)){display:grid;gap:1rem;justify-items:start}
form:has(>div:nth-of-type(3))>div{width:100%}
pre{overflow:auto;padding:1rem;background:var(--soft);font-size:.8rem}
#starmodel-status:not(:empty){position:fixed;inset:auto 1rem 1rem;margin:0 auto;max-width:30rem;
padding:.6rem 1rem;
border:1px solid var(--line);border-radius:.4rem;background:Canvas;box-shadow:0 2px 12px #0003}
#starmodel-toasts{position:fixed;top:1rem;right:1rem;max-width:min(24rem,calc(100vw - 2rem));
display:grid;gap:.5rem}
#starmodel-toasts p{margin:0;padding:.6rem 1rem;border-radius:.4rem;background:Canvas;
border:1px solid var(--line);
border-left:4px solid var(--accent);box-shadow:0 2px 12px #0003}
#starmodel-toasts [data-toast=error]{border-left-color:var(--bad)}
"""
