"""Names and notes that would be markup or a script if anybody put them into a page unescaped."""

from __future__ import annotations

RUNS = "window.__xss=1;alert(1)"
PAYLOADS = [
    f"<script>{RUNS}</script>",
    f"<img src=x onerror={RUNS}>",
    f'"><img src=x onerror="{RUNS}">',
    f"'><img src=x onerror='{RUNS}'>",
    f"<svg onload={RUNS}>",
    f"<svg><script>{RUNS}</script></svg>",
    f"<body onload={RUNS}>",
    f"<iframe srcdoc='<script>parent.{RUNS}</script>'>",
    f"<iframe src='javascript:{RUNS}'>",
    f"<details open ontoggle={RUNS}>",
    f"<video><source onerror={RUNS}></video>",
    f"<input autofocus onfocus={RUNS}>",
    f"<a href='javascript:{RUNS}'>press</a>",
    f"<math><mi xlink:href='javascript:{RUNS}'>x</mi></math>",
    f"<style>@import 'javascript:{RUNS}'</style>",
    f"<object data='javascript:{RUNS}'></object>",
    f"<embed src='javascript:{RUNS}'>",
    f"</td></tr></table><img src=x onerror={RUNS}>",
    f"</option></select><img src=x onerror={RUNS}>",
    f"</style></div><img src=x onerror={RUNS}>",
    f"--><img src=x onerror={RUNS}>",
    f"]]><img src=x onerror={RUNS}>",
    f"\\u003cimg src=x onerror={RUNS}\\u003e",
    f"&lt;img src=x onerror={RUNS}&gt;",
    f"&#60;img src=x onerror={RUNS}&#62;",
    f"{{{{constructor.constructor('{RUNS}')()}}}}",
    f"${{{RUNS}}}",
    f"`;{RUNS};`",
    f"<form action='javascript:{RUNS}'><button>b</button></form>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUNS}'>",
]
# What none of our own pages makes, so that one of these came from a name.
MADE = (
    "script[src='x'], iframe, object, embed, form, math, details[ontoggle], video, source, "
    "img[src='x'], [onerror], [onload], [ontoggle], [onfocus], [srcdoc], [action], [autofocus], "
    "[href^='javascript:'], [data^='javascript:'], meta[http-equiv=refresh]"
)
