"""Scripts that the measurements of the app run in its pages. They look from outside: the product is not asked."""

LONG_TASKS = """() => {
  globalThis.tasks = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  }).observe({ type: "longtask" });
}"""

# Scrolls to an end by `step` px a frame. Gives every jump (px beyond the scrolling), the messages' numbers seen, how many
# messages were held at most, and the frames.
SCROLL = r"""async (step) => {
  const view = document.querySelector("[role=log]");
  const frame = () => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  const articles = view.getElementsByTagName("article");
  const jumps = [], seen = new Set(), read = new WeakSet();
  let still = 0, most = 0, frames = 0;
  // The first below the upper edge, found by halving: what is measured must not be the measuring.
  const topmost = () => {
    const edge = view.getBoundingClientRect().top + 20;
    let low = 0, high = articles.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (articles[middle].getBoundingClientRect().bottom > edge) high = middle; else low = middle + 1;
    }
    return articles[low];
  };
  while (still < 60) {
    const anchor = topmost();
    const before = anchor.getBoundingClientRect().top;
    view.scrollBy(0, step);
    await frame();
    frames++;
    for (const one of articles) {
      if (read.has(one)) continue;
      read.add(one);
      seen.add(Number(/: (\d+)\. /.exec(one.ariaLabel)?.[1] ?? 0));
    }
    most = Math.max(most, articles.length);
    if (!anchor.isConnected) { jumps.push(Infinity); continue; }
    const moved = before - anchor.getBoundingClientRect().top;
    const [low, high] = step < 0 ? [step - 2, 2] : [-2, step + 2];
    if (moved < low || moved > high) jumps.push(moved);
    still = Math.abs(moved) < 1 ? still + 1 : 0;
  }
  return { jumps, seen: [...seen].filter(Boolean), most, frames };
}"""

# In the receiving phone before anything is sent: notes when each line stands, after it was drawn.
WATCH = """() => {
  globalThis.stood = {};
  const waiting = new Map();
  globalThis.until = (name) => new Promise((tell) => (stood[name] ? tell() : waiting.set(name, tell)));
  const look = () => {
    for (const one of document.querySelectorAll("[role=log] article")) {
      const found = /Runde \\d+/.exec(one.textContent);
      if (found && !(found[0] in stood)) {
        stood[found[0]] = 0;
        requestAnimationFrame(() => setTimeout(() => {
          stood[found[0]] = performance.timeOrigin + performance.now();
          waiting.get(found[0])?.();
        }));
      }
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""

TAPPED = """() => {
  globalThis.taps = [];
  addEventListener("click", (event) => {
    if (event.target.closest("button")?.ariaLabel === "Senden" || event.target.closest("button")?.title === "Senden")
      taps.push(performance.timeOrigin + event.timeStamp);
  }, true);
}"""

# Put in before the app starts: when its list stands, in ms since navigation began, told by `whenOpened`.
OPENED = """() => {
  globalThis.whenOpened = new Promise((tell) => {
  const observer = new MutationObserver(() => {
    if (!document.querySelector("a[href^='/c/']")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => tell(performance.now())));
  });
  observer.observe(document, { childList: true, subtree: true });
  });
}"""
